// SPDX-License-Identifier: BSD-3-Clause
// The grid of max_error for 8- and 16-bit integers: the same rule as in mapping.cpp, on rows of 32-bit values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blosc2_grok {

struct IntegerRange {
  int32_t least = 0;
  int32_t greatest = 0;
};

struct GridSums {
  int32_t least_index = 0;
  int32_t greatest_index = 0;
  int32_t max_error = 0;
  double squares = 0;
};

// Replaces each value by the index of the nearest multiple of 2 * bound + 1; the sums are of what decoding, which clips
// to `range`, will miss. `bound` is at most 2^20, values have 16 bits.
GridSums values_to_grid(int32_t* values, size_t count, int32_t bound, const IntegerRange& range);

// values[i] = (values[i] + offset) * step, saturated to 32 bits.
void grid_to_values(int32_t* values, size_t count, int64_t offset, int64_t step);

}  // namespace blosc2_grok
