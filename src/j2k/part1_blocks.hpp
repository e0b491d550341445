// SPDX-License-Identifier: BSD-3-Clause
// Part 1 code-blocks between subband stripes and packets: codeword segments to chunks, and chunks of all layers back.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Codes block x of the stripe, all its bit-planes, into one layer; adds it to the tile if it is to be kept. Returns its
// length.
std::size_t encode_part1_block(const BandStripe& stripe, uint32_t x, bool keep, Workspace::Impl& work);

// Decodes block x of the stripe, as far as the layers that were read go.
void decode_part1_block(const BandStripe& stripe, uint32_t x, int style, int fraction_bits, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
