// SPDX-License-Identifier: BSD-3-Clause
// Asked sizes and errors are met: sizes within 0.97 and 1, errors within 0 and 0.5 dB below.
#include <gtest/gtest.h>

#include "openjpeg_witness.hpp"
#include "quantizer.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k::test {
namespace {

struct Setting {
  uint32_t rows, columns, components;
  int bits;
  double noise;
  uint32_t tile;
};
constexpr Setting kSettings[] = {{512, 512, 1, 8, 0.01, 0},    {333, 501, 3, 8, 0.02, 0},
                                 {512, 640, 1, 16, 0.001, 0},  {700, 300, 1, 12, 0.01, 256},
                                 {256, 256, 1, 16, 0.0001, 0}, {64, 64, 1, 16, 0.01, 0}};

EncodeOptions options_for(const Setting& s) {
  EncodeOptions options;
  options.reversible = false;
  options.mct = s.components == 3;
  options.tile = {s.tile, s.tile};
  return options;
}

TEST(RateControl, SizesAreMet) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 5);
    for (const double rate : {4.0, 8.0, 20.0}) {
      EncodeOptions options = options_for(s);
      options.target_bytes = std::size_t(double(image.memory.size()) / rate);
      const double size = double(encode(image.view(), options, workspace).size());
      const double share = size / double(options.target_bytes);
      EXPECT_LE(share, 1.0) << s.rows << " x " << s.columns << " at " << rate;
      EXPECT_GE(share, 0.97) << s.rows << " x " << s.columns << " at " << rate;
    }
  }
}

TEST(RateControl, ErrorsAreMet) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 6);
    const double peak = std::ldexp(1.0, s.bits) - 1;
    for (const double asked : {30.0, 40.0, 48.0, 60.0, 75.0}) {
      EncodeOptions options = options_for(s);
      options.target_mse = peak * peak / std::pow(10.0, asked / 10);
      if (options.target_mse < 0.05) continue;
      const std::span<const uint8_t> bytes = encode(image.view(), options, workspace);
      const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
      Image back = image;
      decode(copy, back.view(), workspace);
      const double got = 10 * std::log10(peak * peak / mean_squared_error(back, image));
      EXPECT_GE(got, asked) << s.rows << " x " << s.columns << " of " << s.bits << " bits";
      EXPECT_LE(got, asked + 0.5) << s.rows << " x " << s.columns << " of " << s.bits << " bits";
    }
  }
}

TEST(RateControl, FiveThreeLeavesOutBitPlanes) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 7);
    double last = 0;
    for (const double rate : {20.0, 8.0, 4.0}) {
      EncodeOptions options = options_for(s);
      options.reversible = true;
      options.target_bytes = std::size_t(double(image.memory.size()) / rate);
      const std::span<const uint8_t> bytes = encode(image.view(), options, workspace);
      const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
      EXPECT_LE(copy.size(), options.target_bytes) << s.rows << " x " << s.columns << " at " << rate;
      Image back = image;
      decode(copy, back.view(), workspace);
      if (back.memory != image.memory && options.target_bytes > 4096) {
        EXPECT_GE(copy.size(), 0.9 * double(options.target_bytes)) << s.rows << " x " << s.columns << " at " << rate;
      }
      const double reached = -mean_squared_error(back, image);
      EXPECT_TRUE(last == 0 || reached > last) << s.rows << " x " << s.columns << " at " << rate;
      last = reached;
      Image witness = image;
      openjpeg_decode(copy, witness);
      EXPECT_EQ(witness.memory, back.memory) << s.rows << " x " << s.columns << " at " << rate;
    }
  }
}

// The loss that the encoder tells is that of decoding, to the last count.
void expect_true_loss(const Image& image, const EncodeOptions& options, Workspace& workspace) {
  const std::span<const uint8_t> bytes = encode(image.view(), options, workspace);
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  const std::optional<Loss> told = workspace.report().loss;
  Image back = image;
  back.allocate();
  decode(copy, back.view(), workspace);
  Loss loss;
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        const int64_t difference = std::abs(int64_t{back.get(c, y, x)} - image.get(c, y, x));
        loss.greatest = std::max(loss.greatest, difference);
        loss.squares += double(difference) * double(difference);
      }
    }
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(told->greatest, loss.greatest);
  EXPECT_DOUBLE_EQ(told->squares, loss.squares);
}

