// SPDX-License-Identifier: BSD-3-Clause
// From the bytes that Blosc2 stored to the block.
#pragma once

#include "request.hpp"

namespace blosc2_grok {

// Fills `request.block`, and writes nothing outside it. Throws Error, before writing whenever the headers tell.
void decode_block(const DecodeRequest& request);

// The same at fewer resolutions or layers, where that gives a block of `block_shape` as `reduced_shape`: rows and
// columns are those axes that get shorter. False, and nothing written, where it must be decoded in full.
bool decode_reduced(const DecodeRequest& request, std::span<const int32_t> block_shape,
                    std::span<const int32_t> reduced_shape);

}  // namespace blosc2_grok
