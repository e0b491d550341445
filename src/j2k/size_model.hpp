// SPDX-License-Identifier: BSD-3-Clause
// A guess of the codestream's size for any step, from a histogram of coefficient magnitudes: good enough to begin a
// search, and bent by what was measured good enough to end it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace blosc2_grok::j2k {

class SizeModel {
 public:
  // `scale` brings magnitudes to the base step's unit; `weight` samples are stood for by each value.
  void add(const float* row, std::size_t count, float scale, uint64_t weight) {
    for (std::size_t i = 0; i < count; ++i) {
      // Quarters of an octave, nearly: the exponent and two bits of the mantissa.
      counts_[std::bit_cast<uint32_t>(row[i] * scale) << 1 >> 22] += weight;
    }
  }

  double bytes(double log_step) const {
    const double octaves_of_first = (double(kFirst) + 0.5) / kBinsPerOctave - 127 - log_step;
    // Zeros far below the step cost nothing.
    const auto start = kFirst + std::size_t(std::max(0.0, std::ceil((-8 - octaves_of_first) * kBinsPerOctave)));
    double octaves = octaves_of_first + double(start - kFirst) / kBinsPerOctave, bits = 0;
    double zero = 0.5 * std::exp2(1.5 * octaves);
    for (std::size_t i = start; i < kLast; ++i, octaves += 1.0 / kBinsPerOctave) {
      if (counts_[i] != 0) bits += double(counts_[i]) * cost(octaves, zero);
      zero = octaves < kSoft ? zero * kZeroGrowth : 0;
    }
    return kTypical * bits / 8;
  }

  // The step of a size, as a logarithm.
  double solve(double target, double low, double high) const {
    for (int i = 0; i < 18; ++i) {
      const double middle = 0.5 * (low + high);
      (bytes(middle) > target ? low : high) = middle;
    }
    return high;
  }

 private:
  // Bits of a coefficient `octaves` above the step: its magnitude, and some for sign and significance; `zero`, fewer and
  // fewer, below it. No jump between, so that sizes are smooth over steps.
  static double cost(double octaves, double zero) {
    if (octaves >= kSoft) return octaves + kOverhead;
    if (octaves <= -kSoft) return zero;
    const double share = 0.5 + 0.5 * octaves / kSoft;
    return share * (std::max(octaves, 0.0) + kOverhead) + (1 - share) * zero;
  }

  static constexpr double kBinsPerOctave = 4;
  static constexpr std::size_t kBins = 1024, kFirst = 4 * 100, kLast = 4 * 160;  // 2^-27 to 2^33
  static constexpr double kZeroGrowth = 1.2968395546510096;  // 2^(1.5 / kBinsPerOctave)
  static constexpr double kOverhead = 2.2, kSoft = 0.25;
  static constexpr double kTypical = 1.4;  // of real sizes over these bits

  std::array<uint64_t, kBins> counts_{};
};

// A model, bent to go through what was measured.
class SizeCurve {
 public:
  explicit SizeCurve(const SizeModel& model) : model_(model) {}

  // `log_step` gives `size` bytes. Two measures tell how steep the curve is, if they are of one kind.
  void add(double log_step, double size, bool same_kind) {
    const double modelled = std::max(model_.bytes(log_step), 1.0);
    if (same_kind && size_ > 0 && std::fabs(log_step - log_step_) >= kTellingDistance) {
      const double steepness = std::log(size / size_) / std::log(modelled / modelled_);
      if (std::isfinite(steepness)) steepness_ = std::clamp(steepness, 0.25, 4.0);
    }
    log_step_ = log_step, size_ = size, modelled_ = modelled;
  }

  // The step of a size, as a logarithm.
  double solve(double target, double low, double high) const {
    const double modelled = size_ > 0 ? modelled_ * std::pow(target / size_, 1 / steepness_) : target;
    return model_.solve(modelled, low, high);
  }

 private:
  static constexpr double kTellingDistance = 0.05;
  const SizeModel& model_;
  double log_step_ = 0, size_ = 0, modelled_ = 0;  // the last measure; size 0: none yet
  double steepness_ = 1;                           // of the curve, in the model's logarithms
};

}  // namespace blosc2_grok::j2k
