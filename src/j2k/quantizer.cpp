// SPDX-License-Identifier: BSD-3-Clause
// Gains of the two wavelet transforms and the step sizes that follow from them.
#include "quantizer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace blosc2_grok::j2k {
namespace {

struct Gain {
  double low, high;
};

// Sums of absolute values of the analysis filters by level: what a worst input can reach, rounded up.
constexpr Gain kLargest53[] = {{1.5, 2.0}, {1.625, 2.5}, {1.6875, 2.75}, {1.7, 2.81}, {1.72, 2.88}};
constexpr Gain kLargest97[] = {{1.39, 2.60}, {1.34, 2.63}, {1.31, 2.56}};
// L2 norms of the synthesis filters by level; from the last one on they grow by the square root of 2.
constexpr Gain kNorm53[] = {{1.22474, 0.84779},  {1.65831, 0.96014}, {2.3184, 1.25934},  {3.26917, 1.74441},
                            {4.61993, 2.45387},  {6.53237, 3.46565}, {9.23775, 4.89953}, {13.064, 6.9284},
                            {18.47523, 9.79803}, {26.1279, 13.85643}};
constexpr Gain kNorm97[] = {{1.40211, 0.72126},   {2.03037, 0.98347},  {2.90116, 1.44196}, {4.11529, 2.07376},
                            {5.82451, 2.94732},   {8.23876, 4.17359},  {11.65195, 5.9043}, {16.47856, 8.35064},
                            {23.30428, 11.80983}, {32.95725, 16.70171}};

template <std::size_t N>
Gain gain_at(const Gain (&table)[N], int level) {
  return table[std::min<std::size_t>(std::size_t(level - 1), N - 1)];
}

double over_both_axes(const Gain& gain, int band) {
  return ((band & 1) != 0 ? gain.high : gain.low) * ((band & 2) != 0 ? gain.high : gain.low);
}

double largest_gain(bool reversible, int level, int band) {
  if (level == 0) return 1.0;
  return over_both_axes(reversible ? gain_at(kLargest53, level) : gain_at(kLargest97, level), band);
}

constexpr int kMostExponent = 31;  // five bits of QCD

// Mb that the worst input needs.
int reversible_bits(int bits, bool mct, int level, int band) {
  const double largest = std::ldexp(largest_gain(true, level, band), bits - 1 + (mct ? 1 : 0)) + 2.0;
  return std::bit_width(uint64_t(largest));
}

int reversible_exponent(int bits, bool mct, int guard_bits, int level, int band) {
  const int least = reversible_bits(bits, mct, level, band) + 1 - guard_bits;
  return std::clamp(std::max(least, bits + band_gain_log2(band) + (mct ? 1 : 0)), 0, kMostExponent);
}

uint16_t irreversible_step(int bits, int guard_bits, double step, int band) {
  const int range = bits + band_gain_log2(band);
  int floor_log = int(std::floor(std::log2(step)));
  int mantissa = int(std::lround((std::ldexp(step, -floor_log) - 1.0) * 2048.0));
  if (mantissa == 2048) mantissa = 0, ++floor_log;
  const int exponent = range - floor_log, most = 29 - guard_bits;
  if (exponent > most) return uint16_t(most << 11);
  return exponent < 0 ? 0x7FF : uint16_t(exponent << 11 | mantissa);
}

template <class Visit>
void for_each_band(int levels, Visit&& visit) {
  for (int r = 0; r <= levels; ++r) {
    const int level = r == 0 ? levels : levels - r + 1;
    for (int band = r == 0 ? 0 : 1; band <= (r == 0 ? 0 : 3); ++band) visit(r, level, band);
  }
}

}  // namespace

double synthesis_norm(bool reversible, int level, int band) {
  if (level == 0) return 1.0;
  static_assert(std::size(kNorm53) == std::size(kNorm97));
  constexpr int kTable = int(std::size(kNorm97));
  const double more = level > kTable ? std::exp2((level - kTable) / 2.0) : 1.0;
  const Gain gain = reversible ? gain_at(kNorm53, level) : gain_at(kNorm97, level);
  return over_both_axes({gain.low * more, gain.high * more}, band);
}

void set_quantization_steps(int bits, bool mct, int guard_bits, double base_step, ComponentCoding& coding) {
  coding.quant_style = coding.reversible ? QuantStyle::kNone : QuantStyle::kExpounded;
  coding.guard_bits = std::clamp(guard_bits, 0, 7);
  if (coding.reversible) {
    for_each_band(coding.levels, [&](int, int level, int band) {
      coding.guard_bits = std::max(coding.guard_bits, reversible_bits(bits, mct, level, band) + 1 - kMostExponent);
    });
  } else {
    // E-2 holds for any step when the largest gain is within 2^(guard bits + gain of the band); 1 % for rounding.
    for_each_band(coding.levels, [&](int, int level, int band) {
      const double needed = std::log2(1.01 * largest_gain(false, level, band)) - band_gain_log2(band);
      coding.guard_bits = std::max(coding.guard_bits, int(std::ceil(needed)));
    });
  }
  for_each_band(coding.levels, [&](int r, int level, int band) {
    coding.steps[band_index(r, band)] =
        coding.reversible
            ? uint16_t(reversible_exponent(bits, mct, coding.guard_bits, level, band) << 11)
            : irreversible_step(bits, coding.guard_bits, base_step / synthesis_norm(false, level, band), band);
  });
}

int largest_magnitude_bits(const ComponentCoding& coding) {
  int largest = 0;
  for_each_band(coding.levels, [&](int r, int, int band) {
    largest = std::max(largest, coding.guard_bits + coding.exponent(r, band) - 1);
  });
  return largest;
}

}  // namespace blosc2_grok::j2k
