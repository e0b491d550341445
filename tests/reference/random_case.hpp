// SPDX-License-Identifier: BSD-3-Clause
/// Random images and options for tests: the same for the same seed, on every machine.
#pragma once

#include <string>

#include "reference.hpp"

namespace blosc2_grok::reference {

/// A 64-bit linear congruential generator (Knuth's MMIX constants).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2654435769u + 12345) {}
  /// 0 to below - 1.
  int64_t below(int64_t below);
  bool one_in(int64_t n) { return below(n) == 0; }

 private:
  uint64_t state_;
};

struct Case {
  Image image;
  Options options;
};

/// What random cases may contain; witnesses cannot do all of it.
struct CaseLimits {
  int64_t smallest_side = 1;
  int64_t largest_side = 120;
  bool lossy = true;
  bool tiles = true;
  bool offsets = true;
  bool layers = true;
  bool one_or_three_components = false;  ///< else 1 to 4
  bool is_signed = true;
  bool derived_steps = true;
  int least_bits = 1;
  int most_bits = 16;
  int most_passes = 1;
  int most_skipped_planes = 0;
  int most_placeholder_sets = 0;
};

Case random_case(uint64_t seed, const CaseLimits& limits);

/// One line for failure messages.
std::string describe(const Case& c);

/// Largest absolute difference of two images of the same shape; a huge number where shapes differ.
int64_t largest_difference(const Image& a, const Image& b);

}  // namespace blosc2_grok::reference
