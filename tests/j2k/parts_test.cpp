// SPDX-License-Identifier: BSD-3-Clause
// The parts by themselves: packet header bits, tag trees, geometry, bit strings with and without stuffing, reduce.
#include <gtest/gtest.h>

#include "bit_io.hpp"
#include "raw_bits.hpp"
#include "support.hpp"
#include "tile.hpp"

namespace blosc2_grok::j2k::test {
namespace {

TEST(PacketBits, StuffAfterFFAndNeverEndWithIt) {
  Bytes bytes;
  PacketBitWriter out(bytes);
  out.put(0xFF, 8);
  out.put(0x3, 2);
  out.finish();
  EXPECT_EQ(bytes, (Bytes{0xFF, 0x60}));
  PacketBitReader in(bytes);
  EXPECT_EQ(in.get(8), 0xFFu);
  EXPECT_EQ(in.get(2), 3u);
  EXPECT_EQ(in.finish(), 2u);
  Bytes full;
  PacketBitWriter ones(full);
  ones.put(0xFF, 8);
  ones.finish();
  EXPECT_EQ(full, (Bytes{0xFF, 0x00}));
}

TEST(TagTree, ValuesComeBackInAnyOrderOfThresholds) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const uint32_t width = pick(random, 1, 9), height = pick(random, 1, 9);
    std::vector<TagNode> written(TagTree::node_count(width, height)), read(written.size());
    TagTree encoder(written, width, height), decoder(read, width, height);
    std::vector<uint32_t> values(std::size_t{width} * height);
    for (uint32_t i = 0; i < values.size(); ++i) {
      values[i] = pick(random, 0, 12);
      encoder.leaf(i % width, i / width).value = uint16_t(values[i]);
    }
    encoder.propagate();
    Bytes bytes;
    PacketBitWriter out(bytes);
    for (uint32_t threshold : {3u, 7u, 13u}) {
      for (uint32_t i = 0; i < values.size(); ++i) encoder.encode(i % width, i / width, threshold, out);
    }
    out.finish();
    PacketBitReader in(bytes);
    for (uint32_t threshold : {3u, 7u, 13u}) {
      for (uint32_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(decoder.decode(i % width, i / width, threshold, in), values[i] < threshold);
      }
    }
  }
}

TEST(RawBits, StuffingIsUndone) {
  Random random(4);
  for (int round = 0; round < 300; ++round) {
    std::vector<uint8_t> raw(4096, 0xFF), stuffed(8192), back(8192);
    const std::size_t bits = random() % 20000;
    const bool dense = round % 3 == 0;
    for (std::size_t i = 0; i < bits / 8 + 1; ++i) raw[i] = dense ? uint8_t(random() | random()) : uint8_t(random());
    for (std::size_t b = bits; b < (bits / 8 + 1) * 8; ++b) raw[b / 8] |= uint8_t(1u << (b % 8));
    const std::size_t size = stuff_forward(raw.data(), bits, stuffed.data());
    for (std::size_t i = 1; i < size; ++i) EXPECT_FALSE(stuffed[i - 1] == 0xFF && stuffed[i] > 0x8F);
    const std::size_t got = unstuff_forward(stuffed.data(), size, back.data());
    EXPECT_GE(got, bits);
    for (std::size_t b = 0; b < bits; ++b) ASSERT_EQ(raw[b / 8] >> (b % 8) & 1, back[b / 8] >> (b % 8) & 1);
  }
}

