// SPDX-License-Identifier: BSD-3-Clause
/// Round trips of the whole reference codec, and what it refuses.
#include <gtest/gtest.h>

#include "random_case.hpp"

namespace blosc2_grok::reference {
namespace {

Image gradient(int64_t width, int64_t height, int bits, bool is_signed, int components = 1) {
  Image image{width, height, 0, 0, bits, is_signed, {}};
  const int64_t range = int64_t{1} << bits;
  for (int c = 0; c < components; ++c) {
    std::vector<int32_t> plane;
    for (int64_t i = 0; i < width * height; ++i)
      plane.push_back(
          static_cast<int32_t>((i * 2654435761 + i / width * 11 + c * 5) % range - (is_signed ? range / 2 : 0)));
    image.components.push_back(plane);
  }
  return image;
}

void expect_round_trip(const Case& c) {
  Image decoded;
  ASSERT_NO_THROW(decoded = decode(encode(c.image, c.options))) << describe(c);
  const int64_t difference = largest_difference(decoded, c.image);
  EXPECT_EQ(decoded.x0, c.image.x0);
  EXPECT_EQ(decoded.bits, c.image.bits);
  EXPECT_EQ(decoded.is_signed, c.image.is_signed);
  if (c.options.reversible)
    EXPECT_EQ(difference, 0) << describe(c);
  else
    EXPECT_LE(difference, 16 * c.options.step + 1) << describe(c);
}

TEST(ReferenceRoundTrip, RandomCases) {
  for (int seed = 0; seed < 1500; ++seed) expect_round_trip(random_case(seed, {.most_placeholder_sets = 4}));
}

TEST(ReferenceRoundTrip, EveryDepthAndSign) {
  for (int bits = 1; bits <= 32; ++bits)
    for (bool is_signed : {false, true}) {
      if (bits == 32 && !is_signed) continue;
      expect_round_trip({gradient(19, 23, bits, is_signed), {.resolutions = 3, .guard_bits = bits < 26 ? 2 : 7}});
    }
}

TEST(ReferenceRoundTrip, SmallSizesAtEveryOffset) {
  for (int64_t width = 1; width <= 5; ++width)
    for (int64_t height = 1; height <= 5; ++height)
      for (int64_t x0 = 0; x0 < 4; ++x0)
        for (int64_t y0 = 0; y0 < 4; ++y0)
          for (int resolutions : {1, 2, 4, 7}) {
            Case c{gradient(width, height, 8, false), {.resolutions = resolutions}};
            c.image.x0 = x0;
            c.image.y0 = y0;
            expect_round_trip(c);
          }
}

TEST(ReferenceRoundTrip, TilesOfEverySmallSize) {
  for (int64_t tile = 1; tile <= 9; ++tile)
    for (int64_t offset : {0, 1, 3})
      expect_round_trip(
          {{20, 18, 3, 3, 8, false, gradient(20, 18, 8, false).components},
           {.resolutions = 4, .tile_width = tile + 3, .tile_height = 13 - tile, .tile_x0 = offset, .tile_y0 = 3}});
}

/// Where OpenJPEG 2.5.0 and Grok 10.0.5 encode wrong: they do not double a single sample at an odd position. Their
/// decoders read this stream right.
TEST(ReferenceRoundTrip, LastTileColumnOfFiveSamples) {
  Case c{gradient(256, 190, 8, false), {.tile_width = 64, .tile_height = 64, .tile_x0 = 5, .tile_y0 = 5}};
  c.image.x0 = c.image.y0 = 10;
  expect_round_trip(c);
}

TEST(ReferenceRoundTrip, AllResolutions) {
  for (int resolutions = 1; resolutions <= 33; ++resolutions) {
    Case c{gradient(21, 13, 12, true), {.resolutions = resolutions}};
    c.image.x0 = 5;
    c.image.y0 = 9;
    expect_round_trip(c);
  }
}

TEST(ReferenceRoundTrip, AllCodeBlockSizes) {
  for (int x = 4; x <= 1024; x *= 2)
    for (int y = 4; y <= 1024 && x * y <= 4096; y *= 2)
      expect_round_trip({gradient(90, 70, 10, false), {.resolutions = 2, .codeblock_width = x, .codeblock_height = y}});
}

TEST(ReferenceRoundTrip, ManyComponents) {
  expect_round_trip({gradient(9, 7, 8, false, 300), {.resolutions = 2, .mct = true, .progression = Progression::CPRL}});
}

TEST(ReferenceRoundTrip, MorePassesLoseOnlyIsolatedOnes) {
  for (int seed = 0; seed < 200; ++seed) {
    Case c = random_case(seed, {.lossy = false});
    c.options.resolutions = 1;
    c.options.mct = false;
    c.options.passes = 3;
    EXPECT_LE(largest_difference(decode(encode(c.image, c.options)), c.image), 1) << describe(c);
  }
}

TEST(ReferenceEncoder, SaysWhenGuardBitsAreTooFew) {
  const Image image = gradient(64, 64, 8, false);
  EXPECT_THROW(encode(image, {.resolutions = 1, .guard_bits = 0}), Error);
  EXPECT_EQ(decode(encode(image, {.resolutions = 1, .guard_bits = 1})), image);
}

TEST(ReferenceDecoder, RefusesEveryTruncation) {
  const Bytes stream = encode(gradient(17, 9, 8, false), {.resolutions = 2});
  for (size_t length = 0; length < stream.size(); ++length)
    EXPECT_THROW(decode(Bytes(stream.begin(), stream.begin() + length)), Error) << length;
}

TEST(ReferenceDecoder, ReadsAJp2File) {
  const Image image = gradient(17, 9, 8, false);
  const Bytes stream = encode(image, {});
  Bytes file = {0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10, 0, 0, 0, 0, 'j', 'p', '2', 'c'};
  for (uint8_t byte : stream) file.push_back(byte);
  EXPECT_EQ(decode(file), image);
}

}  // namespace
}  // namespace blosc2_grok::reference
