// SPDX-License-Identifier: BSD-3-Clause
// Progression order changes (POC, ISO/IEC 15444-1 A.6.6 and B.12.2): packets of one tile by several progressions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "byte_reader.hpp"
#include "packet_order.hpp"
#include "tile.hpp"

namespace blosc2_grok::j2k {

// Adds what a POC segment says.
void read_progression_changes(ByteReader& in, std::size_t components, std::vector<ProgressionChange>& changes);

// Walks over a tile's progressions. Each has all layers of its precincts up to its last one that none before it had: a
// precinct's layers are in order in any case, and its resolution's precincts have equally many.
class ChangedOrder {
 public:
  // The tile's `order` is as `list_precincts` leaves it. `bytes` of packet headers bound the work: see `meet_again`.
  ChangedOrder(const TileCoding& coding, std::size_t bytes, const Tile& tile);

  // Goes on to the next progression that has a new packet; false when there is none. Throws where packets are left.
  bool next();
  Progression progression() const { return changes_[at_ - 1].progression; }
  int end_layer() const { return end_layer_; }
  // Its precincts in its order, some of whose first layers may be old.
  std::span<const PrecinctRef> precincts() const { return precincts_; }
  bool is_new(int layer, const PrecinctRef& ref) {
    if (layer >= layers_[tile_.components[ref.component].first_resolution + ref.resolution]) return true;
    meet_again();
    return false;
  }

 private:
  void meet_again();
  void take(const ProgressionChange& change);
  void leave();
  void check_all_taken() const;

  const std::vector<ProgressionChange>& changes_;
  const Tile& tile_;
  int all_layers_;
  std::size_t at_ = 0;  // the change after the one in work
  int end_layer_ = 0;
  std::vector<int> layers_;         // by resolution of the tile: those that progressions before this one had
  std::vector<std::size_t> taken_;  // resolutions of the progression in work
  std::vector<PrecinctRef> precincts_;
  uint64_t in_vain_ = 0, most_in_vain_;
};

inline constexpr std::size_t kOurOwn = SIZE_MAX / 128;  // for `bytes`: an order that needs no bound

// Visits the tile's (layer, precinct) pairs, whatever orders them, until `visit` returns false; `bytes` as above.
template <class Visit>
void for_each_packet(const TileCoding& coding, std::size_t bytes, const Tile& tile, Visit&& visit) {
  if (coding.changes.empty()) return for_each_packet(coding.progression, coding.layers, tile.order, visit);
  ChangedOrder order(coding, bytes, tile);
  for (bool goes_on = true; goes_on && order.next();) {
    for_each_packet(order.progression(), order.end_layer(), order.precincts(), [&](int layer, const PrecinctRef& ref) {
      if (order.is_new(layer, ref)) goes_on = visit(layer, ref);
      return goes_on;
    });
  }
}

}  // namespace blosc2_grok::j2k
