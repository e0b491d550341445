// SPDX-License-Identifier: BSD-3-Clause
// Kernels between a block's samples and an engine's 32-bit rows. No allocation, no checks: the caller states the sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "geometry.hpp"
#include "sample_type.hpp"

namespace blosc2_grok {

// Where one component's samples lie: strides count samples, `first` is the block's first byte plus the component's
// offset.
struct PlaneView {
  SampleType sample;
  uint32_t rows = 0;
  uint32_t columns = 0;
  size_t row_stride = 0;
  size_t column_stride = 1;
};

// dst[r * columns + c] = the sample at row r, column c.
void gather(int32_t* dst, const uint8_t* first, const PlaneView& view);

// The reverse; values are clipped to the range of the sample type.
void scatter(uint8_t* first, const int32_t* src, const PlaneView& view);

// Rows [row, view.rows) and columns [column, view.columns) outside the top left rectangle become zero.
void clear_outside(uint8_t* first, const PlaneView& view, uint32_t rows, uint32_t columns);

// The part of an image that is left when trailing all-zero planes, rows and columns are dropped; at least 1 of each.
struct ValidExtent {
  uint32_t planes = 1;
  uint32_t rows = 1;
  uint32_t columns = 1;
  bool operator==(const ValidExtent&) const = default;
};
ValidExtent find_valid_extent(const uint8_t* block, const SampleType& sample, const Geometry& geometry);

// Sum of absolute differences between horizontal neighbours, a cheap measure of how well an interpretation fits.
uint64_t horizontal_differences(const uint8_t* block, const SampleType& sample, const Geometry& geometry);

// Least and greatest sample of one component.
struct SampleRange {
  int32_t least = 0;
  int32_t greatest = 0;
};
SampleRange find_range(const uint8_t* first, const PlaneView& view);

// Differences between two components of the same shape, summed over their samples.
struct DifferenceSum {
  int32_t greatest = 0;
  double squares = 0;
};
DifferenceSum find_difference(const uint8_t* a, const uint8_t* b, const PlaneView& view);

// Blosc2's byte shuffle of elements of `typesize` bytes; bytes beyond the last whole element are copied.
void shuffle(uint8_t* dst, const uint8_t* src, size_t bytes, size_t typesize);
void unshuffle(uint8_t* dst, const uint8_t* src, size_t bytes, size_t typesize);

}  // namespace blosc2_grok
