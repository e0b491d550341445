// SPDX-License-Identifier: BSD-3-Clause
/// Packets: headers and bodies (ISO/IEC 15444-1 B.9 and B.10, with the segments of ISO/IEC 15444-15 Annex B).
#pragma once

#include "progression.hpp"

namespace blosc2_grok::reference {

/// Reads all packets of a tile into the segments of its code-blocks.
void read_packets(const Parameters& parameters, const Bytes& data, Tile& tile);

/// The packets of a tile with the segments of all code-blocks; `segment_layer` says where each goes.
std::vector<Bytes> write_packets(const Parameters& parameters, Tile& tile);

/// How many more passes a segment takes that begins after `passes` passes of its code-block.
int segment_capacity(int style, int passes);

int floor_log2(int value);

}  // namespace blosc2_grok::reference
