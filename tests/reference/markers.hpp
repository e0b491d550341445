// SPDX-License-Identifier: BSD-3-Clause
/// Marker segments (ISO/IEC 15444-1 Annex A, ISO/IEC 15444-15 Annex A) to parameters and back.
#pragma once

#include "parameters.hpp"

namespace blosc2_grok::reference {

/// The headers, and for each tile the parameters that hold in it and its packets from all tile-parts.
struct TileStream {
  Parameters parameters;
  Bytes data;
  bool seen = false;
};

struct Codestream {
  Parameters parameters;
  std::vector<TileStream> tiles;
};

Codestream read_codestream(const Bytes& bytes);

/// SOC to the end of the main header.
Bytes write_main_header(const Parameters& parameters);

/// SOT, SOD and packets: part `part` of `parts` of a tile.
Bytes write_tile_part(int64_t tile, int part, int parts, const std::vector<Bytes>& packets);

}  // namespace blosc2_grok::reference
