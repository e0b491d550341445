// SPDX-License-Identifier: BSD-3-Clause
// Part 1 code-blocks between subband stripes and packets: codeword segments to chunks, and chunks of all layers back.
#pragma once

#include "truncation.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Codes all bit-planes of a block into one layer; adds it to the tile if it is to be kept. Returns its length.
template <class T>
std::size_t encode_part1_block(const BlockPlaceOf<T>& place, bool keep, WorkerMemory& worker, Workspace::Impl& work);

// Codes a block until a bit-plane gains less than `stop_slope` in the image for each byte; its weight is given. The bytes
// stay in the workspace.
void code_part1_block(const BlockPlace& place, double stop_slope, CodedBlock& coded, WorkerMemory& worker,
                      Workspace::Impl& work);

// A code-block's bytes and what each of its passes needs of them.
struct CodedPasses {
  const uint8_t* bytes;
  const EbcotPass* pass;
};
// Adds passes `first` to `end` - 1 to a layer: one chunk a codeword segment.
void add_passes(const CodedPasses& coded, int first, int end, int layer, int style, CodeBlock& block, Tile& tile);

// Decodes a block, as far as the layers that were read go.
template <class T>
void decode_part1_block(const BlockPlaceOf<T>& place, int style, int fraction_bits, WorkerMemory& worker,
                        Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
