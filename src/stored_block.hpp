// SPDX-License-Identifier: BSD-3-Clause
// The bytes that Blosc2 stores: file head, main header, our segment, tile-parts. Put together and taken apart.
#pragma once

#include "j2k/bytes.hpp"
#include "params.hpp"
#include "segment.hpp"

namespace blosc2_grok {

struct StoredBlock {
  ByteSpan codestream;
  CodestreamHeader header;
  std::optional<Segment> segment;  // empty for a block of an earlier plugin
};

// Throws Error(kData) for what is no stored block, and for a damaged one.
StoredBlock open_stored_block(ByteSpan stored_block);

// An engine's codestream without the comments that it signs with.
j2k::Bytes without_comments(j2k::Bytes codestream);

// The bytes of `segment` and of the file's head: all that a stored block has beside the codestream.
struct Overhead {
  size_t head = 0;
  size_t segment = 0;
  size_t total() const { return head + segment; }
};
Overhead find_overhead(const Segment& segment, FileFormat format);

// Returns the bytes written to `dst`; 0 when they don't fit, and then nothing is written.
size_t write_stored_block(std::span<uint8_t> dst, ByteSpan codestream, const Segment& segment, FileFormat format);

}  // namespace blosc2_grok
