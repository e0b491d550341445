// SPDX-License-Identifier: BSD-3-Clause
/// Two-dimensional transforms over all levels (ISO/IEC 15444-1 F.3.1 to F.3.5 and F.4.1 to F.4.5).
#include "wavelet.hpp"

namespace blosc2_grok::reference {

namespace {

using Transform = void (*)(std::vector<double>&, int64_t, bool);

void transform_rows(Plane& a, Transform transform, bool reversible) {  // HOR_SD, HOR_SR
  for (int64_t y = a.area.y0; y < a.area.y1; ++y) {
    std::vector<double> row;
    for (int64_t x = a.area.x0; x < a.area.x1; ++x) row.push_back(a.at(x, y));
    transform(row, a.area.x0, reversible);
    for (int64_t x = a.area.x0; x < a.area.x1; ++x) a.at(x, y) = row[x - a.area.x0];
  }
}

void transform_columns(Plane& a, Transform transform, bool reversible) {  // VER_SD, VER_SR
  for (int64_t x = a.area.x0; x < a.area.x1; ++x) {
    std::vector<double> column;
    for (int64_t y = a.area.y0; y < a.area.y1; ++y) column.push_back(a.at(x, y));
    transform(column, a.area.y0, reversible);
    for (int64_t y = a.area.y0; y < a.area.y1; ++y) a.at(x, y) = column[y - a.area.y0];
  }
}

/// 2D_DEINTERLEAVE and 2D_INTERLEAVE: sample (u, v) of a subband lies at (2u + xo, 2v + yo).
std::pair<int64_t, int64_t> interleaved(Orientation o, int64_t u, int64_t v) {
  const int xo = o == Orientation::HL || o == Orientation::HH;
  const int yo = o == Orientation::LH || o == Orientation::HH;
  return {2 * u + xo, 2 * v + yo};
}

Plane pick(const Plane& a, Orientation o, const Rect& area) {
  Plane band(area);
  for (int64_t v = area.y0; v < area.y1; ++v)
    for (int64_t u = area.x0; u < area.x1; ++u) {
      const auto [x, y] = interleaved(o, u, v);
      band.at(u, v) = a.at(x, y);
    }
  return band;
}

void place(Plane& a, Orientation o, const Plane& band) {
  for (int64_t v = band.area.y0; v < band.area.y1; ++v)
    for (int64_t u = band.area.x0; u < band.area.x1; ++u) {
      const auto [x, y] = interleaved(o, u, v);
      a.at(x, y) = band.at(u, v);
    }
}

}  // namespace

/// FDWT, F.4.1: 2D_SD from the highest resolution down.
std::vector<Plane> forward_wavelet(const Plane& samples, const TileComponent& component, bool reversible) {
  const auto& resolutions = component.resolutions;
  std::vector<Plane> bands(3 * resolutions.size() - 2, Plane(Rect{}));
  Plane a = samples;
  for (size_t r = resolutions.size() - 1; r > 0; --r) {
    transform_columns(a, analyse, reversible);
    transform_rows(a, analyse, reversible);
    for (const Band& band : resolutions[r].bands) bands[band.index] = pick(a, band.orientation, band.area);
    a = pick(a, Orientation::LL, resolutions[r - 1].area);
  }
  bands[0] = a;
  return bands;
}

/// IDWT, F.3.1: 2D_SR from the lowest resolution up.
Plane inverse_wavelet(const std::vector<Plane>& bands, const TileComponent& component, bool reversible) {
  const auto& resolutions = component.resolutions;
  Plane a = bands.at(0);
  for (size_t r = 1; r < resolutions.size(); ++r) {
    Plane next(resolutions[r].area);
    place(next, Orientation::LL, a);
    for (const Band& band : resolutions[r].bands) place(next, band.orientation, bands[band.index]);
    transform_rows(next, synthesise, reversible);
    transform_columns(next, synthesise, reversible);
    a = std::move(next);
  }
  return a;
}

}  // namespace blosc2_grok::reference
