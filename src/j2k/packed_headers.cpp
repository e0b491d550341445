// SPDX-License-Identifier: BSD-3-Clause
// Puts the pieces of PPM and PPT segments together.
#include "packed_headers.hpp"

#include <algorithm>

namespace blosc2_grok::j2k {

void read_packed_segment(ByteReader& in, std::vector<PackedSegment>& segments) {
  const uint32_t index = in.u8();
  segments.push_back({index, in.take(in.remaining())});
}

void append_packed_headers(std::vector<PackedSegment>& segments, const char* name, std::vector<uint8_t>& out) {
  std::stable_sort(segments.begin(), segments.end(),
                   [](const PackedSegment& a, const PackedSegment& b) { return a.index < b.index; });
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i > 0 && segments[i].index == segments[i - 1].index) fail("two ", name, " of index ", segments[i].index);
    out.insert(out.end(), segments[i].bytes.begin(), segments[i].bytes.end());
  }
}

// A series of counts (Nppm) and so many bytes, which may go on in the next segment anywhere.
void share_packed_headers(MainHeader& header, std::vector<TilePart>& parts, std::vector<uint8_t>& memory) {
  memory.clear();
  append_packed_headers(header.packed, "PPM", memory);
  ByteReader in(memory, "PPM");
  for (TilePart& part : parts) {
    const uint32_t length = in.u32();
    part.packet_headers = in.take(length);
  }
  if (in.remaining() != 0) fail("PPM: ", in.remaining(), " bytes more than ", parts.size(), " tile-parts have");
}

}  // namespace blosc2_grok::j2k
