// SPDX-License-Identifier: BSD-3-Clause
// Quality layers of Part 1: each one meets what was asked of it, any number of them decodes as OpenJPEG decodes it,
// and the bytes depend on nothing but the image and the settings.
#include <gtest/gtest.h>

#include "openjpeg_witness.hpp"
#include "truncation.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k::test {
namespace {

std::vector<uint8_t> encoded(const Image& image, const EncodeOptions& options, Workspace& workspace) {
  const std::span<const uint8_t> bytes = encode(image.view(), options, workspace);
  return {bytes.begin(), bytes.end()};
}

Image decoded(std::span<const uint8_t> bytes, const Image& like, Workspace& workspace, int layers = 0) {
  Image image = like;
  image.allocate();
  decode(bytes, image.view(), workspace, {0, 1, layers});
  return image;
}

// OpenJPEG 2.5's 2/K is 3e-5 off, which shows in deep images.
int tolerance(const Image& image, bool reversible) {
  return reversible ? 0 : 1 + (image.bits > 12 ? 1 << (image.bits - 13) : 0);
}

EncodeOptions part1_options(bool reversible) {
  EncodeOptions options;
  options.high_throughput = false;
  options.reversible = reversible;
  options.base_step = 0.5;
  return options;
}

// Random images and settings, one to nine layers of either kind.
Case layered_case(uint64_t seed) {
  Case test = random_case(seed, 16, 6);
  Random random(seed * 77);
  EncodeOptions& options = test.options;
  options.high_throughput = false;
  options.block_style = pick(random, 0, 1) == 0 ? 0 : int(pick(random, 0, 63));
  options.reversible = pick(random, 0, 2) != 0;
  options.base_step = 0.5;
  const bool by_error = pick(random, 0, 2) == 0;
  const uint32_t layers = pick(random, 1, 9);
  const double peak = std::ldexp(1.0, test.image.bits) - 1;
  double bytes = 40 + double(test.image.memory.size()) / pick(random, 10, 80), decibels = pick(random, 12, 40);
  for (uint32_t i = 0; i < layers; ++i) {
    if (by_error) options.layers.push_back({0, peak * peak / std::pow(10.0, decibels / 10)});
    else options.layers.push_back({std::size_t(bytes), 0});
    bytes *= 1.0 + 0.1 * pick(random, 0, 9), decibels += 0.5 * pick(random, 0, 9);
  }
  if (pick(random, 0, 3) == 0) options.layers.back() = {};
  test.name += ", style " + std::to_string(options.block_style) + ", layers " + std::to_string(layers) +
               (by_error ? " by error" : " by bytes") + (options.reversible ? ", 5/3" : ", 9/7");
  return test;
}

TEST(Layers, RandomCasesDecodeAsOpenJpegDecodesThem) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(250); ++seed) {
    const Case test = layered_case(uint64_t(seed) + 9000000);
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = encoded(test.image, test.options, workspace);
    const int layers = int(test.options.layers.size());
    ASSERT_EQ(read_header(bytes).layers, layers);
    double before = INFINITY;
    for (int layer : {1, (layers + 1) / 2, layers}) {
      const Image ours = decoded(bytes, test.image, workspace, layer);
      Image theirs = test.image;
      openjpeg_decode(bytes, theirs, 0, layer);
      ASSERT_LE(largest_difference(ours, theirs), tolerance(test.image, test.options.reversible)) << "layer " << layer;
      const double error = mean_squared_error(ours, test.image);
      // Rounding, and clipping of artificial edges, may turn a little the other way.
      EXPECT_LE(error, 1.02 * before + 0.5 + 1e-5 * std::ldexp(1.0, 2 * test.image.bits)) << "layer " << layer;
      before = error;
    }
    const LayerTarget& last = test.options.layers.back();
    if (last.bytes == 0 && last.mse == 0 && test.options.reversible) EXPECT_EQ(before, 0.0);
    if (last.mse > 0 && test.options.reversible) EXPECT_LE(before, last.mse);
  }
}

constexpr Progression kProgressions[] = {Progression::kLrcp, Progression::kRlcp, Progression::kRpcl, Progression::kPcrl,
                                         Progression::kCprl};

struct Layered {
  Image image;
  std::vector<uint8_t> bytes;
};

// 3 layers of several precincts.
Layered layered_in(Progression progression, Workspace& workspace) {
  Layered layered;
  layered.image.rows = 203, layered.image.columns = 170, layered.image.components = 2;
  layered.image.bits = 8, layered.image.bytes = 1;
  Random random(12);
  fill(layered.image, Content::kNoise, random);
  EncodeOptions options = part1_options(true);
  options.progression = progression;
  options.precincts = {{64, 64}, {32, 32}};
  options.codeblock = {32, 32};
  options.layers = {{6000, 0}, {20000, 0}, {}};
  layered.bytes = encoded(layered.image, options, workspace);
  return layered;
}

