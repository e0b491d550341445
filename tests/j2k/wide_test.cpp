// SPDX-License-Identifier: BSD-3-Clause
// Samples of 27 to 31 bits, which go through 64-bit numbers: against the reference codec, and against the 32-bit path
// where both can take the same coefficients.
#include <gtest/gtest.h>

#include "../reference/wavelet.hpp"
#include "integer_math.hpp"
#include "random_case.hpp"
#include "reference_image.hpp"
#include "wide_case.hpp"

namespace blosc2_grok::j2k::test {
namespace {

void expect_reference_reads(const std::vector<uint8_t>& bytes, const Image& image) {
  EXPECT_EQ(largest_difference(planar_copy(image), from_reference(reference::decode(bytes))), 0);
}

TEST(Wide, RandomCasesComeBackExactly) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(400); ++seed) expect_comes_back(wide_case(uint64_t(seed) + 41000000), workspace);
}

TEST(Wide, TheReferenceReadsTheSameSamples) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(250); ++seed) {
    const Case test = wide_case(uint64_t(seed) + 42000000);
    SCOPED_TRACE(test.name);
    expect_reference_reads(encode_case(test, workspace), test.image);
  }
}

TEST(Wide, WeReadTheReferencesStreams) {
  Workspace workspace;
  int read = 0;
  for (int seed = 0; seed < case_count(300); ++seed) {
    reference::CaseLimits limits;
    limits.lossy = false, limits.least_bits = kLeastWide, limits.most_bits = kMostBits;
    if (seed % 2 != 0) limits.most_passes = 3, limits.most_skipped_planes = 2, limits.most_placeholder_sets = 2;
    reference::Case test = reference::random_case(uint64_t(seed) + 43000000, limits);
    test.options.guard_bits = 5 + seed % 3;
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + reference::describe(test));
    const reference::Bytes bytes = reference::encode(test.image, test.options);
    const Image expected = from_reference(reference::decode(bytes));
    Image got = expected;
    got.allocate();
    decode(bytes, got.view(), workspace, {0, unsigned(1 + seed % 3)});
    EXPECT_EQ(largest_difference(got, expected), 0);
    ++read;
  }
  EXPECT_GT(read, 0);
}

// What a coefficient of the transform makes of each sample of a row, as a share of it.
std::vector<double> analysis_weights(int count, int levels, bool high) {
  constexpr double kUnit = 1 << 20;
  std::vector<double> weights;
  for (int i = 0; i < count; ++i) {
    std::vector<double> signal(std::size_t(count), 0.0);
    signal[std::size_t(i)] = kUnit;
    for (int level = 1; level <= levels; ++level) {
      reference::analyse(signal, 0, true);
      std::vector<double> half;
      for (std::size_t k = level == levels && high ? 1 : 0; k < signal.size(); k += 2) half.push_back(signal[k]);
      signal = half;
    }
    weights.push_back(signal[signal.size() / 2] / kUnit);
  }
  return weights;
}

// Lows and highs after the signs of the weights of both axes: nothing makes the coefficient larger.
Image worst_image(const std::vector<double>& rows, const std::vector<double>& columns, const Image& kind) {
  Image image = kind;
  image.rows = uint32_t(rows.size()), image.columns = uint32_t(columns.size());
  image.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        // Green against red and blue: the colour differences double.
        const bool is_high = (rows[y] * columns[x] > 0) == (c != 1);
        image.set(c, y, x, is_high ? image.high() : image.low());
      }
    }
  }
  return image;
}

double sum_of_sizes(const std::vector<double>& weights) {
  double sum = 0;
  for (const double weight : weights) sum += std::abs(weight);
  return sum;
}

TEST(Wide, TheGreatestGainOfEachBandComesBack) {
  Workspace workspace;
  double greatest = 0;
  for (int i = 0; i < 64; ++i) {
    const int levels = 1 + i % 6, band = i / 6 % 4;
    const bool ht = i % 2 == 0, colours = i % 3 == 0;
    const int side = 64 << std::min(levels, 3);
    const std::vector<double> rows = analysis_weights(side, levels, (band & 2) != 0);
    const std::vector<double> columns = analysis_weights(side, levels, (band & 1) != 0);
    greatest = std::max(greatest, sum_of_sizes(rows) * sum_of_sizes(columns));
    Image kind;
    kind.components = colours ? 3 : 1;
    kind.bits = i % 5 == 0 ? kLeastWide : kMostBits, kind.bytes = 4, kind.is_signed = i % 4 < 2;
    Case test{worst_image(rows, columns, kind), {}, ""};
    test.options.resolutions = levels + 1, test.options.mct = colours, test.options.high_throughput = ht;
    test.name = std::to_string(levels) + " levels, band " + std::to_string(band) + ", ht " + std::to_string(ht);
    SCOPED_TRACE(test.name);
    expect_comes_back(test, workspace);
    if (side <= 256) expect_reference_reads(encode_case(test, workspace), test.image);
  }
  EXPECT_GT(greatest, 7.5);
}

