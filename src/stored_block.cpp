// SPDX-License-Identifier: BSD-3-Clause
// Where our segment goes: just before the first tile-part, so that every decoder passes over it as a comment.
#include "stored_block.hpp"

#include <algorithm>

namespace blosc2_grok {

StoredBlock open_stored_block(ByteSpan stored_block) {
  StoredBlock stored;
  stored.codestream = find_codestream(stored_block);
  stored.header = parse_codestream_header(stored.codestream);
  stored.segment = read_segment(stored_block, stored.codestream, stored.header);
  return stored;
}

j2k::Bytes without_comments(j2k::Bytes codestream) {
  const CodestreamHeader header = parse_codestream_header(codestream);
  // From the last one, so that the offsets of the others still hold.
  for (size_t i = header.comments.size(); i-- > 0;) {
    const auto at = codestream.begin() + static_cast<std::ptrdiff_t>(header.comments[i]);
    codestream.erase(at, at + static_cast<std::ptrdiff_t>(segment_size(codestream, header.comments[i])));
  }
  return codestream;
}

Overhead find_overhead(const Segment& segment, FileFormat format) {
  return {format == FileFormat::kJp2 ? kJp2HeadBytes : 0, make_segment(segment).size()};
}

size_t write_stored_block(std::span<uint8_t> dst, ByteSpan codestream, const Segment& segment, FileFormat format) {
  const CodestreamHeader header = parse_codestream_header(codestream);
  const std::vector<uint8_t> segment_bytes = make_segment(segment);
  std::vector<uint8_t> head;
  if (format == FileFormat::kJp2) head = make_jp2_head(header, codestream.size() + segment_bytes.size());
  const size_t total = head.size() + codestream.size() + segment_bytes.size();
  if (total > dst.size()) return 0;
  uint8_t* out = dst.data();
  for (const ByteSpan part : {ByteSpan(head), codestream.first(header.first_tile_part), ByteSpan(segment_bytes),
                              codestream.subspan(header.first_tile_part)}) {
    out = std::copy_n(part.data(), part.size(), out);
  }
  seal(dst.first(total), head.size() + header.first_tile_part);
  return total;
}

}  // namespace blosc2_grok
