// SPDX-License-Identifier: BSD-3-Clause
// Geometry of one tile (ISO/IEC 15444-1 Annex B): tile-components, resolutions, subbands, precincts, code-blocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "markers.hpp"
#include "tag_tree.hpp"

namespace blosc2_grok::j2k {

// A codeword segment of a code-block: what one packet carries of it.
struct Chunk {
  const uint8_t* data = nullptr;
  uint32_t length = 0;
  uint16_t layer = 0;
  uint8_t passes = 0;
  int32_t next = -1;  // in Tile::chunks
};

struct CodeBlock {
  int32_t first_chunk = -1;
  int32_t last_chunk = -1;
  int32_t written_chunk = -1;   // encoder: the last one that is in a packet
  uint8_t missing_bits = 0xFF;  // zero bit-planes P of the packet header; encoder: 0xFF where nothing is coded
  uint8_t length_bits = 3;   // Lblock
  uint16_t passes = 0;       // read or written so far
};

// Of log2 of a step: below any band's gain.
inline constexpr double kNothingDropped = -64;

// All code-blocks of a subband stand in one grid, precincts being rectangles of that grid.
struct Subband {
  Rect rect;     // in subband coordinates
  int band = 0;  // 0 LL, 1 HL, 2 LH, 3 HH
  int codeblock_width_log2 = 0, codeblock_height_log2 = 0;
  int64_t grid_x0 = 0, grid_y0 = 0;  // index of the first code-block in the absolute grid
  uint32_t grid_width = 0, grid_height = 0;
  std::size_t first_codeblock = 0;         // in Tile::codeblocks
  int magnitude_bits = 0;                  // Mb
  int region_shift = 0;                    // of its component's region of interest, above Mb
  double step = 1.0;                       // quantization step in sample counts, 1 when reversible
  double dropped_depth = kNothingDropped;  // encoder, reversible: see planes_to_drop
};

struct PrecinctBand {
  uint32_t x0 = 0, y0 = 0, width = 0, height = 0;  // code-blocks, in the subband's grid
  std::size_t inclusion = 0, zero_bits = 0;        // first nodes of the two tag trees
};

struct Precinct {
  PrecinctBand bands[3];
};

struct Resolution {
  Rect rect;
  int first_band = 0, bands = 0;  // in Tile::subbands
  uint32_t precincts_across = 0, precincts_down = 0;
  std::size_t first_precinct = 0;  // in Tile::precincts
};

struct TileComponent {
  Rect rect;
  std::size_t first_resolution = 0;  // in Tile::resolutions
  int levels = 0;
};

struct PrecinctRef {
  int64_t x = 0, y = 0;  // where the position progressions meet it on the reference grid
  uint32_t component = 0;
  uint32_t resolution = 0;
  uint32_t precinct = 0;
};

// What an image's only tile was laid out for: the next image is mostly of the same kind.
struct LaidOutFor {
  bool is_set = false;
  ImageSize size;
  TileCoding coding;
};

// Flat arrays that keep their capacity from tile to tile.
struct Tile {
  LaidOutFor laid_out_for;
  Rect rect;
  std::vector<TileComponent> components;
  std::vector<Resolution> resolutions;
  std::vector<Subband> subbands;
  std::vector<Precinct> precincts;
  std::vector<CodeBlock> codeblocks;
  std::vector<TagNode> tag_nodes;
  std::vector<Chunk> chunks;
  std::vector<PrecinctRef> order;

  Resolution& resolution(std::size_t component, int r) {
    return resolutions[components[component].first_resolution + std::size_t(r)];
  }
  CodeBlock& codeblock(const Subband& band, uint32_t x, uint32_t y) {
    return codeblocks[band.first_codeblock + std::size_t{y} * band.grid_width + x];
  }
};

Rect tile_rect(const ImageSize& size, uint32_t index);

// Lays the tile out, or clears it where it is laid out so already. More than `max_precincts` precincts are an error (each
// takes a byte of the codestream at least).
void build_tile(const ImageSize& size, const TileCoding& coding, uint32_t index, uint64_t max_precincts, Tile& tile);

// Fills `order` with the precincts by component, resolution and number, as `precincts` has them.
void list_precincts(const ImageSize& size, const TileCoding& coding, Tile& tile);
// Puts precincts into the order in which the progression visits them, layers aside.
void sort_precincts(Progression progression, std::vector<PrecinctRef>& order);
// Both, but no sorting where the order changes; `coding` is what the tile was built with.
void order_precincts(const ImageSize& size, const TileCoding& coding, Tile& tile);

// The part of the subband that code-block (x, y) of its grid covers.
Rect codeblock_rect(const Subband& band, uint32_t x, uint32_t y);

void add_chunk(Tile& tile, CodeBlock& block, const Chunk& chunk);

}  // namespace blosc2_grok::j2k
