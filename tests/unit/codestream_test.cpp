// SPDX-License-Identifier: BSD-3-Clause
// Main headers written by hand from ISO/IEC 15444-1 Annex A, whole and broken.
#include "codestream.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "blocks.hpp"

namespace blosc2_grok::test {
namespace {

// What a header is made of; tests change one thing.
struct Recipe {
  uint16_t rsiz = 0;
  uint32_t x1 = 300, y1 = 100, x0 = 0, y0 = 0, tile_width = 300, tile_height = 100, tile_x0 = 0, tile_y0 = 0;
  std::vector<std::array<uint8_t, 3>> components{{7, 1, 1}};
  std::optional<uint16_t> announced_components;
  Bytes cod{0, 0, 0, 1, 0, 5, 4, 4, 0, 1};  // style, LRCP, 1 layer, no MCT, 5 levels, 64 x 64, style 0, 5/3
  Bytes qcd{0x40, 0x40, 0x48};              // no quantization, 2 guard bits
  Bytes com{};
  size_t tile_bytes = 400;
  bool with_siz = true, with_cod = true, with_qcd = true;
};

void add_segment(Bytes& out, uint16_t code, const Bytes& body) {
  append_big_endian(out, code, 2);
  append_big_endian(out, body.size() + 2, 2);
  append(out, body);
}

Bytes siz_of(const Recipe& recipe) {
  Bytes siz;
  append_big_endian(siz, recipe.rsiz, 2);
  for (const uint32_t number : {recipe.x1, recipe.y1, recipe.x0, recipe.y0, recipe.tile_width, recipe.tile_height,
                                recipe.tile_x0, recipe.tile_y0}) {
    append_big_endian(siz, number, 4);
  }
  append_big_endian(siz, recipe.announced_components.value_or(static_cast<uint16_t>(recipe.components.size())), 2);
  for (const auto& component : recipe.components) append(siz, component);
  return siz;
}

Bytes cook(const Recipe& recipe) {
  Bytes out{0xff, 0x4f};
  if (recipe.with_siz) add_segment(out, 0xff51, siz_of(recipe));
  if (recipe.with_cod) add_segment(out, 0xff52, recipe.cod);
  if (recipe.with_qcd) add_segment(out, 0xff5c, recipe.qcd);
  if (!recipe.com.empty()) add_segment(out, 0xff64, recipe.com);
  add_segment(out, 0xff90, {0, 0, 0, 0, 0, 0, 0, 1});
  out.resize(out.size() + recipe.tile_bytes);
  return out;
}

CodestreamHeader parsed(const std::function<void(Recipe&)>& change = [](Recipe&) {}) {
  Recipe recipe;
  change(recipe);
  return parse_codestream_header(cook(recipe));
}

void expect_refused(const char* what, const std::function<void(Recipe&)>& change) {
  try {
    parsed(change);
    ADD_FAILURE() << what << " was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kData) << what;
  }
}

TEST(Header, IsReadAsWritten) {
  const CodestreamHeader header = parsed([](Recipe& r) {
    r.rsiz = 2, r.x0 = 10, r.y0 = 20, r.tile_x0 = 4, r.tile_y0 = 5, r.tile_width = 64, r.tile_height = 50;
    r.components = {{0x8f, 1, 1}, {11, 2, 1}};
    r.cod = {1, 2, 0, 3, 1, 2, 3, 2, 0x41, 0, 0x55, 0x66, 0x77};
    r.com = {0, 1, 'h', 'i'};
  });
  EXPECT_EQ(header.rsiz, 2);
  EXPECT_EQ(header.width(), 290u);
  EXPECT_EQ(header.height(), 80u);
  EXPECT_EQ(header.tiles(), 5u * 2u);
  ASSERT_EQ(header.components.size(), 2u);
  EXPECT_EQ(header.components[0].bits, 16);
  EXPECT_TRUE(header.components[0].is_signed);
  EXPECT_EQ(header.components[1].bits, 12);
  EXPECT_FALSE(header.components[1].is_signed);
  EXPECT_EQ(header.components[1].dx, 2);
  EXPECT_EQ(header.progression, 2);
  EXPECT_EQ(header.layers, 3);
  EXPECT_EQ(header.mct, 1);
  EXPECT_EQ(header.decompositions, 2);
  EXPECT_EQ(header.codeblock_width, 32u);
  EXPECT_EQ(header.codeblock_height, 16u);
  EXPECT_TRUE(header.is_ht());
  EXPECT_EQ(header.transform, 0);
  EXPECT_EQ(header.precinct_sizes, (Bytes{0x55, 0x66, 0x77}));
  EXPECT_EQ(header.guard_bits, 2);
  EXPECT_EQ(header.comments.size(), 1u);
}

TEST(Header, EveryPrefixIsRefused) {
  const Bytes whole = cook({});
  const size_t first_tile_part = parse_codestream_header(whole).first_tile_part;
  for (size_t size = 0; size < first_tile_part + 2; ++size) {
    EXPECT_THROW(parse_codestream_header(ByteSpan(whole).first(size)), Error) << size;
  }
}

TEST(Header, EveryByteSetToEveryValueIsReadOrRefused) {
  const Bytes whole = cook({});
  const size_t size = parse_codestream_header(whole).first_tile_part;
  for (size_t at = 0; at < size; ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes = whole;
      bytes[at] = static_cast<uint8_t>(value);
      try {
        const CodestreamHeader header = parse_codestream_header(bytes);
        EXPECT_LE(header.tiles(), 65535u);
        EXPECT_FALSE(header.components.empty());
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::kData);
      }
    }
  }
}

