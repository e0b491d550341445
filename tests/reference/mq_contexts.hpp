// SPDX-License-Identifier: BSD-3-Clause
/// Contexts of Part 1 block coding from a sample's neighbours (ISO/IEC 15444-1 D.3).
#pragma once

#include <algorithm>

#include "block.hpp"

namespace blosc2_grok::reference {

/// Sums over the neighbours of a sample.
struct Neighbours {
  int horizontal = 0;  ///< how many of them are significant
  int vertical = 0;
  int diagonal = 0;
  int sign_horizontal = 0;  ///< the signs of the significant ones, added up
  int sign_vertical = 0;
  bool none() const { return horizontal + vertical + diagonal == 0; }
};

/// Table D.1.
inline int zero_coding_context(const Neighbours& n, Orientation orientation) {
  int h = n.horizontal, v = n.vertical;
  if (orientation == Orientation::HL) std::swap(h, v);
  if (orientation == Orientation::HH) {
    if (n.diagonal >= 3) return 8;
    if (n.diagonal == 2) return h + v >= 1 ? 7 : 6;
    if (n.diagonal == 1) return 3 + std::min(h + v, 2);
    return std::min(h + v, 2);
  }
  if (h == 2) return 8;
  if (h == 1) return v >= 1 ? 7 : n.diagonal >= 1 ? 6 : 5;
  if (v > 0) return v == 2 ? 4 : 3;
  return std::min(n.diagonal, 2);
}

/// Tables D.2 and D.3: the context, and the bit that the decoded one is exclusive-ored with.
inline std::pair<int, int> sign_context(const Neighbours& n) {
  int h = std::clamp(n.sign_horizontal, -1, 1);
  int v = std::clamp(n.sign_vertical, -1, 1);
  const bool flip = h < 0 || (h == 0 && v < 0);
  if (flip) h = -h, v = -v;
  return {h == 1 ? 12 + v : 9 + v, flip};
}

/// Table D.4.
inline int refinement_context(const Neighbours& n, bool first) {
  if (!first) return 16;
  return n.none() ? 14 : 15;
}

}  // namespace blosc2_grok::reference
