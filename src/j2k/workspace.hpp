// SPDX-License-Identifier: BSD-3-Clause
// What a Workspace holds: every array of the coder, kept from call to call.
#pragma once

#include <vector>

#include "codec.hpp"
#include "ebcot_block.hpp"
#include "ebcot_scratch.hpp"
#include "ht_scratch.hpp"
#include "markers.hpp"
#include "memory.hpp"
#include "row_kernels.hpp"
#include "tile.hpp"
#include "wavelet.hpp"

namespace blosc2_grok::j2k {

// Which implementation of the kernels runs; tests compare the two.
struct KernelSet {
  const RowKernels* rows = &simd_row_kernels();
  HtEncodeBlock encode_block = simd_encode_block;
  HtDecodeBlocks decode_blocks = simd_decode_blocks;
  EbcotEncodeBlock ebcot_encode = simd_ebcot_encode;
  EbcotDecodeBlock ebcot_decode = simd_ebcot_decode;
};

inline KernelSet plain_kernel_set() {
  return {&plain_row_kernels(), plain_encode_block, plain_decode_blocks, plain_ebcot_encode, plain_ebcot_decode};
}

// The part of a subband that is between the wavelet and the block coder: one row of code-blocks.
struct BandStripe {
  const Subband* band = nullptr;
  int32_t* data = nullptr;
  std::size_t stride = 0;
  void* line = nullptr;                        // irreversible: one row before quantization, or after its undoing
  float step = 1.0f;                           // what rows are multiplied with
  double dropped_depth = 0;                    // encoder, reversible: see planes_to_drop
  uint32_t grid_row = 0;                       // synthesis: the next to be decoded
  int64_t next_y = 0, first_y = 0, end_y = 0;  // rows of the stripe in subband coordinates

  void start(const Subband& subband, Arena& arena, bool with_line);
  void start_stripe(uint32_t row);
  int32_t* row(int64_t y) const { return data + std::size_t(y - first_y) * stride; }
  // Where a code-block of the stripe begins.
  int32_t* at(const Rect& block) const { return row(block.y0) + (block.x0 - band->rect.x0); }
};

// Of log2 of a step: below any band's gain.
inline constexpr double kNothingDropped = -64;

// Coefficients of a subband, kept for several tries of a step.
struct KeptBand {
  float* data = nullptr;
  std::size_t stride = 0;
};

struct Workspace::Impl {
  KernelSet kernels;
  MainHeader header;
  TileCoding tile_coding;
  Tile tile;
  Arena rows;   // wavelet rings and stripes of the components in work
  Arena coded;  // code-blocks' bytes of the tile in work
  Arena coefficients{std::size_t{1} << 22};
  std::vector<KeptBand> kept;              // of all tiles, in order
  double dropped_depth = kNothingDropped;  // for a band of unit synthesis gain
  EncodeReport report;
  std::vector<uint8_t> output;
  std::vector<uint8_t> bodies;  // decoder: a tile's tile-parts joined
  std::vector<TilePart> parts;
  HtScratch ht[kDecodeTogether];
  Buffer<uint8_t> block_bytes[kDecodeTogether];
  std::unique_ptr<EbcotScratch> ebcot;  // from the first Part 1 code-block on
  EbcotEncoded ebcot_encoded;
  std::vector<EbcotSegment> segments;  // of the Part 1 code-block in work
  std::vector<BandStripe> stripes[3];
  Analysis<int32_t> analysis_int[3];
  Analysis<float> analysis_float[3];
  Synthesis<int32_t> synthesis_int[3];
  Synthesis<float> synthesis_float[3];
};

}  // namespace blosc2_grok::j2k
