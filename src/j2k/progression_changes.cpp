// SPDX-License-Identifier: BSD-3-Clause
// Which resolutions a progression order change has, and how many layers they had before.
#include "progression_changes.hpp"

#include <algorithm>

namespace blosc2_grok::j2k {

void read_progression_changes(ByteReader& in, std::size_t components, std::vector<ProgressionChange>& changes) {
  const bool wide = components >= 257;
  if (in.remaining() == 0) fail("POC: no progression");
  while (in.remaining() != 0) {
    ProgressionChange change;
    change.first_resolution = in.u8();
    change.first_component = wide ? in.u16() : in.u8();
    change.end_layer = int(in.u16());
    change.end_resolution = in.u8();
    change.end_component = wide ? in.u16() : in.u8();
    if (change.end_component == 0) change.end_component = wide ? kMaxComponents : 256;  // Table A.32
    const uint32_t progression = in.u8();
    if (progression > 4) fail("POC: unknown progression ", progression);
    change.progression = Progression(progression);
    if (change.first_resolution >= change.end_resolution || change.end_resolution > kMaxLevels + 1 ||
        change.first_component >= change.end_component || change.end_layer == 0) {
      fail("POC: resolutions ", change.first_resolution, " to ", change.end_resolution, ", components ",
           change.first_component, " to ", change.end_component, ", layers to ", change.end_layer, " are none");
    }
    changes.push_back(change);
  }
}

ChangedOrder::ChangedOrder(const TileCoding& coding, std::size_t bytes, const Tile& tile)
    : changes_(coding.changes),
      tile_(tile),
      all_layers_(coding.layers),
      layers_(tile.resolutions.size()),
      most_in_vain_(65536 + 64 * uint64_t{bytes}) {}

// Sound streams have few progressions. Many that bring little would take time that their bytes don't account for.
void ChangedOrder::meet_again() {
  if (++in_vain_ > most_in_vain_) {
    fail(changes_.size(), " progression order changes meet packets again, more than ", most_in_vain_,
         " times: not supported");
  }
}

bool ChangedOrder::next() {
  leave();
  while (at_ < changes_.size()) {
    take(changes_[at_++]);
    if (precincts_.empty()) continue;
    sort_precincts(progression(), precincts_);
    return true;
  }
  check_all_taken();
  return false;
}

void ChangedOrder::take(const ProgressionChange& change) {
  end_layer_ = std::min(change.end_layer, all_layers_);
  precincts_.clear(), taken_.clear();
  const std::size_t end = std::min<std::size_t>(change.end_component, tile_.components.size());
  for (std::size_t c = change.first_component; c < end; ++c) {
    const TileComponent& component = tile_.components[c];
    const auto end_resolution = std::min(change.end_resolution, uint32_t(component.levels) + 1);
    for (uint32_t r = change.first_resolution; r < end_resolution; ++r) {
      const std::size_t index = component.first_resolution + r;
      meet_again();
      if (layers_[index] >= end_layer_) continue;
      const Resolution& resolution = tile_.resolutions[index];
      const PrecinctRef* first = tile_.order.data() + resolution.first_precinct;
      precincts_.insert(precincts_.end(), first,
                        first + std::size_t{resolution.precincts_across} * resolution.precincts_down);
      taken_.push_back(index);
    }
  }
}

void ChangedOrder::leave() {
  for (const std::size_t index : taken_) layers_[index] = end_layer_;
}

void ChangedOrder::check_all_taken() const {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Resolution& resolution = tile_.resolutions[i];
    if (layers_[i] == all_layers_ || resolution.precincts_across == 0 || resolution.precincts_down == 0) continue;
    const PrecinctRef& ref = tile_.order[resolution.first_precinct];
    fail("progression order changes leave out packets: resolution ", ref.resolution, " of component ", ref.component,
         " has ", layers_[i], " of ", all_layers_, " layers");
  }
}

}  // namespace blosc2_grok::j2k
