// SPDX-License-Identifier: BSD-3-Clause
/// Tile, resolution, subband, precinct and code-block partition by the equations of ISO/IEC 15444-1 Annex B.
#include "geometry.hpp"

#include <algorithm>
#include <tuple>

namespace blosc2_grok::reference {

int64_t ceil_div(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }
int64_t floor_shift(int64_t a, int n) { return a >> n; }
int64_t ceil_shift(int64_t a, int n) { return (a + (int64_t{1} << n) - 1) >> n; }

Rect intersect(const Rect& a, const Rect& b) {
  return {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
}

namespace {

int64_t tiles_wide(const Siz& s) { return ceil_div(s.x1 - s.tile_x0, s.tile_width); }

/// Equation B-14: resolution r lies d = levels - r halvings below the tile-component.
Rect resolution_area(const Rect& c, int d) {
  return {ceil_shift(c.x0, d), ceil_shift(c.y0, d), ceil_shift(c.x1, d), ceil_shift(c.y1, d)};
}

/// Equation B-15, with xo_b and yo_b of Table B.1.
Rect band_area(const Rect& c, Orientation orientation, int level) {
  if (level == 0) return c;
  const bool high_x = orientation == Orientation::HL || orientation == Orientation::HH;
  const bool high_y = orientation == Orientation::LH || orientation == Orientation::HH;
  const int64_t half = int64_t{1} << (level - 1);
  const int64_t dx = high_x ? half : 0;
  const int64_t dy = high_y ? half : 0;
  return {ceil_shift(c.x0 - dx, level), ceil_shift(c.y0 - dy, level), ceil_shift(c.x1 - dx, level),
          ceil_shift(c.y1 - dy, level)};
}

std::vector<Band> make_bands(const Rect& component, int levels, int r) {
  if (r == 0) return {{Orientation::LL, 0, levels, band_area(component, Orientation::LL, levels)}};
  std::vector<Band> bands;
  const int level = levels - r + 1;
  int index = 3 * (r - 1) + 1;
  for (Orientation o : {Orientation::HL, Orientation::LH, Orientation::HH})
    bands.push_back({o, index++, level, band_area(component, o, level)});
  return bands;
}

/// B.7: the code-blocks of a subband that lie in `area`, a precinct's part of it.
PrecinctBand make_precinct_band(const Rect& area, int xcb, int ycb) {
  PrecinctBand result;
  if (area.empty()) return result;
  const int64_t first_x = floor_shift(area.x0, xcb), first_y = floor_shift(area.y0, ycb);
  result.blocks_wide = ceil_shift(area.x1, xcb) - first_x;
  result.blocks_high = ceil_shift(area.y1, ycb) - first_y;
  for (int64_t y = first_y; y < first_y + result.blocks_high; ++y)
    for (int64_t x = first_x; x < first_x + result.blocks_wide; ++x) {
      CodeBlock block;
      block.area = intersect(area, {x << xcb, y << ycb, (x + 1) << xcb, (y + 1) << ycb});
      result.blocks.push_back(block);
    }
  result.inclusion = TagTree(result.blocks_wide, result.blocks_high);
  result.zero_planes = TagTree(result.blocks_wide, result.blocks_high);
  return result;
}

/// B.6 and B.7: above the lowest resolution a precinct covers half as much of each subband (Equations B-17, B-18).
Precinct make_precinct(const Resolution& res, const Coding& coding, int r, int64_t px, int64_t py) {
  const int ppx = r == 0 ? res.ppx : res.ppx - 1;
  const int ppy = r == 0 ? res.ppy : res.ppy - 1;
  const int64_t x = floor_shift(res.area.x0, res.ppx) + px;
  const int64_t y = floor_shift(res.area.y0, res.ppy) + py;
  const Rect cell{x << ppx, y << ppy, (x + 1) << ppx, (y + 1) << ppy};
  Precinct precinct;
  for (const Band& band : res.bands)
    precinct.bands.push_back(
        make_precinct_band(intersect(cell, band.area), std::min(coding.xcb, ppx), std::min(coding.ycb, ppy)));
  return precinct;
}

Resolution make_resolution(const Rect& component, const Coding& coding, int r) {
  Resolution res;
  res.area = resolution_area(component, coding.levels - r);
  std::tie(res.ppx, res.ppy) = coding.precincts.at(r);
  if (r > 0 && (res.ppx == 0 || res.ppy == 0)) throw Error("precinct of one sample above the lowest resolution");
  res.bands = make_bands(component, coding.levels, r);
  if (res.area.empty()) return res;  // no precincts, no packets (B.6)
  res.precincts_wide = ceil_shift(res.area.x1, res.ppx) - floor_shift(res.area.x0, res.ppx);
  res.precincts_high = ceil_shift(res.area.y1, res.ppy) - floor_shift(res.area.y0, res.ppy);
  if (res.precincts_wide > (1 << 20) / res.precincts_high) throw Error("more than 2^20 precincts");
  for (int64_t y = 0; y < res.precincts_high; ++y)
    for (int64_t x = 0; x < res.precincts_wide; ++x) res.precincts.push_back(make_precinct(res, coding, r, x, y));
  return res;
}

}  // namespace

int64_t tile_count(const Siz& s) { return tiles_wide(s) * ceil_div(s.y1 - s.tile_y0, s.tile_height); }

/// Equations B-6 to B-10.
Rect tile_area(const Siz& s, int64_t index) {
  const int64_t p = index % tiles_wide(s), q = index / tiles_wide(s);
  const int64_t x = s.tile_x0 + p * s.tile_width, y = s.tile_y0 + q * s.tile_height;
  return intersect({x, y, x + s.tile_width, y + s.tile_height}, {s.x0, s.y0, s.x1, s.y1});
}

Tile make_tile(const Parameters& parameters, int64_t index) {
  Tile tile;
  tile.area = tile_area(parameters.siz, index);
  for (const ComponentParameters& component : parameters.components) {
    TileComponent part;
    part.area = tile.area;  // Equation B-12 without subsampling
    for (int r = 0; r <= component.coding.levels; ++r)
      part.resolutions.push_back(make_resolution(part.area, component.coding, r));
    tile.components.push_back(std::move(part));
  }
  return tile;
}

int gain_bits(Orientation orientation) {
  if (orientation == Orientation::LL) return 0;
  return orientation == Orientation::HH ? 2 : 1;
}

}  // namespace blosc2_grok::reference
