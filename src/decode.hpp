// SPDX-License-Identifier: BSD-3-Clause
// From the bytes that Blosc2 stored to the block.
#pragma once

#include "request.hpp"
#include "segment.hpp"

namespace blosc2_grok {

// Fills `request.block`, and writes nothing outside it. Throws Error, before writing whenever the headers tell.
void decode_block(const DecodeRequest& request);

// What a stored block is; empty segment for one of an earlier plugin. Throws Error.
struct StoredBlock {
  ByteSpan codestream;
  CodestreamHeader header;
  std::optional<Segment> segment;
};
StoredBlock open_stored_block(ByteSpan stored_block);

}  // namespace blosc2_grok
