// SPDX-License-Identifier: BSD-3-Clause
// Part 1 code-blocks between subband stripes and packets: codeword segments to chunks, and chunks of all layers back.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Codes all bit-planes of a block into one layer; adds it to the tile if it is to be kept. Returns its length.
std::size_t encode_part1_block(const BlockPlace& place, bool keep, WorkerMemory& worker, Workspace::Impl& work);

// Decodes a block, as far as the layers that were read go.
void decode_part1_block(const BlockPlace& place, int style, int fraction_bits, WorkerMemory& worker,
                        Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