TEST(Loss, ToldIsWhatDecodingGives) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 7);
    EncodeOptions options = options_for(s);
    options.measure_loss = true;
    SCOPED_TRACE(std::to_string(s.rows) + " x " + std::to_string(s.columns));
    for (const unsigned threads : {1u, 2u}) {
      options.threads = threads;
      options.target_bytes = image.memory.size() / 7;
      expect_true_loss(image, options, workspace);
      options.target_bytes = 0;
      options.target_mse = std::ldexp(1.0, 2 * s.bits - 16);
      expect_true_loss(image, options, workspace);
      options.target_mse = 0;
      options.base_step = 0.3 + s.noise;
      expect_true_loss(image, options, workspace);
    }
  }
}

TEST(Loss, BytesAreTheSameWhetherItIsToldOrNot) {
  Workspace workspace;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Case test = random_case(8300000 + seed);
    SCOPED_TRACE(test.name);
    test.options.reversible = false;
    test.options.base_step = 0.2 + double(seed % 7);
    const auto plain = encode(test.image.view(), test.options, workspace);
    const std::vector<uint8_t> bytes(plain.begin(), plain.end());
    EXPECT_FALSE(workspace.report().loss);
    test.options.measure_loss = true;
    const auto measured = encode(test.image.view(), test.options, workspace);
    EXPECT_TRUE(std::equal(measured.begin(), measured.end(), bytes.begin(), bytes.end()));
    EXPECT_TRUE(workspace.report().loss);
  }
}

TEST(Loss, ToldIsWhatDecodingGivesForAnySettings) {
  Workspace workspace;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Case test = random_case(8200000 + seed, 26);
    SCOPED_TRACE(test.name);
    test.options.reversible = false;
    test.options.measure_loss = true;
    if (seed % 5 == 0) {
      test.options.base_step = 0.1 + double(seed);
    } else if (seed % 2 == 0) {
      test.options.target_bytes = 200 + test.image.memory.size() / (1 + seed % 9);
    } else {
      test.options.target_mse = std::ldexp(1.0, 2 * int(seed % uint64_t(test.image.bits)));
    }
    expect_true_loss(test.image, test.options, workspace);
  }
}

// Resolutions with other steps than the report's base step makes.
std::vector<int> resolutions_of_their_own(const Image& image, const EncodeOptions& options, Workspace& workspace) {
  const ComponentCoding& coding = workspace.impl().header.coding.components[0];
  ComponentCoding plain = coding;
  set_quantization_steps(image.bits, options.mct, options.guard_bits, workspace.report().base_step, plain);
  std::vector<int> found;
  for (int r = 0; r <= coding.levels; ++r) {
    for (int band = r == 0 ? 0 : 1; band <= (r == 0 ? 0 : 3); ++band) {
      const auto index = std::size_t(band_index(r, band));
      if (coding.steps[index] != plain.steps[index]) found.push_back(r);
    }
  }
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// Components are coded alike, so that one's steps tell all.
TEST(RateControl, OneResolutionMakesUpForWhatIsMissing) {
  Workspace workspace;
  int cases = 0, with_own = 0;
  for (const Setting& s : kSettings) {
    for (uint32_t i = 0; i < 24; ++i) {
      const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 900 + i);
      EncodeOptions options = options_for(s);
      options.measure_loss = true;
      options.high_throughput = i % 4 != 3;
      options.target_bytes = std::size_t(double(image.memory.size()) / (3.0 + i));
      if (i % 5 == 4) options.target_mse = 1.0;  // a bound that the size goes beyond
      SCOPED_TRACE(std::to_string(s.rows) + " x " + std::to_string(s.columns) + ", " + std::to_string(i));
      expect_true_loss(image, options, workspace);
      const std::span<const uint8_t> bytes = encode(image.view(), options, workspace);
      const std::vector<uint8_t> alone(bytes.begin(), bytes.end());
      const std::vector<int> own = resolutions_of_their_own(image, options, workspace);
      EXPECT_LE(own.size(), s.tile == 0 ? 1u : 0u);
      ++cases, with_own += int(own.size());
      options.threads = 3;
      const auto shared = encode(image.view(), options, workspace);
      EXPECT_TRUE(std::equal(shared.begin(), shared.end(), alone.begin(), alone.end()));
      Image back = image, witness = image;
      decode(alone, back.view(), workspace);
      openjpeg_decode(alone, witness);
      EXPECT_LE(largest_difference(back, witness), s.bits > 12 ? 2 : 1);  // OpenJPEG is off by 2 from 14 bits on
    }
  }
  EXPECT_GT(with_own, cases / 10);  // else nothing has been tested
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
