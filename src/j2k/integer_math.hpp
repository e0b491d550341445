// SPDX-License-Identifier: BSD-3-Clause
// Divisions by powers of two as the standard's ceil and floor brackets mean them, and rectangles on the reference grid.
#pragma once

#include <bit>
#include <cstdint>

namespace blosc2_grok::j2k {

constexpr int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }
constexpr int64_t floor_shift(int64_t value, int bits) { return value >> bits; }
constexpr int64_t ceil_shift(int64_t value, int bits) { return (value + (int64_t{1} << bits) - 1) >> bits; }
constexpr int floor_log2(uint32_t value) { return 31 - std::countl_zero(value); }

// Half-open on both axes; coordinates are those of the grid it lives on (reference, resolution or subband).
struct Rect {
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  constexpr int64_t width() const { return x1 > x0 ? x1 - x0 : 0; }
  constexpr int64_t height() const { return y1 > y0 ? y1 - y0 : 0; }
  constexpr bool empty() const { return x1 <= x0 || y1 <= y0; }
  bool operator==(const Rect&) const = default;
};

constexpr Rect ceil_shift(const Rect& r, int bits) {
  return {ceil_shift(r.x0, bits), ceil_shift(r.y0, bits), ceil_shift(r.x1, bits), ceil_shift(r.y1, bits)};
}

}  // namespace blosc2_grok::j2k