TEST(Geometry, CodeBlocksOfEveryPrecinctCoverEachSubbandOnce) {
  for (int seed = 0; seed < 200; ++seed) {
    Random random{uint64_t(seed)};
    ImageSize size;
    size.image = {pick(random, 0, 99), pick(random, 0, 99), 0, 0};
    size.image.x1 = size.image.x0 + pick(random, 1, 300), size.image.y1 = size.image.y0 + pick(random, 1, 300);
    size.tile_width = size.tile_height = 1 << 20;
    size.components = {{8, false, 1, 1}};
    ComponentCoding component;
    component.levels = int(pick(random, 0, 7));
    for (int r = 0; r <= component.levels; ++r) component.precincts[std::size_t(r)] = uint8_t(pick(random, 3, 7) * 17);
    component.steps.fill(8 << 11);
    TileCoding coding;
    coding.components = {component};
    Tile tile;
    build_tile(size, coding, 0, UINT64_MAX, tile);
    for (int r = 0; r <= component.levels; ++r) {
      const Resolution& resolution = tile.resolution(0, r);
      for (int b = 0; b < resolution.bands; ++b) {
        const Subband& band = tile.subbands[std::size_t(resolution.first_band + b)];
        std::vector<int> seen(std::size_t{band.grid_width} * band.grid_height);
        for (uint32_t p = 0; p < resolution.precincts_across * resolution.precincts_down; ++p) {
          const PrecinctBand& part = tile.precincts[resolution.first_precinct + p].bands[b];
          for (uint32_t y = 0; y < part.height; ++y) {
            for (uint32_t x = 0; x < part.width; ++x) ++seen[(part.y0 + y) * band.grid_width + part.x0 + x];
          }
        }
        int64_t area = 0;
        for (uint32_t i = 0; i < seen.size(); ++i) {
          EXPECT_EQ(seen[i], 1);
          const Rect rect = codeblock_rect(band, i % band.grid_width, i / band.grid_width);
          area += rect.width() * rect.height();
        }
        EXPECT_EQ(area, band.rect.width() * band.rect.height());
      }
    }
  }
}

TEST(Reduce, SmallerImagesAreTheLowSubbands) {
  Workspace workspace;
  for (int seed = 0; seed < 100; ++seed) {
    Case test = random_case(uint64_t(seed) + 7000000, 16, 6);
    if (test.options.resolutions < 2) continue;
    SCOPED_TRACE(test.name);
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    const Size& at = test.options.image_offset;
    Image small = test.image;
    small.rows = uint32_t((at.height + test.image.rows + 1) / 2 - (at.height + 1) / 2);
    small.columns = uint32_t((at.width + test.image.columns + 1) / 2 - (at.width + 1) / 2);
    if (small.rows == 0 || small.columns == 0) continue;
    small.allocate();
    EXPECT_NO_THROW(decode(copy, small.view(), workspace, {1}));
  }
}

TEST(GuardBits, EveryNumberHoldsTheLargestGains) {
  Workspace workspace;
  for (const int bits : {1, 8, 16, 26}) {
    for (int guard = 0; guard <= 7; ++guard) {
      for (const bool reversible : {true, false}) {
        Case test;
        test.image.rows = 70, test.image.columns = 81;
        test.image.components = 3;
        test.image.bits = bits, test.image.bytes = bits > 16 ? 4 : bits > 8 ? 2 : 1;
        Random random{uint64_t(guard)};
        fill(test.image, Content::kExtremes, random);
        test.options.guard_bits = guard;
        test.options.reversible = reversible;
        test.options.mct = guard % 2 == 0;
        test.options.base_step = 1.0 / 64;
        SCOPED_TRACE(std::to_string(bits) + " bits, guard " + std::to_string(guard));
        const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
        const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
        Image back = test.image;
        back.allocate();
        decode(copy, back.view(), workspace);
        if (reversible) {
          EXPECT_TRUE(back.memory == test.image.memory);
        }
      }
    }
  }
}

TEST(Workspace, DoesNotGrowOnceWarm) {
  Workspace workspace;
  Case test = random_case(12, 16, 6);
  test.image.rows = 512, test.image.columns = 700, test.image.components = 1;
  test.options = {};
  Random random(1);
  fill(test.image, Content::kNoise, random);
  std::vector<uint8_t> copy;
  for (int round = 0; round < 2; ++round) {
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    copy.assign(bytes.begin(), bytes.end());
    decode(copy, test.image.view(), workspace);
  }
  const std::size_t warm = workspace.reserved_bytes();
  for (int round = 0; round < 5; ++round) {
    encode(test.image.view(), test.options, workspace);
    decode(copy, test.image.view(), workspace);
  }
  EXPECT_EQ(workspace.reserved_bytes(), warm);
}

TEST(Errors, NameTheNumbers) {
  Workspace workspace;
  Image image;
  image.rows = 4, image.columns = 4;
  image.allocate();
  EncodeOptions options;
  options.resolutions = 34;
  try {
    encode(image.view(), options, workspace);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "34 resolutions: 1 to 33 are possible");
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
