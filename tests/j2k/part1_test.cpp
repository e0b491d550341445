// SPDX-License-Identifier: BSD-3-Clause
// Part 1 codestreams over random settings and images, with OpenJPEG as the other side in both directions.
#include <gtest/gtest.h>

#include "openjpeg_encoder.hpp"
#include "wide_case.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k::test {
namespace {

Case part1_case(uint64_t seed, int most_bits, int most_levels = 32) {
  Case test = random_case(seed, most_bits, most_levels);
  test.options.high_throughput = false;
  test.options.block_style = seed % 2 == 0 ? 0 : int(seed / 2 % 64);
  test.name += ", style " + std::to_string(test.options.block_style);
  return test;
}

// OpenJPEG 2.5's 2/K is 3e-5 off, which shows in deep images.
int tolerance(const Image& image) { return 1 + (image.bits > 12 ? 1 << (image.bits - 13) : 0); }

TEST(Part1, RandomCasesComeBackExactly) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(400); ++seed) {
    expect_comes_back(part1_case(uint64_t(seed) + 5000000, 26), workspace);
  }
}

TEST(Part1, OpenJpegReadsTheSameSamples) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = part1_case(uint64_t(seed) + 6000000, 16);
    // OpenJPEG's position progressions overflow 32 bits with precincts of 2^15 above 16 decompositions.
    if (test.options.resolutions > 16) test.options.progression = Progression(seed % 2);
    SCOPED_TRACE(test.name);
    expect_openjpeg_decoded(encode_case(test, workspace), test.image);
  }
}

// Beyond 28 bits it refuses; its sums have 32.
TEST(Part1, OpenJpegReadsWideSamples) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(200); ++seed) {
    Case test = wide_case(uint64_t(seed) + 6500000, 12, 28);
    test.options.high_throughput = false;
    test.options.guard_bits = 2;
    SCOPED_TRACE(test.name);
    expect_openjpeg_decoded(encode_case(test, workspace), test.image);
  }
}

TEST(Part1, HeaderSaysPart1) {
  Workspace workspace;
  Case test = part1_case(6000001, 8);
  const std::vector<uint8_t> bytes = encode_case(test, workspace);
  EXPECT_FALSE(read_header(bytes).high_throughput);
  EXPECT_EQ(bytes[6], 0);  // Rsiz
  EXPECT_EQ(bytes[7], 0);
  test.options.block_style = 64;
  EXPECT_THROW(encode_case(test, workspace), Error);
  test.options.high_throughput = true, test.options.block_style = 1;
  EXPECT_THROW(encode_case(test, workspace), Error);
}

TEST(Part1, PlainKernelsWriteAndReadTheSame) {
  Workspace simd, plain;
  plain.impl().kernels = plain_kernel_set();
  for (int seed = 0; seed < case_count(60); ++seed) {
    Case test = part1_case(uint64_t(seed) + 7000000, 16, 6);
    test.options.reversible = seed % 3 != 0;
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = encode_case(test, simd);
    ASSERT_EQ(bytes, encode_case(test, plain));
    Image a = test.image, b = test.image;
    decode(bytes, a.view(), simd);
    decode(bytes, b.view(), plain);
    ASSERT_EQ(a.memory, b.memory);
  }
}

TEST(Part1, IrreversibleStepsKeepSamplesAndOpenJpegAgrees) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = part1_case(uint64_t(seed) + 8000000, 16, 12);
    test.options.reversible = false;
    test.options.base_step = seed % 4 < 2 ? 0.25 : 4.0;
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = encode_case(test, workspace);
    Image ours = test.image, theirs = test.image;
    ours.allocate();
    decode(bytes, ours.view(), workspace);
    openjpeg_decode(bytes, theirs);
    EXPECT_LE(largest_difference(ours, theirs), tolerance(test.image));
    double sum = 0;
    for (uint32_t c = 0; c < test.image.components; ++c) {
      for (uint32_t y = 0; y < test.image.rows; ++y) {
        for (uint32_t x = 0; x < test.image.columns; ++x) {
          sum += std::pow(double(ours.get(c, y, x)) - test.image.get(c, y, x), 2);
        }
      }
    }
    EXPECT_LE(sum / double(test.image.samples()), 1.0 + test.options.base_step * test.options.base_step);
  }
}

// OpenJPEG's 9/7 encoder ends the process on a length of one.
void keep_lengths_above_one(Case& test) {
  const uint32_t side = std::min(test.image.rows, test.image.columns);
  test.options.tile = {}, test.options.tile_offset = {};
  while (test.options.resolutions > 1 && side >> (test.options.resolutions - 1) < 3) --test.options.resolutions;
}