Image preview(std::span<const uint8_t> bytes, const Image& of, int reduce, int layers, Workspace& workspace) {
  Image image = of;
  image.rows = uint32_t(ceil_shift(of.rows, reduce)), image.columns = uint32_t(ceil_shift(of.columns, reduce));
  image.allocate();
  decode(bytes, image.view(), workspace, {reduce, 1, layers});
  return image;
}

TEST(Layers, OfFewerResolutionsAreOpenJpegs) {
  Workspace workspace;
  for (const Progression progression : kProgressions) {
    const Layered layered = layered_in(progression, workspace);
    for (int reduce = 0; reduce < 4; ++reduce) {
      for (int layers = 0; layers < 4; ++layers) {
        SCOPED_TRACE(testing::Message() << "progression " << int(progression) << ", reduce " << reduce << ", layers "
                                        << layers);
        const Image ours = preview(layered.bytes, layered.image, reduce, layers, workspace);
        Image theirs = ours;
        openjpeg_decode(layered.bytes, theirs, reduce, layers);
        EXPECT_EQ(largest_difference(ours, theirs), 0);
      }
    }
  }
}

// All bits set are no packets.
TEST(Layers, NothingIsReadBehindTheLastPacketWanted) {
  Workspace workspace;
  const auto expect_front_suffices = [&](Progression progression, int reduce, int layers) {
    const Layered layered = layered_in(progression, workspace);
    std::vector<uint8_t> front = layered.bytes;
    std::fill(front.begin() + std::ptrdiff_t(front.size() / 2), front.end() - 2, uint8_t{0xFF});
    const Image whole = preview(layered.bytes, layered.image, reduce, layers, workspace);
    EXPECT_TRUE(preview(front, layered.image, reduce, layers, workspace).memory == whole.memory);
    EXPECT_THROW(preview(front, layered.image, 0, 0, workspace), Error);
  };
  expect_front_suffices(Progression::kLrcp, 0, 1);
  expect_front_suffices(Progression::kLrcp, 2, 1);
  expect_front_suffices(Progression::kRlcp, 2, 0);
  expect_front_suffices(Progression::kRpcl, 2, 0);
}

TEST(Layers, TheLossToldIsThatOfDecoding) {
  Workspace workspace, decoder;
  for (int seed = 0; seed < case_count(250); ++seed) {
    Case test = layered_case(uint64_t(seed) + 9500000);
    test.options.measure_loss = true;
    if (seed % 5 == 0 && test.image.bits <= 8 && (test.options.block_style & 1) == 0) {
      test.options.region_component = 0, test.options.region_shift = 14;
    }
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = encoded(test.image, test.options, workspace);
    const Image back = decoded(bytes, test.image, decoder);
    ASSERT_TRUE(workspace.report().loss.has_value());
    EXPECT_EQ(workspace.report().loss->greatest, largest_difference(back, test.image));
    const double samples = double(test.image.rows) * test.image.columns * test.image.components;
    EXPECT_NEAR(workspace.report().loss->squares / samples, mean_squared_error(back, test.image),
                1e-9 * (1 + workspace.report().loss->squares));
  }
}

struct Setting {
  uint32_t rows, columns, components;
  int bits;
  double noise;
  uint32_t tile;
};
constexpr Setting kSettings[] = {{512, 512, 1, 8, 0.01, 0},
                                 {333, 501, 3, 8, 0.02, 0},
                                 {512, 640, 1, 16, 0.001, 0},
                                 {700, 300, 1, 12, 0.01, 256}};

TEST(Layers, BytesAreMetByEachLayer) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 15);
    for (const bool reversible : {true, false}) {
      EncodeOptions options = part1_options(reversible);
      options.mct = s.components == 3;
      options.tile = {s.tile, s.tile};
      for (const double rate : {60.0, 25.0, 12.0, 6.0}) {
        options.layers.push_back({std::size_t(double(image.memory.size()) / rate), 0});
        const std::size_t size = encode(image.view(), options, workspace).size();
        EXPECT_LE(size, options.layers.back().bytes) << s.rows << " x " << s.columns << " at " << rate;
        EXPECT_GE(double(size), 0.98 * double(options.layers.back().bytes))
            << s.rows << " x " << s.columns << " at " << rate << " reversible " << reversible;
      }
    }
  }
}

