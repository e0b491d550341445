// SPDX-License-Identifier: BSD-3-Clause
// Tile-parts of a codestream (ISO/IEC 15444-1 A.4.2): found, and those of a tile put together.
#pragma once

#include <span>

#include "packet.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Fills `parts`, by tile; a tile's are in the codestream's order.
void find_tile_parts(std::span<const uint8_t> bytes, Workspace::Impl& work);

// Applies the headers of a tile's tile-parts to `tile_coding`, and joins their packets.
PacketBytes gather_packets(std::span<const uint8_t> bytes, std::span<const TilePart> parts, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
