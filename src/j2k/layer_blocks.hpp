// SPDX-License-Identifier: BSD-3-Clause
// The code-blocks of all tiles, coded as deep as the last quality layer will want them.
#pragma once

#include "truncation.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Where a code-block is, and when it is coded.
struct BlockAddress {
  uint32_t tile = 0, band = 0, x = 0, y = 0;
  uint32_t number = 0, group = 0;  // among the code-blocks of the same subband of a component, in all tiles
  int round = 0;
};

// What the last layer shall come to; both 0: everything there is.
struct CodingGoal {
  double bytes = 0.0;    // of the code-blocks
  double squares = 0.0;  // of the error, summed over the image
};

// What a call with layers keeps from tile to tile.
struct LayerMemory {
  std::vector<Tile> tiles;
  std::vector<std::size_t> first_kept;   // of each tile, in Workspace::Impl::kept
  std::vector<std::size_t> first_block;  // of each tile, in `blocks`: in the order of its code-blocks
  std::vector<CodedBlock> blocks;       // of all tiles, in order
  std::vector<BlockAddress> addresses;
  std::vector<uint32_t> group_sizes;
  std::vector<uint32_t> queue;  // of the round in work: indices of `blocks`
  double stop_slope = 0.0;      // of the round in work
  double coded_to = 0.0;        // the largest one of all
  Selection selection;
  std::vector<std::vector<CodeBlock>> codeblocks;  // of each tile, before the layer in work
  std::vector<std::vector<TagNode>> tag_nodes;
  Bytes scratch;
  Workspace decoder;  // of the inverse transform, where an error is to be known
  std::vector<std::byte> decoded;
};

// A code-block's coefficients as the block coder takes them.
struct BlockSamples {
  int32_t* data = nullptr;
  std::size_t stride = 0;
};
// Of kept ones; quantizer indices lie in `memory` until the next call with it.
BlockSamples kept_samples(const BlockAddress& at, Buffer<int32_t>& memory, Workspace::Impl& work);

// Transforms the image and keeps its coefficients; lists the code-blocks.
void keep_tiles(const ConstImageView& image, Workspace::Impl& work);

// Codes a few code-blocks first, so that the others need not be coded deeper than the goal wants.
void code_blocks(const CodingGoal& goal, Workspace::Impl& work);

// Codes those that were stopped anew, down to a lower slope. Returns whether there were any.
bool code_deeper(double stop_slope, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
