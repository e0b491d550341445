// SPDX-License-Identifier: BSD-3-Clause
// Lays a tile out by the equations of ISO/IEC 15444-1 Annex B.
#include "tile.hpp"

#include <algorithm>
#include <cmath>

namespace blosc2_grok::j2k {
namespace {

// B-15 with the band's offsets (Table B.1).
Rect band_rect(const Rect& component, int level, int band) {
  if (level == 0) return component;
  const int64_t half = int64_t{1} << (level - 1);
  const int64_t dx = (band & 1) != 0 ? half : 0, dy = (band & 2) != 0 ? half : 0;
  return {ceil_shift(component.x0 - dx, level), ceil_shift(component.y0 - dy, level),
          ceil_shift(component.x1 - dx, level), ceil_shift(component.y1 - dy, level)};
}

// Equations E-2 to E-5.
void set_quantization(const ComponentCoding& coding, int bits, int resolution, Subband& band) {
  const int exponent = coding.exponent(resolution, band.band);
  band.magnitude_bits = std::max(0, coding.guard_bits + exponent - 1);
  band.region_shift = coding.region_shift;
  band.step = 1.0;
  if (coding.reversible) return;
  const int range = bits + band_gain_log2(band.band);
  band.step = std::ldexp(1.0 + coding.mantissa(resolution, band.band) / 2048.0, range - exponent);
}

void build_band(const ComponentCoding& coding, int ppx, int ppy, Subband& band, Tile& tile) {
  band.codeblock_width_log2 = std::min(coding.codeblock_width_log2, ppx);
  band.codeblock_height_log2 = std::min(coding.codeblock_height_log2, ppy);
  band.first_codeblock = tile.codeblocks.size();
  band.grid_width = band.grid_height = 0;
  if (band.rect.empty()) return;
  band.grid_x0 = floor_shift(band.rect.x0, band.codeblock_width_log2);
  band.grid_y0 = floor_shift(band.rect.y0, band.codeblock_height_log2);
  band.grid_width = uint32_t(ceil_shift(band.rect.x1, band.codeblock_width_log2) - band.grid_x0);
  band.grid_height = uint32_t(ceil_shift(band.rect.y1, band.codeblock_height_log2) - band.grid_y0);
  tile.codeblocks.resize(tile.codeblocks.size() + std::size_t{band.grid_width} * band.grid_height);
}

std::size_t take_nodes(uint32_t width, uint32_t height, Tile& tile) {
  const std::size_t first = tile.tag_nodes.size();
  tile.tag_nodes.resize(first + TagTree::node_count(width, height));
  return first;
}

// The code-blocks of `band` inside the precinct whose corner in subband coordinates is (x, y).
PrecinctBand precinct_band(const Subband& band, int64_t x, int64_t y, int ppx, int ppy, Tile& tile) {
  PrecinctBand part;
  Rect r{std::max(x, band.rect.x0), std::max(y, band.rect.y0), std::min(x + (int64_t{1} << ppx), band.rect.x1),
         std::min(y + (int64_t{1} << ppy), band.rect.y1)};
  if (r.empty()) return part;
  const int w = band.codeblock_width_log2, h = band.codeblock_height_log2;
  part.x0 = uint32_t(floor_shift(r.x0, w) - band.grid_x0), part.y0 = uint32_t(floor_shift(r.y0, h) - band.grid_y0);
  part.width = uint32_t(ceil_shift(r.x1, w) - band.grid_x0) - part.x0;
  part.height = uint32_t(ceil_shift(r.y1, h) - band.grid_y0) - part.y0;
  part.inclusion = take_nodes(part.width, part.height, tile);
  part.zero_bits = take_nodes(part.width, part.height, tile);
  return part;
}

void build_precincts(int r, int ppx, int ppy, uint64_t max_precincts, Resolution& resolution, Tile& tile) {
  const Rect& rect = resolution.rect;
  resolution.first_precinct = tile.precincts.size();
  resolution.precincts_across = resolution.precincts_down = 0;
  if (rect.empty()) return;
  const int64_t first_x = floor_shift(rect.x0, ppx), first_y = floor_shift(rect.y0, ppy);
  resolution.precincts_across = uint32_t(ceil_shift(rect.x1, ppx) - first_x);  // B-16
  resolution.precincts_down = uint32_t(ceil_shift(rect.y1, ppy) - first_y);
  const uint64_t count = uint64_t{resolution.precincts_across} * resolution.precincts_down;
  if (count > max_precincts || tile.precincts.size() + count > max_precincts) {
    fail("a tile has more than ", max_precincts, " precincts, more than its bytes can hold");
  }
  const int band_ppx = r == 0 ? ppx : ppx - 1, band_ppy = r == 0 ? ppy : ppy - 1;
  for (uint32_t py = 0; py < resolution.precincts_down; ++py) {
    for (uint32_t px = 0; px < resolution.precincts_across; ++px) {
      Precinct precinct;
      for (int b = 0; b < resolution.bands; ++b) {
        const Subband& band = tile.subbands[std::size_t(resolution.first_band + b)];
        precinct.bands[b] =
            precinct_band(band, (first_x + px) << band_ppx, (first_y + py) << band_ppy, band_ppx, band_ppy, tile);
      }
      tile.precincts.push_back(precinct);
    }
  }
}

void build_resolution(const ComponentCoding& coding, int bits, const Rect& component, int r, uint64_t max_precincts,
                      Tile& tile) {
  const int ppx = coding.precincts[std::size_t(r)] & 15, ppy = coding.precincts[std::size_t(r)] >> 4;
  Resolution resolution;
  resolution.rect = ceil_shift(component, coding.levels - r);  // B-14
  resolution.first_band = int(tile.subbands.size());
  resolution.bands = r == 0 ? 1 : 3;
  for (int b = 0; b < resolution.bands; ++b) {
    Subband band;
    band.band = r == 0 ? 0 : b + 1;
    band.rect = band_rect(component, r == 0 ? coding.levels : coding.levels - r + 1, band.band);
    set_quantization(coding, bits, r, band);
    build_band(coding, r == 0 ? ppx : ppx - 1, r == 0 ? ppy : ppy - 1, band, tile);
    tile.subbands.push_back(band);
  }
  build_precincts(r, ppx, ppy, max_precincts, resolution, tile);
  tile.resolutions.push_back(resolution);
}

void lay_out(const ImageSize& size, const TileCoding& coding, uint32_t index, uint64_t max_precincts, Tile& tile) {
  tile.rect = tile_rect(size, index);
  tile.components.clear(), tile.resolutions.clear(), tile.subbands.clear(), tile.precincts.clear();
  tile.codeblocks.clear(), tile.tag_nodes.clear(), tile.chunks.clear(), tile.order.clear();
  for (std::size_t c = 0; c < size.components.size(); ++c) {
    const ComponentSize& sampling = size.components[c];
    const ComponentCoding& component_coding = coding.components[c];
    TileComponent component;
    component.rect = {ceil_div(tile.rect.x0, sampling.dx), ceil_div(tile.rect.y0, sampling.dy),
                      ceil_div(tile.rect.x1, sampling.dx), ceil_div(tile.rect.y1, sampling.dy)};
    component.first_resolution = tile.resolutions.size();
    component.levels = component_coding.levels;
    tile.components.push_back(component);
    for (int r = 0; r <= component_coding.levels; ++r) {
      build_resolution(component_coding, sampling.bits, component.rect, r, max_precincts, tile);
    }
  }
}

// As it was when it had been laid out.
void clear_tile(Tile& tile) {
  std::fill(tile.codeblocks.begin(), tile.codeblocks.end(), CodeBlock{});
  std::fill(tile.tag_nodes.begin(), tile.tag_nodes.end(), TagNode{});
  for (Subband& band : tile.subbands) band.dropped_depth = kNothingDropped;
  tile.chunks.clear();
}

}  // namespace

Rect tile_rect(const ImageSize& size, uint32_t index) {
  const int64_t p = index % size.tiles_across(), q = index / size.tiles_across();
  const int64_t x = size.tile_x0 + p * size.tile_width, y = size.tile_y0 + q * size.tile_height;
  return {std::max(x, size.image.x0), std::max(y, size.image.y0), std::min(x + size.tile_width, size.image.x1),
          std::min(y + size.tile_height, size.image.y1)};
}

void build_tile(const ImageSize& size, const TileCoding& coding, uint32_t index, uint64_t max_precincts, Tile& tile) {
  LaidOutFor& before = tile.laid_out_for;
  if (before.is_set && tile.precincts.size() <= max_precincts && before.coding == coding && before.size == size) {
    return clear_tile(tile);
  }
  before.is_set = false;
  lay_out(size, coding, index, max_precincts, tile);
  if (size.tiles() == 1) before = {true, size, coding};
}

Rect codeblock_rect(const Subband& band, uint32_t x, uint32_t y) {
  const int w = band.codeblock_width_log2, h = band.codeblock_height_log2;
  const int64_t left = (band.grid_x0 + x) << w, top = (band.grid_y0 + y) << h;
  return {std::max(left, band.rect.x0), std::max(top, band.rect.y0), std::min(left + (int64_t{1} << w), band.rect.x1),
          std::min(top + (int64_t{1} << h), band.rect.y1)};
}

void add_chunk(Tile& tile, CodeBlock& block, const Chunk& chunk) {
  const int32_t index = int32_t(tile.chunks.size());
  tile.chunks.push_back(chunk);
  if (block.last_chunk < 0) {
    block.first_chunk = index;
  } else {
    tile.chunks[std::size_t(block.last_chunk)].next = index;
  }
  block.last_chunk = index;
}

}  // namespace blosc2_grok::j2k
