// SPDX-License-Identifier: BSD-3-Clause
/// Scalar quantization with a dead zone, and back (ISO/IEC 15444-1 Annex E).
#include "quantizer.hpp"

#include <cmath>

namespace blosc2_grok::reference {

StepSize band_step(const ComponentParameters& component, const Band& band) {
  const Quantization& q = component.quantization;
  if (q.style != 1) return q.steps.at(band.index);
  const StepSize lowest = q.steps.at(0);
  return {lowest.exponent - component.coding.levels + band.level, lowest.mantissa};
}

double step_value(const ComponentParameters& component, const Band& band, int bits) {
  if (component.coding.reversible) return 1;
  const StepSize step = band_step(component, band);
  const int range = bits + gain_bits(band.orientation);  // R_b, Equation E-4
  return std::ldexp(1 + step.mantissa / 2048.0, range - step.exponent);
}

StepSize make_step(double step, int bits, Orientation orientation) {
  int power = static_cast<int>(std::floor(std::log2(step)));
  int mantissa = static_cast<int>(std::lround((step / std::ldexp(1.0, power) - 1) * 2048));
  if (mantissa == 2048) {
    mantissa = 0;
    ++power;
  }
  const int exponent = bits + gain_bits(orientation) - power;
  if (exponent < 0 || exponent > 31) throw Error("quantization step out of range");
  return {exponent, mantissa};
}

int magnitude_planes(const ComponentParameters& component, const Band& band) {
  return component.quantization.guard_bits + band_step(component, band).exponent - 1;
}

BlockSamples quantize(const Plane& band, const Rect& area, double step) {
  BlockSamples samples(area.width(), area.height());
  for (int64_t y = area.y0; y < area.y1; ++y)
    for (int64_t x = area.x0; x < area.x1; ++x) {
      const size_t i = (y - area.y0) * area.width() + x - area.x0;
      samples.magnitude[i] = static_cast<uint64_t>(std::floor(std::abs(band.at(x, y)) / step));
      samples.negative[i] = band.at(x, y) < 0;
    }
  return samples;
}

void dequantize(const BlockSamples& samples, const Rect& area, double step, bool reversible, Plane& band) {
  for (int64_t y = area.y0; y < area.y1; ++y)
    for (int64_t x = area.x0; x < area.x1; ++x) {
      const size_t i = (y - area.y0) * area.width() + x - area.x0;
      if (samples.magnitude[i] == 0) continue;
      double value = samples.magnitude[i] + 0.5 * std::ldexp(1.0, samples.lowest_plane[i]);
      value = reversible ? std::floor(value) : value * step;
      band.at(x, y) = samples.negative[i] ? -value : value;
    }
}

}  // namespace blosc2_grok::reference
