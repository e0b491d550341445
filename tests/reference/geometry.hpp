// SPDX-License-Identifier: BSD-3-Clause
/// Where tiles, resolutions, subbands, precincts and code-blocks lie (ISO/IEC 15444-1 Annex B).
#pragma once

#include "parameters.hpp"
#include "tag_tree.hpp"

namespace blosc2_grok::reference {

/// Half open: x0 <= x < x1.
struct Rect {
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int64_t width() const { return x1 > x0 ? x1 - x0 : 0; }
  int64_t height() const { return y1 > y0 ? y1 - y0 : 0; }
  bool empty() const { return x1 <= x0 || y1 <= y0; }
};

/// Bytes of one codeword segment with the coding passes that it holds.
struct Segment {
  int passes = 0;
  int max_passes = 0;
  Bytes bytes;
};

struct CodeBlock {
  Rect area;  ///< in the coordinates of its subband
  bool included = false;
  int zero_planes = 0;
  int lblock = 3;
  int passes = 0;            ///< read so far
  int placeholder_sets = 0;  ///< encoder
  std::vector<Segment> segments;
  std::vector<int> segment_layer;  ///< encoder: the layer that carries each segment
};

/// The code-blocks of one precinct in one subband, in raster order.
struct PrecinctBand {
  int64_t blocks_wide = 0;
  int64_t blocks_high = 0;
  std::vector<CodeBlock> blocks;
  TagTree inclusion;
  TagTree zero_planes;
};

struct Precinct {
  std::vector<PrecinctBand> bands;
};

enum class Orientation { LL, HL, LH, HH };

struct Band {
  Orientation orientation = Orientation::LL;
  int index = 0;  ///< in the order of the QCD marker segment
  int level = 0;  ///< n_b, the decomposition level
  Rect area;
};

struct Resolution {
  Rect area;
  int ppx = 15, ppy = 15;
  int64_t precincts_wide = 0;
  int64_t precincts_high = 0;
  std::vector<Band> bands;
  std::vector<Precinct> precincts;
};

struct TileComponent {
  Rect area;
  std::vector<Resolution> resolutions;
};

struct Tile {
  Rect area;
  std::vector<TileComponent> components;
};

int64_t ceil_div(int64_t a, int64_t b);
int64_t ceil_shift(int64_t a, int n);
int64_t floor_shift(int64_t a, int n);
Rect intersect(const Rect& a, const Rect& b);

/// Tiles of the image, and the parts of tile `index`.
int64_t tile_count(const Siz& siz);
Rect tile_area(const Siz& siz, int64_t index);
Tile make_tile(const Parameters& parameters, int64_t index);

/// Rb - RI, the gain of a subband in bits (Table E.1).
int gain_bits(Orientation orientation);

}  // namespace blosc2_grok::reference