TEST(Part1, OpenJpegsLayersAndStylesAreRead) {
  Workspace workspace;
  int written = 0, layered = 0, whole = 0, exact = 0;
  const int count = case_count(400);
  for (int seed = 0; seed < count; ++seed) {
    Random random{uint64_t(seed) + 9000000};
    Case test = part1_case(uint64_t(seed) + 9000000, 16, 6);
    test.options.reversible = seed % 3 != 0;
    if (!test.options.reversible) keep_lengths_above_one(test);
    const OpenJpegCase wanted = random_openjpeg_case(test, random);
    SCOPED_TRACE(test.name + wanted.name);
    const std::vector<uint8_t> bytes = openjpeg_encode(test.image, wanted.parameters);
    if (bytes.empty()) continue;
    Image ours = test.image, theirs = test.image;
    try {
      openjpeg_decode(bytes, theirs);
    } catch (const std::runtime_error&) {
      continue;  // it does not read all that it writes
    }
    ++written;
    layered += wanted.parameters.tcp_numlayers > 1 ? 1 : 0;
    ours.allocate();
    try {
      decode(bytes, ours.view(), workspace);
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
      continue;
    }
    if (test.options.reversible) {
      EXPECT_TRUE(ours.memory == theirs.memory);
    } else {
      EXPECT_LE(largest_difference(ours, theirs), tolerance(test.image));
    }
    whole += wanted.lossless ? 1 : 0;
    exact += wanted.lossless && ours.memory == test.image.memory ? 1 : 0;
  }
  std::printf("%d of %d read, %d with layers; %d of %d exact\n", written, count, layered, exact, whole);
  EXPECT_GT(written, count * 3 / 4);
  EXPECT_GT(layered, count / 2);
  // Its last layer is not always whole.
  EXPECT_GE(exact, whole * 99 / 100);
}

uint32_t shrunk(uint32_t offset, uint32_t count, int reduce) {
  const uint32_t round = (1u << reduce) - 1;
  return ((offset + count + round) >> reduce) - ((offset + round) >> reduce);
}

TEST(Part1, ReducedResolutionsAreOpenJpegs) {
  Workspace workspace;
  int compared = 0;
  for (int seed = 0; seed < case_count(150); ++seed) {
    Case test = part1_case(uint64_t(seed) + 11000000, 16, 8);
    const int reduce = 1 + seed % 2;
    if (test.options.resolutions <= reduce) continue;
    test.options.reversible = seed % 3 != 0;
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = encode_case(test, workspace);
    const Size at = test.options.image_offset;
    Image ours = test.image;
    ours.rows = shrunk(at.height, ours.rows, reduce), ours.columns = shrunk(at.width, ours.columns, reduce);
    if (ours.rows == 0 || ours.columns == 0) continue;
    ours.allocate();
    Image theirs = ours;
    decode(bytes, ours.view(), workspace, {reduce});
    try {
      openjpeg_decode(bytes, theirs, reduce);
    } catch (const std::runtime_error&) {
      continue;  // with an offset, its size may be one more than that of Equation B-14
    }
    ++compared;
    EXPECT_LE(largest_difference(ours, theirs), test.options.reversible ? 0 : tolerance(test.image));
  }
  std::printf("%d compared\n", compared);
  EXPECT_GT(compared, 0);
}

TEST(Part1, RateControlHolds) {
  Workspace workspace;
  Case test = part1_case(1, 8);
  test.options = {};
  test.options.high_throughput = false, test.options.reversible = false;
  test.image.rows = 300, test.image.columns = 400, test.image.components = 1;
  test.image.bits = 12, test.image.bytes = 2;
  Random random(5);
  fill(test.image, Content::kNoise, random);
  test.options.target_bytes = 60000;
  const std::vector<uint8_t> small = encode_case(test, workspace);
  EXPECT_LE(small.size(), 60000u);
  EXPECT_GE(small.size(), 57000u);
  test.options.target_bytes = 0, test.options.target_mse = 100;
  const std::vector<uint8_t> close = encode_case(test, workspace);
  Image back = test.image;
  decode(close, back.view(), workspace);
  const double error = mean_squared_error(back, test.image);
  EXPECT_LE(error, 100.0);
  EXPECT_GE(error, 80.0);
}

TEST(Part1, MutatedStreamsGiveAnErrorOrSamples) {
  Workspace workspace;
  int refused = 0, decoded = 0;
  for (int seed = 0; seed < case_count(1000); ++seed) {
    Random random{uint64_t(seed) + 77};
    Case test = part1_case(uint64_t(seed % 300) + 10000000, 16, seed % 3 == 0 ? 32 : 6);
    test.options.reversible = seed % 2 == 0;
    std::vector<uint8_t> bytes;
    if (seed % 4 < 2) {
      bytes = encode_case(test, workspace);
    } else {
      test.options.resolutions = std::min(test.options.resolutions, 7);
      if (!test.options.reversible) keep_lengths_above_one(test);
      bytes = openjpeg_encode(test.image, random_openjpeg_case(test, random).parameters);
    }
    if (bytes.empty()) continue;
    mutate(bytes, 160, random);
    try {
      decode(bytes, test.image.view(), workspace, {int(seed % 7 == 0)});
      ++decoded;
    } catch (const Error&) {
      ++refused;
    }
  }
  std::printf("%d refused, %d decoded\n", refused, decoded);
  EXPECT_GT(refused, 0);
  EXPECT_GT(decoded, 0);
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
