// SPDX-License-Identifier: BSD-3-Clause
// Deep images as one component and as two words of 16 bits, lossless, one thread: the table in docs/j2k.md.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>

#include "codec.hpp"

namespace {

using namespace blosc2_grok::j2k;

constexpr uint32_t kSide = 512;
constexpr std::size_t kSamples = std::size_t{kSide} * kSide;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Waves with noise of 2^-14 of the range.
std::vector<uint32_t> waves(int bits) {
  std::mt19937_64 random(1);
  const double most = std::ldexp(1.0, bits) - 1;
  std::normal_distribution<double> noise(0, std::ldexp(most, -14));
  std::vector<uint32_t> samples;
  for (uint32_t y = 0; y < kSide; ++y) {
    for (uint32_t x = 0; x < kSide; ++x) {
      const double wave = (0.5 + 0.3 * std::sin(0.02 * x) * std::cos(0.03 * y)) * most;
      samples.push_back(uint32_t(std::clamp(wave + noise(random), 0.0, most)));
    }
  }
  return samples;
}

std::vector<uint16_t> words(const std::vector<uint32_t>& samples) {
  std::vector<uint16_t> low_and_high;
  for (const int shift : {0, 16}) {
    for (const uint32_t sample : samples) low_and_high.push_back(uint16_t(sample >> shift));
  }
  return low_and_high;
}

ConstImageView view_of(const void* samples, uint32_t components, int bits) {
  static constexpr std::ptrdiff_t kOffsets[] = {0, kSamples};
  ConstImageView view;
  view.samples = static_cast<const std::byte*>(samples);
  view.rows = view.columns = kSide, view.row_stride = kSide;
  view.components = components, view.bits = bits, view.bytes_per_sample = bits > 16 ? 4 : 2;
  view.component_offsets = {kOffsets, components};
  return view;
}

void measure(const char* name, const ConstImageView& view, bool high_throughput) {
  EncodeOptions options;
  options.high_throughput = high_throughput;
  Workspace workspace;
  std::vector<std::byte> memory(4 * kSamples);
  ImageView back;
  back.samples = memory.data();
  back.rows = view.rows, back.columns = view.columns, back.row_stride = view.row_stride;
  back.components = view.components, back.bits = view.bits, back.bytes_per_sample = view.bytes_per_sample;
  back.component_offsets = view.component_offsets;
  double in = INFINITY, out = INFINITY;
  std::size_t bytes = 0;
  for (int i = 0; i < 5; ++i) {
    const double begin = seconds();
    const std::span<const uint8_t> stream = encode(view, options, workspace);
    const std::vector<uint8_t> copy(stream.begin(), stream.end());
    const double middle = seconds();
    decode(copy, back, workspace);
    in = std::min(in, middle - begin), out = std::min(out, seconds() - middle);
    bytes = copy.size();
  }
  const bool exact = std::equal(memory.begin(), memory.end(), view.samples);
  const double megabytes = 4e-6 * double(kSamples);
  std::printf("  %-7s %-9s %8zu bytes, %6.1f MB/s in, %6.1f out%s\n", high_throughput ? "HT" : "Part 1", name, bytes,
              megabytes / in, megabytes / out, exact ? "" : ", WRONG");
}

}  // namespace

int main() {
  for (const int bits : {20, 24, 26, 27, 29, 31}) {
    std::printf("%d bits\n", bits);
    const std::vector<uint32_t> samples = waves(bits);
    const std::vector<uint16_t> split = words(samples);
    for (const bool high_throughput : {true, false}) {
      measure("one", view_of(samples.data(), 1, bits), high_throughput);
      measure("two words", view_of(split.data(), 2, 16), high_throughput);
    }
  }
}
