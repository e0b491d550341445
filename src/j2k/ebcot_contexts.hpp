// SPDX-License-Identifier: BSD-3-Clause
// Context labels of 64 samples at once (ISO/IEC 15444-1 Tables D.1 to D.3), bit-sliced: bit k of all labels is a word.
#pragma once

#include <cstdint>

#include "ebcot_grid.hpp"

namespace blosc2_grok::j2k {

struct Labels {
  uint64_t bit[4];
};

// Table D.1, the columns for LL and LH, where a and b are the neighbours left and right, c and d those above and below;
// HL is the same with the axes exchanged.
inline Labels zero_labels_by_axis(uint64_t a, uint64_t b, uint64_t c, uint64_t d, const Neighbours& n) {
  const uint64_t main_two = a & b, main_one = a ^ b, main_none = ~(a | b);
  const uint64_t cross_two = c & d, cross_one = c ^ d, cross_any = c | d;
  const uint64_t ups = n.up_left | n.up_right, downs = n.down_left | n.down_right;
  const uint64_t diagonal_any = ups | downs;
  const uint64_t diagonal_two = (n.up_left & n.up_right) | (n.down_left & n.down_right) | (ups & downs);
  const uint64_t quiet = main_none & ~cross_any;
  const uint64_t label7 = main_one & cross_any;
  const uint64_t label56 = main_one & ~cross_any;
  const uint64_t label3 = main_none & cross_one;
  return {{label7 | label3 | (label56 & ~diagonal_any) | (quiet & diagonal_any & ~diagonal_two),
           label7 | label3 | (label56 & diagonal_any) | (quiet & diagonal_two), (main_none & cross_two) | main_one,
           main_two}};
}

// Table D.1, the column for HH.
inline Labels zero_labels_diagonal(const Neighbours& n) {
  const uint64_t horizontal = n.left | n.right, vertical = n.up | n.down;
  const uint64_t any = horizontal | vertical;
  const uint64_t two = (n.left & n.right) | (n.up & n.down) | (horizontal & vertical);
  const uint64_t one = any & ~two;
  const uint64_t ups = n.up_left | n.up_right, downs = n.down_left | n.down_right;
  const uint64_t both_ups = n.up_left & n.up_right, both_downs = n.down_left & n.down_right;
  const uint64_t three = (both_ups & downs) | (both_downs & ups);
  const uint64_t at_least_two = both_ups | both_downs | (ups & downs);
  const uint64_t exactly_two = at_least_two & ~three;
  const uint64_t exactly_one = (ups | downs) & ~at_least_two;
  const uint64_t none = ~(ups | downs);
  const uint64_t label3 = exactly_one & ~any;
  return {{(exactly_two & any) | (exactly_one & two) | label3 | (none & one), exactly_two | label3 | (none & two),
           exactly_two | (exactly_one & any), three}};
}

inline Labels zero_labels(EbcotBand band, const Neighbours& n) {
  if (band == EbcotBand::kHh) return zero_labels_diagonal(n);
  if (band == EbcotBand::kHl) return zero_labels_by_axis(n.up, n.down, n.left, n.right, n);
  return zero_labels_by_axis(n.left, n.right, n.up, n.down, n);
}

// The neighbours' signs, for those that are significant.
struct NeighbourSigns {
  uint64_t left, right, up, down;
};

struct SignLabels {
  Labels labels;
  uint64_t flip;  // XORbit: the decision is the sign exclusive-or this
};

// Tables D.2 and D.3; the labels are 9 to 13.
inline SignLabels sign_labels(const Neighbours& n, const NeighbourSigns& s) {
  const uint64_t h_plus = (n.left & ~s.left) | (n.right & ~s.right), h_minus = (n.left & s.left) | (n.right & s.right);
  const uint64_t v_plus = (n.up & ~s.up) | (n.down & ~s.down), v_minus = (n.up & s.up) | (n.down & s.down);
  const uint64_t h_positive = h_plus & ~h_minus, h_negative = h_minus & ~h_plus;
  const uint64_t v_positive = v_plus & ~v_minus, v_negative = v_minus & ~v_plus;
  const uint64_t h_any = h_positive | h_negative, v_any = v_positive | v_negative;
  const uint64_t same = (h_positive & v_positive) | (h_negative & v_negative);
  const uint64_t opposite = (h_positive & v_negative) | (h_negative & v_positive);
  return {{{~(h_any | v_any) | same | opposite, (v_any & ~h_any) | opposite, h_any & ~opposite, ~uint64_t{0}}},
          h_negative | (v_negative & ~h_any)};
}

}  // namespace blosc2_grok::j2k
