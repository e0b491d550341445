// SPDX-License-Identifier: BSD-3-Clause
/// The five progression orders as the nested loops of ISO/IEC 15444-1 B.12.1.1 to B.12.1.5.
#include "progression.hpp"

#include <algorithm>

namespace blosc2_grok::reference {

namespace {

class Order {
 public:
  Order(const Parameters& parameters, const Tile& tile) : parameters_(parameters), tile_(tile) {
    components_ = static_cast<int>(tile.components.size());
    for (const TileComponent& c : tile.components)
      resolutions_ = std::max(resolutions_, static_cast<int>(c.resolutions.size()));
  }

  std::vector<PacketId> list() {
    switch (parameters_.progression) {
      case Progression::LRCP:
        lrcp();
        break;
      case Progression::RLCP:
        rlcp();
        break;
      case Progression::RPCL:
        rpcl();
        break;
      case Progression::PCRL:
        pcrl();
        break;
      case Progression::CPRL:
        cprl();
        break;
    }
    return std::move(packets_);
  }

 private:
  void lrcp() {
    for (int l = 0; l < parameters_.layers; ++l)
      for (int r = 0; r < resolutions_; ++r)
        for (int c = 0; c < components_; ++c) all_precincts(l, r, c);
  }

  void rlcp() {
    for (int r = 0; r < resolutions_; ++r)
      for (int l = 0; l < parameters_.layers; ++l)
        for (int c = 0; c < components_; ++c) all_precincts(l, r, c);
  }

  void rpcl() {
    for (int r = 0; r < resolutions_; ++r)
      for (int64_t y : positions(tile_.area.y0, tile_.area.y1))
        for (int64_t x : positions(tile_.area.x0, tile_.area.x1))
          for (int c = 0; c < components_; ++c) precinct_at(r, c, x, y);
  }

  void pcrl() {
    for (int64_t y : positions(tile_.area.y0, tile_.area.y1))
      for (int64_t x : positions(tile_.area.x0, tile_.area.x1))
        for (int c = 0; c < components_; ++c)
          for (int r = 0; r < resolutions_; ++r) precinct_at(r, c, x, y);
  }

  void cprl() {
    for (int c = 0; c < components_; ++c)
      for (int64_t y : positions(tile_.area.y0, tile_.area.y1))
        for (int64_t x : positions(tile_.area.x0, tile_.area.x1))
          for (int r = 0; r < resolutions_; ++r) precinct_at(r, c, x, y);
  }

  bool has(int r, int c) const { return r < static_cast<int>(tile_.components[c].resolutions.size()); }

  void all_precincts(int l, int r, int c) {
    if (!has(r, c)) return;
    const int64_t count = tile_.components[c].resolutions[r].precincts.size();
    for (int64_t k = 0; k < count; ++k) packets_.push_back({l, r, c, k});
  }

  /// Positions where a precinct can begin: the tile's edge and all multiples of the smallest precinct size, a power
  /// of two that divides the others. The standard's loop visits the rest as well and finds nothing there.
  std::vector<int64_t> positions(int64_t begin, int64_t end) const {
    int smallest = 62;
    for (const TileComponent& c : tile_.components)
      for (size_t r = 0; r < c.resolutions.size(); ++r) {
        const int d = static_cast<int>(c.resolutions.size() - 1 - r);
        smallest = std::min({smallest, c.resolutions[r].ppx + d, c.resolutions[r].ppy + d});
      }
    std::vector<int64_t> result;
    for (int64_t p = begin; p < end; p = (floor_shift(p, smallest) + 1) << smallest) result.push_back(p);
    return result;
  }

  static bool divisible(int64_t value, int log2) { return value % (int64_t{1} << log2) == 0; }

  /// The conditions of B.12.1.3 and the index of Equation B-20, without subsampling.
  void precinct_at(int r, int c, int64_t x, int64_t y) {
    if (!has(r, c)) return;
    const Resolution& res = tile_.components[c].resolutions[r];
    if (res.precincts.empty()) return;
    const int d = static_cast<int>(tile_.components[c].resolutions.size()) - 1 - r;
    const bool row = divisible(y, res.ppy + d) || (y == tile_.area.y0 && !divisible(res.area.y0 << d, res.ppy + d));
    const bool column = divisible(x, res.ppx + d) || (x == tile_.area.x0 && !divisible(res.area.x0 << d, res.ppx + d));
    if (!row || !column) return;
    const int64_t px = floor_shift(ceil_shift(x, d), res.ppx) - floor_shift(res.area.x0, res.ppx);
    const int64_t py = floor_shift(ceil_shift(y, d), res.ppy) - floor_shift(res.area.y0, res.ppy);
    for (int l = 0; l < parameters_.layers; ++l) packets_.push_back({l, r, c, py * res.precincts_wide + px});
  }

  const Parameters& parameters_;
  const Tile& tile_;
  int components_ = 0;
  int resolutions_ = 0;
  std::vector<PacketId> packets_;
};

}  // namespace

std::vector<PacketId> packet_order(const Parameters& parameters, const Tile& tile) {
  return Order(parameters, tile).list();
}

}  // namespace blosc2_grok::reference
