// SPDX-License-Identifier: BSD-3-Clause
// A guess of the codestream's size for any step, from a histogram of coefficient magnitudes: good enough to begin a
// search, and with one measured size as its scale good enough to end it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace blosc2_grok::j2k {

class SizeModel {
 public:
  // `scale` brings magnitudes to the base step's unit; `weight` samples are stood for by each value.
  void add(const float* row, std::size_t count, float scale, double weight) {
    std::array<uint32_t, kBins> counts{};
    for (std::size_t i = 0; i < count; ++i) {
      // Half octaves: the exponent and one bit of the mantissa.
      ++counts[std::bit_cast<uint32_t>(row[i] * scale) << 1 >> 23];
    }
    for (std::size_t i = 0; i < kBins; ++i) counts_[i] += weight * counts[i];
  }

  double bytes(double log_step) const {
    double bits = 0;
    for (std::size_t i = 1; i < kBins; ++i) {
      if (counts_[i] != 0) bits += counts_[i] * cost((double(i) + 0.5) / 2 - 127 - log_step);
    }
    return calibration_ * bits / 8;
  }

  // From now on `log_step` gives `measured` bytes.
  void calibrate(double log_step, double measured) { calibration_ *= measured / std::max(bytes(log_step), 1.0); }

  // The step of a size, as a logarithm.
  double solve(double target, double low, double high) const {
    for (int i = 0; i < 24; ++i) {
      const double middle = 0.5 * (low + high);
      (bytes(middle) > target ? low : high) = middle;
    }
    return high;
  }

 private:
  static constexpr std::size_t kBins = 512;

  // Bits of a coefficient `octaves` above the step: its magnitude, and some for sign and significance; fewer and
  // fewer below it, where it is zero.
  static double cost(double octaves) {
    return octaves >= 0 ? octaves + 2.2 : octaves < -8 ? 0 : 0.5 * std::exp2(octaves);
  }

  std::array<double, kBins> counts_{};
  double calibration_ = 1;
};

}  // namespace blosc2_grok::j2k
