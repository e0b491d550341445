// SPDX-License-Identifier: BSD-3-Clause
/// The order of packets in a tile (ISO/IEC 15444-1 B.12).
#pragma once

#include "geometry.hpp"

namespace blosc2_grok::reference {

struct PacketId {
  int layer = 0;
  int resolution = 0;
  int component = 0;
  int64_t precinct = 0;
};

std::vector<PacketId> packet_order(const Parameters& parameters, const Tile& tile);

}  // namespace blosc2_grok::reference
