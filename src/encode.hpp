// SPDX-License-Identifier: BSD-3-Clause
// From a block to the bytes that Blosc2 stores.
#pragma once

#include "request.hpp"

namespace blosc2_grok {

// Returns the bytes written to `dst`; 0 when the stored block would not fit or would not be smaller than the block.
size_t encode_block(std::span<uint8_t> dst, const EncodeRequest& request);

}  // namespace blosc2_grok