TEST(Wide, AnyNumberOfThreadsWritesAndReadsTheSame) {
  Workspace workspace;
  for (uint32_t i = 0; i < 6; ++i) {
    Random random(i);
    Case test;
    test.image.rows = 700 + i, test.image.columns = 330 - i, test.image.components = i % 2 == 0 ? 1 : 3;
    test.image.bits = int(kLeastWide + i % 5), test.image.bytes = 4;
    fill(test.image, Content::kSmooth, random);
    test.options.high_throughput = i < 3, test.options.mct = i % 2 != 0;
    const std::vector<uint8_t> bytes = encode_case(test, workspace);
    for (const unsigned threads : {2u, 5u}) {
      test.options.threads = threads;
      EXPECT_EQ(encode_case(test, workspace), bytes);
      Image back = test.image;
      back.allocate();
      decode(bytes, back.view(), workspace, {0, threads});
      EXPECT_TRUE(back.memory == test.image.memory);
    }
  }
}

// The components' depth in SIZ.
void set_depth(std::vector<uint8_t>& bytes, const Image& image, int bits) {
  for (uint32_t c = 0; c < image.components; ++c)
    bytes[42 + 3 * c] = uint8_t((image.is_signed ? 0x80 : 0) | (bits - 1));
}

// A stream of few bits, whose header then says more: the coefficients are the same, and only the clipping differs.
TEST(Wide, LayersAndResolutionsAreThoseOfTheNarrowPath) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(200); ++seed) {
    Case test = random_case(uint64_t(seed) + 44000000, 20, 6);
    Random random{uint64_t(seed)};
    test.options.high_throughput = seed % 3 == 0;
    if (!test.options.high_throughput) {
      test.options.block_style = int(pick(random, 0, 63));
      const std::size_t bytes = test.image.samples() * std::size_t(test.image.bits) / 8;
      test.options.layers = {{bytes / 12 + 200, 0}, {bytes / 4 + 400, 0}, {}};
    }
    SCOPED_TRACE(test.name);
    std::vector<uint8_t> bytes = encode_case(test, workspace);
    const DecodeOptions options{int(random() % uint64_t(std::min(4, test.options.resolutions))), 1, seed % 4};
    Image narrow = test.image;
    const auto reduced = [&](uint32_t offset, uint32_t count) {
      const int64_t end = int64_t{offset} + count;
      return uint32_t(ceil_shift(end, options.reduce) - ceil_shift(int64_t{offset}, options.reduce));
    };
    narrow.rows = reduced(test.options.image_offset.height, test.image.rows);
    narrow.columns = reduced(test.options.image_offset.width, test.image.columns);
    if (narrow.rows == 0 || narrow.columns == 0) continue;
    narrow.allocate();
    decode(bytes, narrow.view(), workspace, options);
    Image wide = narrow;
    wide.bits = kMostBits, wide.bytes = 4;
    wide.allocate();
    set_depth(bytes, wide, kMostBits);
    decode(bytes, wide.view(), workspace, options);
    const int64_t shift = narrow.is_signed ? 0 : (int64_t{1} << (kMostBits - 1)) - (int64_t{1} << (narrow.bits - 1));
    for (uint32_t c = 0; c < wide.components; ++c) {
      for (uint32_t y = 0; y < wide.rows; ++y) {
        for (uint32_t x = 0; x < wide.columns; ++x) {
          const int64_t value = std::clamp<int64_t>(wide.get(c, y, x) - shift, narrow.low(), narrow.high());
          ASSERT_EQ(value, narrow.get(c, y, x)) << c << ", " << y << ", " << x;
        }
      }
    }
  }
}

TEST(Wide, WhatIsNotLosslessIsRefused) {
  Workspace workspace;
  Random random(1);
  Case test;
  test.image.rows = test.image.columns = 40, test.image.bits = kLeastWide, test.image.bytes = 4;
  fill(test.image, Content::kSmooth, random);
  const auto expect_refused = [&](auto&& change) {
    Case changed = test;
    change(changed.options);
    EXPECT_THROW(encode_case(changed, workspace), Error);
  };
  expect_refused([](EncodeOptions& o) { o.reversible = false; });
  expect_refused([](EncodeOptions& o) { o.target_mse = 10; });
  expect_refused([](EncodeOptions& o) { o.target_bytes = 1000; });
  expect_refused([](EncodeOptions& o) { o.high_throughput = false, o.layers = {{1000, 0}}; });
  expect_refused([](EncodeOptions& o) { o.high_throughput = false, o.region_shift = 33; });
  test.image.bits = kMostBits + 1;
  expect_refused([](EncodeOptions&) {});
}

TEST(Wide, IrreversibleStreamsAndRegionsAreRefused) {
  Workspace workspace;
  Random random(2);
  Case test;
  test.image.rows = test.image.columns = 40, test.image.bits = 12, test.image.bytes = 2, test.image.is_signed = true;
  fill(test.image, Content::kSmooth, random);
  const auto expect_refused = [&] {
    std::vector<uint8_t> bytes = encode_case(test, workspace);
    set_depth(bytes, test.image, 28);
    Image wide = test.image;
    wide.bits = 28, wide.bytes = 4;
    wide.allocate();
    EXPECT_THROW(decode(bytes, wide.view(), workspace), Error);
  };
  test.options.reversible = false;
  expect_refused();
  test.options.reversible = true, test.options.high_throughput = false, test.options.region_shift = 16;
  expect_refused();
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
