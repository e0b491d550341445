// SPDX-License-Identifier: BSD-3-Clause
// From the bytes that Blosc2 stored to the block.
#pragma once

#include "request.hpp"

namespace blosc2_grok {

// Fills `request.block`, and writes nothing outside it. Throws Error, before writing whenever the headers tell.
void decode_block(const DecodeRequest& request);

}  // namespace blosc2_grok
