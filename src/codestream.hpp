// SPDX-License-Identifier: BSD-3-Clause
// The main header of a JPEG 2000 codestream, read without an engine: what a block claims to be, before anything is
// allocated for it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bytes.hpp"

namespace blosc2_grok {

namespace marker {
constexpr uint16_t kSoc = 0xff4f, kCap = 0xff50, kSiz = 0xff51, kCod = 0xff52, kQcd = 0xff5c, kRgn = 0xff5e,
                   kPpm = 0xff60, kCom = 0xff64, kSot = 0xff90, kEoc = 0xffd9;
// Reserved ones that have no segment (Table A.1): passed over.
constexpr bool stands_alone(uint16_t code) { return code >= 0xff30 && code <= 0xff3f; }
}

struct ComponentHeader {
  uint8_t bits = 0;
  bool is_signed = false;
  uint8_t dx = 1, dy = 1;  // subsampling
};

// ISO/IEC 15444-1 A.5.1 (SIZ), A.6.1 (COD) and A.6.4 (QCD).
struct CodestreamHeader {
  uint16_t rsiz = 0;
  uint32_t x1 = 0, y1 = 0, x0 = 0, y0 = 0;                             // image area on the reference grid
  uint32_t tile_width = 0, tile_height = 0, tile_x0 = 0, tile_y0 = 0;  // tile grid
  std::vector<ComponentHeader> components;
  uint8_t coding_style = 0;
  uint8_t progression = 0;
  uint16_t layers = 0;
  uint8_t mct = 0;
  uint8_t decompositions = 0;
  uint32_t codeblock_width = 0, codeblock_height = 0;
  uint8_t codeblock_style = 0;
  uint8_t transform = 0;                // 0: 9/7 irreversible, 1: 5/3 reversible
  std::vector<uint8_t> precinct_sizes;  // PPy << 4 | PPx, lowest resolution first; empty: 2^15
  uint8_t guard_bits = 0;
  size_t first_tile_part = 0;    // offset of the first SOT marker
  std::vector<size_t> comments;  // offsets of the COM markers

  uint32_t width() const { return x1 - x0; }
  uint32_t height() const { return y1 - y0; }
  bool is_ht() const { return (codeblock_style & 0x40) != 0; }
  uint64_t tiles() const;
};

// Throws Error(kData) where a marker, a length or a number does not fit. What a returned header proves: the image area
// and tiles are not empty, there are at most 65,535 tiles and no more than the bytes can hold, every component has 1 to
// 38 bits, code-blocks and precincts are of legal size, and the packets announced fit into the bytes, one byte each.
CodestreamHeader parse_codestream_header(ByteSpan codestream);

// The length of the marker segment at `offset`, marker included.
size_t segment_size(ByteSpan codestream, size_t offset);

// The codestream of a JP2 file (its first jp2c box), or `bytes` itself when they start with SOC. Throws Error(kData).
ByteSpan find_codestream(ByteSpan bytes);
bool is_jp2(ByteSpan bytes);

// The boxes before a codestream: signature, file type, header (ISO/IEC 15444-1 Annex I), and the head of jp2c: 85 bytes
// for components of one depth, as all of ours are.
constexpr size_t kJp2HeadBytes = 85;
std::vector<uint8_t> make_jp2_head(const CodestreamHeader& header, size_t codestream_bytes);

}  // namespace blosc2_grok
