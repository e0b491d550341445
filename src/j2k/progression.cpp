// SPDX-License-Identifier: BSD-3-Clause
// The five progression orders (ISO/IEC 15444-1 B.12.1) as one sort of a tile's precincts.
#include <algorithm>
#include <tuple>

#include "tile.hpp"

namespace blosc2_grok::j2k {
namespace {

// Where B.12.1.3 to B.12.1.5 meet precinct (px, py): its corner on the reference grid, or the tile's edge before it.
void set_position(const ImageSize& size, const TileCoding& coding, const Tile& tile, const Resolution& resolution,
                  PrecinctRef& ref) {
  const ComponentCoding& component = coding.components[ref.component];
  const ComponentSize& sampling = size.components[ref.component];
  const int shift = component.levels - int(ref.resolution);
  const int ppx = component.precincts[ref.resolution] & 15, ppy = component.precincts[ref.resolution] >> 4;
  const int64_t px = floor_shift(resolution.rect.x0, ppx) + ref.precinct % resolution.precincts_across;
  const int64_t py = floor_shift(resolution.rect.y0, ppy) + ref.precinct / resolution.precincts_across;
  // px * 2^ppx lies inside a 32-bit resolution shrunk by `shift`, so the products below stay within 64 bits.
  ref.x = std::max(tile.rect.x0, ((px << ppx) << shift) * sampling.dx);
  ref.y = std::max(tile.rect.y0, ((py << ppy) << shift) * sampling.dy);
}

template <class Key>
void sort_by(std::vector<PrecinctRef>& order, Key key) {
  std::sort(order.begin(), order.end(), [key](const PrecinctRef& a, const PrecinctRef& b) { return key(a) < key(b); });
}

}  // namespace

void list_precincts(const ImageSize& size, const TileCoding& coding, Tile& tile) {
  tile.order.clear();
  for (uint32_t c = 0; c < tile.components.size(); ++c) {
    for (uint32_t r = 0; r <= uint32_t(tile.components[c].levels); ++r) {
      const Resolution& resolution = tile.resolution(c, int(r));
      const uint32_t count = resolution.precincts_across * resolution.precincts_down;
      for (uint32_t p = 0; p < count; ++p) {
        PrecinctRef ref{0, 0, c, r, p};
        set_position(size, coding, tile, resolution, ref);
        tile.order.push_back(ref);
      }
    }
  }
}

void sort_precincts(Progression progression, std::vector<PrecinctRef>& order) {
  using Ref = const PrecinctRef&;
  switch (progression) {
    case Progression::kLrcp:
    case Progression::kRlcp:
      return sort_by(order, [](Ref p) { return std::tuple(p.resolution, p.component, p.precinct); });
    case Progression::kRpcl:
      return sort_by(order, [](Ref p) { return std::tuple(p.resolution, p.y, p.x, p.component, p.precinct); });
    case Progression::kPcrl:
      return sort_by(order, [](Ref p) { return std::tuple(p.y, p.x, p.component, p.resolution, p.precinct); });
    case Progression::kCprl:
      return sort_by(order, [](Ref p) { return std::tuple(p.component, p.y, p.x, p.resolution, p.precinct); });
  }
}

void order_precincts(const ImageSize& size, const TileCoding& coding, Tile& tile) {
  if (!tile.order.empty() && coding.changes.empty()) return;
  list_precincts(size, coding, tile);
  if (coding.changes.empty()) sort_precincts(coding.progression, tile.order);
}

}  // namespace blosc2_grok::j2k
