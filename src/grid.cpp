// SPDX-License-Identifier: BSD-3-Clause
// Loops without branches, for the compiler to vectorize.
#include "grid.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace blosc2_grok {
namespace {

constexpr size_t kStrip = 1024;  // short enough for a sum of squares of 2^40 in 64 bits

// Adds one strip to the sums.
void take_strip(int32_t* values, size_t count, int32_t bound, const IntegerRange& range, GridSums& sums) {
  const int32_t step = 2 * bound + 1;
  // Truncation is floor once everything is positive: a whole number of steps is added first. The half keeps the product
  // away from integers by more than its rounding error.
  const int32_t lift = 65536 / step + 2;
  const double first = static_cast<double>(bound) + static_cast<double>(lift) * step + 0.5;
  const double inverse = 1.0 / step;
  int32_t least = std::numeric_limits<int32_t>::max(), greatest = std::numeric_limits<int32_t>::min(), worst = 0;
  int64_t squares = 0;
  for (size_t i = 0; i < count; ++i) {
    const int32_t value = values[i];
    const int32_t index = static_cast<int32_t>((value + first) * inverse) - lift;
    const int32_t decoded = std::min(std::max(index * step, range.least), range.greatest);
    const int32_t error = std::abs(value - decoded);
    values[i] = index;
    least = std::min(least, index);
    greatest = std::max(greatest, index);
    worst = std::max(worst, error);
    squares += int64_t{error} * error;
  }
  sums.least_index = std::min(sums.least_index, least);
  sums.greatest_index = std::max(sums.greatest_index, greatest);
  sums.max_error = std::max(sums.max_error, worst);
  sums.squares += static_cast<double>(squares);
}

}  // namespace

GridSums values_to_grid(int32_t* values, size_t count, int32_t bound, const IntegerRange& range) {
  GridSums sums{std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min(), 0, 0};
  for (size_t at = 0; at < count; at += kStrip) {
    take_strip(values + at, std::min(kStrip, count - at), bound, range, sums);
  }
  return sums;
}

void grid_to_values(int32_t* values, size_t count, int64_t offset, int64_t step) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  // Beyond these an index is outside every integer type, and products would overflow.
  const int64_t bound = step > 0 ? kMost / step + 1 : 0;
  for (size_t i = 0; i < count; ++i) {
    const int64_t index = std::clamp(values[i] + std::clamp(offset, -kMost, kMost), -bound, bound);
    values[i] = static_cast<int32_t>(std::clamp(index * step, -kMost - 1, kMost));
  }
}

}  // namespace blosc2_grok
