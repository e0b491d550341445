// SPDX-License-Identifier: BSD-3-Clause
/// Block coders: quantizer indices of one code-block to and from codeword segments.
#pragma once

#include "geometry.hpp"

namespace blosc2_grok::reference {

/// Quantizer indices of a code-block in raster order, as sign and magnitude.
struct BlockSamples {
  BlockSamples(int64_t w, int64_t h) : width(w), height(h), magnitude(w * h), negative(w * h), lowest_plane(w * h) {}

  int64_t width;
  int64_t height;
  std::vector<uint64_t> magnitude;
  std::vector<uint8_t> negative;
  std::vector<int> lowest_plane;  ///< decoder: the last bit-plane that was read; what lies below is unknown
};

/// Magnitudes of a code-block, zero outside of it.
class Grid {
 public:
  Grid(int64_t width, int64_t height) : width_(width), height_(height), values_(width * height) {}
  int64_t width() const { return width_; }
  int64_t height() const { return height_; }
  bool inside(int64_t x, int64_t y) const { return x >= 0 && x < width_ && y >= 0 && y < height_; }
  uint64_t get(int64_t x, int64_t y) const { return inside(x, y) ? values_[y * width_ + x] : 0; }
  int significant(int64_t x, int64_t y) const { return get(x, y) != 0; }
  void set(int64_t x, int64_t y, uint64_t value) { values_.at(y * width_ + x) = value; }

 private:
  int64_t width_;
  int64_t height_;
  std::vector<uint64_t> values_;
};

struct Position {
  int64_t x = 0;
  int64_t y = 0;
};

/// Columns x0 <= x < x1 of the stripe of four rows from y0, column after column (ISO/IEC 15444-1 D.1).
std::vector<Position> stripe_positions(const Grid& grid, int64_t x0, int64_t x1, int64_t y0);

/// `plane` is the bit-plane of the cleanup pass, the lowest that it codes. No segments: the block is zero.
std::vector<Segment> encode_ht_block(const BlockSamples& samples, int plane, int passes, bool vertically_causal);
BlockSamples decode_ht_block(const CodeBlock& block, int plane, bool vertically_causal);

/// Part 1 (ISO/IEC 15444-1 Annexes C and D). `planes` is the number of bit-planes that are coded.
BlockSamples decode_mq_block(const CodeBlock& block, int planes, int style, Orientation orientation);

}  // namespace blosc2_grok::reference
