// SPDX-License-Identifier: BSD-3-Clause
/// Wavelet transforms of tile-components (ISO/IEC 15444-1 Annex F). A double holds the integers of the 5/3 exactly.
#pragma once

#include "geometry.hpp"

namespace blosc2_grok::reference {

/// Samples of a rectangle, in absolute coordinates.
struct Plane {
  explicit Plane(const Rect& rect) : area(rect), values(rect.width() * rect.height()) {}
  double& at(int64_t x, int64_t y) { return values.at((y - area.y0) * area.width() + x - area.x0); }
  double at(int64_t x, int64_t y) const { return values.at((y - area.y0) * area.width() + x - area.x0); }

  Rect area;
  std::vector<double> values;
};

/// A signal x(i0) ... x(i0 + size - 1) to its subbands, interleaved: even positions low, odd positions high; and back.
void analyse(std::vector<double>& signal, int64_t i0, bool reversible);
void synthesise(std::vector<double>& signal, int64_t i0, bool reversible);

/// All levels: one plane for each subband, in the order of their index.
std::vector<Plane> forward_wavelet(const Plane& samples, const TileComponent& component, bool reversible);
Plane inverse_wavelet(const std::vector<Plane>& bands, const TileComponent& component, bool reversible);

}  // namespace blosc2_grok::reference
