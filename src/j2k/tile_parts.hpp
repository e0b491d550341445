// SPDX-License-Identifier: BSD-3-Clause
// A tile's packets in one tile-part or in several, and what tells their lengths (ISO/IEC 15444-1 A.4.2, A.7.1, A.7.3).
#pragma once

#include "crew.hpp"
#include "markers.hpp"
#include "tile.hpp"

namespace blosc2_grok::j2k {

// The tile's tile-parts, complete, the crew copying. The code-blocks hold their chunks.
void write_tile_parts(uint32_t index, const MainHeader& header, Tile& tile, Crew& crew, Bytes& out);

// Puts TLM, where it is wanted, in front of the first of all tile-parts.
void insert_part_lengths(const MainHeader& header, Bytes& out);
// The bytes that this would take.
std::size_t part_lengths_size(const MainHeader& header, const Bytes& out);

// The bytes of a tile beside its packets and their lengths: headers of tile-parts, its share of TLM. At most.
std::size_t frame_size(const MainHeader& header, const Tile& tile);

// The bytes that PLT takes for a packet.
std::size_t packet_length_size(std::size_t length);

}  // namespace blosc2_grok::j2k
