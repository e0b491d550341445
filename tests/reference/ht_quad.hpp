// SPDX-License-Identifier: BSD-3-Clause
/// Quads of the HT cleanup pass: 2 x 2 samples, numbered down the columns (ISO/IEC 15444-15 clause 7.2).
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "block.hpp"

namespace blosc2_grok::reference {

/// A sample's place in its quad.
inline Position quad_sample(int64_t qx, int64_t qy, int n) { return {2 * qx + n / 2, 2 * qy + n % 2}; }

/// E: the smallest e with 2 mu - 1 < 2^e; 0 for mu = 0.
inline int exponent(uint64_t mu) { return mu == 0 ? 0 : std::bit_width(2 * mu - 1); }

/// c_q (7.3): the significance of samples beside and above the quad that are coded before it.
inline int quad_context(const Grid& mu, int64_t qx, int64_t qy) {
  const int64_t x = 2 * qx, y = 2 * qy;
  if (qy == 0) {
    const int far = mu.significant(x - 2, y) | mu.significant(x - 2, y + 1);
    return far + 2 * mu.significant(x - 1, y) + 4 * mu.significant(x - 1, y + 1);
  }
  const int north_west = mu.significant(x - 1, y - 1) | mu.significant(x, y - 1);
  const int west = mu.significant(x - 1, y) | mu.significant(x - 1, y + 1);
  const int north_east = mu.significant(x + 1, y - 1) | mu.significant(x + 2, y - 1);
  return north_west + 2 * west + 4 * north_east;
}

/// kappa_q (7.3): the exponent bound predicted from the row above, for a quad with significance `rho`.
inline int predicted_bound(const Grid& mu, int64_t qx, int64_t qy, int rho) {
  if (qy == 0 || std::popcount(static_cast<unsigned>(rho)) <= 1) return 1;
  int largest = 0;
  for (int64_t x = 2 * qx - 1; x <= 2 * qx + 2; ++x) largest = std::max(largest, exponent(mu.get(x, 2 * qy - 1)));
  return std::max(1, largest - 1);
}

}  // namespace blosc2_grok::reference