TEST(Layers, ErrorsAreMetByEachLayer) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 16);
    const double peak = std::ldexp(1.0, s.bits) - 1;
    for (const bool reversible : {true, false}) {
      EncodeOptions options = part1_options(reversible);
      options.mct = s.components == 3;
      options.tile = {s.tile, s.tile};
      const double wanted[] = {28.0, 33.0, 35.0, 37.0, 39.0, 41.5};
      for (const double asked : wanted) {
        options.layers.push_back({0, peak * peak / std::pow(10.0, asked / 10)});
      }
      const std::vector<uint8_t> bytes = encoded(image, options, workspace);
      for (int layer = 1; layer <= 6; ++layer) {
        // Below 35 dB a layer is a few passes of a few code-blocks here, and one of them may be 0.7 dB.
        const double most = wanted[layer - 1] < 35 ? 0.75 : 0.2;
        const double error = mean_squared_error(decoded(bytes, image, workspace, layer), image);
        const double over = 10 * std::log10(options.layers[std::size_t(layer - 1)].mse / error);
        EXPECT_GE(over, 0.0) << s.rows << " x " << s.columns << " layer " << layer;
        EXPECT_LE(over, most) << s.rows << " x " << s.columns << " layer " << layer << " reversible " << reversible;
      }
    }
  }
}

TEST(Layers, AHundredEndWithoutLoss) {
  Workspace workspace;
  const Image image = picture(200, 300, 1, 16, 0.001, 17);
  EncodeOptions options = part1_options(true);
  for (int i = 1; i < 100; ++i) options.layers.push_back({std::size_t(600 * i), 0});
  options.layers.push_back({});
  const std::vector<uint8_t> bytes = encoded(image, options, workspace);
  EXPECT_EQ(decoded(bytes, image, workspace).memory, image.memory);
  Image theirs = image;
  openjpeg_decode(bytes, theirs);
  EXPECT_EQ(theirs.memory, image.memory);
  EXPECT_EQ(decoded(bytes, image, workspace, 40).memory, [&] {
    openjpeg_decode(bytes, theirs, 0, 40);
    return theirs.memory;
  }());
}

TEST(Layers, BytesDoNotDependOnThreadsOrKernels) {
  Workspace one, four, plain;
  plain.impl().kernels = plain_kernel_set();
  for (int seed = 0; seed < case_count(30); ++seed) {
    Case test = layered_case(uint64_t(seed) + 9500000);
    if (seed % 5 == 0) test.image = picture(500, 400, 1, 12, 0.01, uint64_t(seed)), test.options.mct = false;
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = encoded(test.image, test.options, one);
    ASSERT_EQ(bytes, encoded(test.image, test.options, plain));
    test.options.threads = 4;
    ASSERT_EQ(bytes, encoded(test.image, test.options, four));
  }
}

// What is not coded must not be missed: as if all bit-planes had been.
TEST(Layers, StoppingEarlyCostsNothing) {
  Workspace workspace;
  for (const Setting& s : kSettings) {
    const Image image = picture(s.rows, s.columns, s.components, s.bits, s.noise, 18);
    EncodeOptions options = part1_options(true);
    options.layers = {{image.memory.size() / 10, 0}};
    const double stopped = mean_squared_error(decoded(encoded(image, options, workspace), image, workspace), image);
    options.layers.push_back({});  // everything is coded
    const double whole = mean_squared_error(decoded(encoded(image, options, workspace), image, workspace, 1), image);
    EXPECT_LE(stopped, 1.01 * whole) << s.rows << " x " << s.columns;
  }
}

TEST(Layers, HighThroughputHasNone) {
  Workspace workspace;
  const Image image = picture(20, 20, 1, 8, 0.01, 19);
  EncodeOptions options;
  options.layers = {{200, 0}};
  EXPECT_THROW(encode(image.view(), options, workspace), Error);
}

TEST(Truncation, TakesTheSteepestPassesThatFit) {
  const EbcotPass steady[] = {{10, 100}, {20, 180}, {30, 190}};
  const EbcotPass late[] = {{10, 1}, {20, 150}, {40, 160}};
  CodedBlock blocks[2];
  blocks[0].pass = steady, blocks[0].passes = 3, blocks[0].energy = 200;
  blocks[1].pass = late, blocks[1].passes = 3, blocks[1].energy = 200;
  std::vector<TruncationPoint> hull;
  add_hull(blocks[1], 1, hull);
  ASSERT_EQ(hull.size(), 2u);  // the first pass lies below the hull
  EXPECT_EQ(hull[0].passes, 2);
  Selection selection;
  selection.start(blocks);
  EXPECT_EQ(selection.take_bytes(40), 40u);
  EXPECT_EQ(selection.passes(0), 2);
  EXPECT_EQ(selection.passes(1), 2);
  EXPECT_EQ(selection.error(), 400.0 - 180 - 150);
  EXPECT_EQ(selection.take_bytes(25), 20u);
  EXPECT_EQ(selection.passes(1), 0);
  EXPECT_EQ(selection.take_bytes(31), 30u);  // what is left takes the pass below the hull
  EXPECT_EQ(selection.passes(1), 1);
  selection.keep();
  EXPECT_EQ(selection.take_bytes(10), 10u);
  EXPECT_EQ(selection.passes(1), 2);
  selection.take_to_error(70.0);
  EXPECT_EQ(selection.passes(0), 2);
  EXPECT_EQ(selection.passes(1), 2);
  selection.take_all();
  EXPECT_EQ(selection.passes(0), 3);
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