TEST(Header, MissingAndRepeatedSegmentsAreRefused) {
  expect_refused("no SIZ", [](Recipe& r) { r.with_siz = false; });
  expect_refused("no COD", [](Recipe& r) { r.with_cod = false; });
  expect_refused("no QCD", [](Recipe& r) { r.with_qcd = false; });
  Bytes twice = cook({});
  const Bytes cod(twice.begin() + 45, twice.begin() + 45 + 14);
  ASSERT_EQ(cod[1], 0x52);
  twice.insert(twice.begin() + 45, cod.begin(), cod.end());
  EXPECT_THROW(parse_codestream_header(twice), Error);
}

TEST(Header, EmptyImagesAndTilesAreRefused) {
  expect_refused("no width", [](Recipe& r) { r.x1 = 0; });
  expect_refused("negative height", [](Recipe& r) { r.y0 = 200; });
  expect_refused("tile of no width", [](Recipe& r) { r.tile_width = 0; });
  expect_refused("tile beyond the image", [](Recipe& r) { r.tile_x0 = 1; });
  expect_refused("tile before the image", [](Recipe& r) { r.x0 = 50, r.tile_width = 50; });
}

TEST(Header, ImpossibleComponentsAreRefused) {
  expect_refused("none", [](Recipe& r) { r.components.clear(); });
  expect_refused("more than there are", [](Recipe& r) { r.announced_components = uint16_t{2}; });
  expect_refused("fewer than there are", [](Recipe& r) { r.announced_components = uint16_t{0}; });
  expect_refused("more than the standard's", [](Recipe& r) { r.components.assign(16385, {7, 1, 1}); });
  expect_refused("39 bits", [](Recipe& r) { r.components = {{38, 1, 1}}; });
  expect_refused("no subsampling step", [](Recipe& r) { r.components = {{7, 0, 1}}; });
}

TEST(Header, ImpossibleCodingIsRefused) {
  expect_refused("no layers", [](Recipe& r) { r.cod[3] = 0; });
  expect_refused("progression 5", [](Recipe& r) { r.cod[1] = 5; });
  expect_refused("33 decompositions", [](Recipe& r) { r.cod[5] = 33; });
  expect_refused("code-blocks of 2048", [](Recipe& r) { r.cod[6] = 9; });
  expect_refused("code-blocks of 8192 samples", [](Recipe& r) { r.cod[6] = 5, r.cod[7] = 4; });
  expect_refused("transform 2", [](Recipe& r) { r.cod[9] = 2; });
  expect_refused("precincts missing", [](Recipe& r) { r.cod[0] = 1; });
  expect_refused("precincts of 1 sample", [](Recipe& r) { r.cod = {1, 0, 0, 1, 0, 1, 4, 4, 0, 1, 0x11, 0x01}; });
}

TEST(Header, MoreThanTheBytesCanHoldIsRefused) {
  expect_refused("tiles", [](Recipe& r) { r.tile_width = r.tile_height = 1; });
  expect_refused("tiles beyond 65535",
                 [](Recipe& r) { r.x1 = r.y1 = 1000, r.tile_width = r.tile_height = 3, r.tile_bytes = 10'000'000; });
  expect_refused("packets of layers", [](Recipe& r) { r.cod[2] = 0xff; });
  expect_refused("packets of components", [](Recipe& r) { r.components.assign(200, {7, 1, 1}); });
  expect_refused("packets of precincts", [](Recipe& r) { r.cod = {1, 0, 0, 1, 0, 0, 4, 4, 0, 1, 0x11}; });
  expect_refused("an image of 2^62 samples", [](Recipe& r) { r.x1 = r.y1 = r.tile_width = r.tile_height = 1u << 31; });
}

// Each of these counts fits the bytes alone; their product doesn't.
TEST(Header, TilesTimesComponentsTimesLayersMustFitTheBytes) {
  expect_refused("30 tiles of 60 components", [](Recipe& r) {
    r.tile_width = r.tile_height = 30, r.cod[5] = 0, r.components.assign(60, {7, 1, 1}), r.tile_bytes = 30 * 14 + 100;
  });
}

// Counts that are multiples of 2^64 must not look small.
TEST(Header, CountsThatOverflowAreRefused) {
  expect_refused("2^64 precincts", [](Recipe& r) {
    r.x1 = r.y1 = r.tile_width = r.tile_height = (1u << 31) + 1;
    r.components.assign(4, {7, 1, 1});
    r.cod = {1, 0, 0, 1, 0, 0, 4, 4, 0, 1, 0x00};
  });
  expect_refused("2^64 packets of layers", [](Recipe& r) {
    r.x1 = r.tile_width = (1u << 31) + 1, r.y1 = r.tile_height = (1u << 18) + 1;
    r.cod = {1, 0, 0x80, 0, 0, 0, 4, 4, 0, 1, 0x00};
  });
}

TEST(SegmentSize, DoesNotLeaveTheBytes) {
  const Bytes bytes{0xff, 0x64, 0, 4, 1, 2};
  EXPECT_EQ(segment_size(bytes, 0), 6u);
  EXPECT_THROW(segment_size(ByteSpan(bytes).first(5), 0), Error);
  EXPECT_THROW(segment_size(ByteSpan(bytes).first(3), 0), Error);
  EXPECT_THROW(segment_size(Bytes{0xff, 0x64, 0, 1}, 0), Error);
}

}  // namespace
}  // namespace blosc2_grok::test
