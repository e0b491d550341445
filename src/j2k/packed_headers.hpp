// SPDX-License-Identifier: BSD-3-Clause
// Packet headers that stand apart from the packets: in the main header (PPM, ISO/IEC 15444-1 A.7.4) or in those of the
// tile-parts (PPT, A.7.5).
#pragma once

#include <span>
#include <vector>

#include "byte_reader.hpp"
#include "markers.hpp"

namespace blosc2_grok::j2k {

// A PPM or PPT segment, which has an index and bytes.
void read_packed_segment(ByteReader& in, std::vector<PackedSegment>& segments);

// Appends the bytes of segments of one header, by their indices. `name` is for errors.
void append_packed_headers(std::vector<PackedSegment>& segments, const char* name, std::vector<uint8_t>& out);

// Gives each of the tile-parts, which are in the codestream's order, its packet headers from PPM; `memory` has them.
void share_packed_headers(MainHeader& header, std::vector<TilePart>& parts, std::vector<uint8_t>& memory);

}  // namespace blosc2_grok::j2k
