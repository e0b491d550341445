// SPDX-License-Identifier: BSD-3-Clause
// A guess of the codestream's size for any step, from a histogram of coefficient magnitudes: good enough to begin a
// search, and bent by what was measured good enough to end it. Fitted to HT code of the radiograph, CT, MR and ultrasound
// images of the tests, in blocks of 64 x 64 to 512 x 512 at ratios of 1.7 to 32: within 4 % (rms).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>

namespace blosc2_grok::j2k {

// Of the code-blocks' code.
class SizeModel {
 public:
  // `scale` brings magnitudes to the base step's unit; `weight` samples are stood for by each value.
  void add(const float* row, std::size_t count, float scale, uint64_t weight) {
    for (std::size_t i = 0; i < count; ++i) {
      // Quarters of an octave, nearly: the exponent and two bits of the mantissa.
      counts_[std::bit_cast<uint32_t>(row[i] * scale) << 1 >> 22] += weight;
    }
    samples_ += double(count) * double(weight);
  }

  // Once all have been added.
  void finish() {
    std::array<double, kSteps> bits{};
    // Coefficients above the step: their magnitudes' bits, and some for sign and significance.
    double count = 0, octaves = 0;
    for (std::size_t s = kSteps; s-- > 0;) {
      bits[s] += octaves + kOverhead * count + kJustAbove * in_bin(s);
      octaves += (count + 1.5 * in_bin(s)) / kBinsPerOctave;
      count += in_bin(s);
    }
    // Those below it cost fewer and fewer.
    double zeros = 0;
    for (std::size_t s = 1; s < kSteps; ++s) {
      bits[s] += zeros + kJustBelow * in_bin(s - 1);
      zeros = zeros / kZeroGrowth + kFirstZero * in_bin(s - 1);
    }
    for (std::size_t s = 0; s < kSteps; ++s) bytes_[s] = std::max(typical_bytes(bits[s]), kLeast);
  }

  double bytes(double log_step) const {
    const double place = std::clamp((log_step + kBias) * kBinsPerOctave - kFirst, 0.0, kSteps - 1.001);
    const auto s = std::size_t(place);
    return bytes_[s] * std::pow(bytes_[s + 1] / bytes_[s], place - double(s));
  }

  // The step of a size, as a logarithm.
  double solve(double bytes, double low, double high) const {
    bytes = std::max(bytes, kLeast);
    const auto after = std::lower_bound(bytes_.begin() + 1, bytes_.end() - 1, bytes, std::greater<>());
    const double fall = std::log(after[-1] / *after);
    const double share = fall > 0 ? std::clamp(std::log(after[-1] / bytes) / fall, 0.0, 1.0) : 1.0;
    const double place = double(after - 1 - bytes_.begin()) + share;
    return std::clamp((place + kFirst) / kBinsPerOctave - kBias, low, high);
  }

 private:
  double in_bin(std::size_t s) const { return double(counts_[std::size_t(kFirst) + s]); }

  // The more bits a sample, the better the coder does.
  double typical_bytes(double bits) const {
    const double by_count = kTypical * bits / 8;
    return by_count * (0.635 + 0.512 / (1 + 8 * by_count / std::max(1.0, samples_) / 8.1));
  }

  // Step s is the lower end of bin kFirst + s, 2^-27 to 2^33 in all.
  static constexpr double kBinsPerOctave = 4, kBias = 127, kFirst = 4 * 100;
  static constexpr std::size_t kBins = 1024, kSteps = 240;
  static constexpr double kZeroGrowth = 1.2968395546510096;  // 2^(1.5 / kBinsPerOctave)
  static constexpr double kOverhead = 2.2;
  static constexpr double kJustAbove = 1.89, kJustBelow = 0.88;  // no jump between, so that sizes are smooth over steps
  static constexpr double kFirstZero = 0.3386;                   // two bins below the step, 0.5 * 2^(1.5 * -1.5 / 4)
  static constexpr double kTypical = 1.4;                        // of real sizes over these bits
  static constexpr double kLeast = 1e-3;

  std::array<uint64_t, kBins> counts_{};
  std::array<double, kSteps> bytes_{};
  double samples_ = 0;
};

// What a codestream has besides its code-blocks' code: `fixed` bytes, and the headers of blocks that have any.
struct SizeOfHeaders {
  double fixed = 0, codeblocks = 0;

  double with(double code) const { return fixed + code + of_blocks(code); }
  double without(double size) const {
    double code = std::max(1.0, size - fixed);
    for (int i = 0; i < 4; ++i) code = std::max(1.0, size - fixed - of_blocks(code));
    return code;
  }

 private:
  double of_blocks(double code) const { return 5.9 * codeblocks * (1 - std::exp(-code / (9.3 * codeblocks + 1e-9))); }
};

// A model, bent to go through what was measured.
class SizeCurve {
 public:
  SizeCurve(const SizeModel& model, const SizeOfHeaders& headers) : model_(model), headers_(headers) {}

  // `log_step` gives `size` bytes. Two measures tell how steep the curve is, if they are of one kind.
  void add(double log_step, double size, bool same_kind) {
    const double modelled = std::max(model_.bytes(log_step), 1.0), code = headers_.without(size);
    if (same_kind && code_ > 0 && std::fabs(log_step - log_step_) >= kTellingDistance) {
      const double steepness = std::log(code / code_) / std::log(modelled / modelled_);
      if (std::isfinite(steepness)) steepness_ = std::clamp(steepness, 0.25, 4.0);
    }
    log_step_ = log_step, code_ = code, modelled_ = modelled;
  }

  // The step of a size, as a logarithm.
  double solve(double size, double low, double high) const {
    const double code = headers_.without(size);
    return model_.solve(code_ > 0 ? modelled_ * std::pow(code / code_, 1 / steepness_) : code, low, high);
  }

 private:
  static constexpr double kTellingDistance = 0.05;
  const SizeModel& model_;
  const SizeOfHeaders headers_;
  double log_step_ = 0, code_ = 0, modelled_ = 0;  // the last measure; code 0: none yet
  double steepness_ = 1;                           // of the curve, in the model's logarithms
};

}  // namespace blosc2_grok::j2k
