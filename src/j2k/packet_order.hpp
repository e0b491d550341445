// SPDX-License-Identifier: BSD-3-Clause
// Visits (layer, precinct) pairs in a progression's order.
#pragma once

#include "tile.hpp"

namespace blosc2_grok::j2k {

// `order` is sorted for the progression. Ends where `visit` returns false.
template <class Visit>
void for_each_packet(Progression progression, int layers, std::span<const PrecinctRef> order, Visit&& visit) {
  if (progression == Progression::kLrcp) {
    for (int layer = 0; layer < layers; ++layer) {
      for (const PrecinctRef& ref : order) {
        if (!visit(layer, ref)) return;
      }
    }
  } else if (progression == Progression::kRlcp) {
    for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
      while (last < order.size() && order[last].resolution == order[first].resolution) ++last;
      for (int layer = 0; layer < layers; ++layer) {
        for (std::size_t i = first; i < last; ++i) {
          if (!visit(layer, order[i])) return;
        }
      }
    }
  } else {
    for (const PrecinctRef& ref : order) {
      for (int layer = 0; layer < layers; ++layer) {
        if (!visit(layer, ref)) return;
      }
    }
  }
}

}  // namespace blosc2_grok::j2k
