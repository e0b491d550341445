// SPDX-License-Identifier: BSD-3-Clause
// Lossless round trips over the table of cases, each with OpenJPEG itself as a second reader.
#include "encode.hpp"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "cases.hpp"
#include "engine_alone.hpp"
#include "geometry.hpp"
#include "stored_block.hpp"
#include "witness.hpp"

namespace blosc2_grok::test {
namespace {

class Lossless : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Cases, Lossless, ::testing::ValuesIn(lossless_cases()),
                         [](const auto& test) { return std::to_string(test.index) + "_" + test_name(test.param); });

TEST_P(Lossless, GivesBackEveryBit) {
  const Case& row = GetParam();
  const Block block = row.block();
  const Bytes stored = encode(block, row.parameters, row.codec_meta);
  ASSERT_FALSE(stored.empty());
  EXPECT_LT(stored.size(), block.bytes.size());
  EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
}

// The picture that anyone sees who opens the stored block: right way round, right depth and sign, right samples.
TEST_P(Lossless, IsReadByOpenjpegAlone) {
  const Case& row = GetParam();
  const Block block = row.block();
  const Bytes stored = encode(block, row.parameters, row.codec_meta);
  const Segment segment = *open_stored_block(stored).segment;
  const Geometry geometry = make_geometry(segment.layout);
  const ValidExtent valid = segment.valid.value_or(ValidExtent{geometry.planes, geometry.rows, geometry.columns});
  const WitnessImage image = read_with_openjpeg(stored);
  ASSERT_EQ(image.width, valid.columns);
  ASSERT_EQ(image.height, valid.rows);
  ASSERT_EQ(image.components.size(), size_t{valid.planes} * geometry.channels);
  EXPECT_EQ(image.is_signed, row.dtype[1] == 'i');
  const std::vector<int32_t> expected = numbers(block.bytes, row.dtype);
  for (size_t i = 0; i < image.components.size(); ++i) {
    for (size_t r = 0; r < image.height; ++r) {
      for (size_t c = 0; c < image.width; ++c) {
        const size_t at = geometry.component_offsets[i] + r * geometry.row_stride + c * geometry.column_stride;
        ASSERT_EQ(image.components[i][r * image.width + c], expected[at]) << i << ' ' << r << ' ' << c;
      }
    }
  }
}

TEST_P(Lossless, TwiceIsTheSameWithAnyThreads) {
  const Case& row = GetParam();
  const Block block = row.block();
  const Bytes stored = encode(block, row.parameters, row.codec_meta);
  EXPECT_EQ(encode(block, row.parameters, row.codec_meta), stored);
  for (const int threads : {1, 2, 3}) {
    Map parameters = row.parameters;
    std::erase_if(parameters, [](const auto& entry) { return entry.first == "num_threads"; });
    parameters.emplace_back("num_threads", threads);
    EXPECT_EQ(encode(block, parameters, row.codec_meta), stored) << threads << " threads";
    EXPECT_EQ(decode(stored, block.bytes.size(), threads), block.bytes) << threads << " threads";
  }
}

// Whatever the threads: the bytes must not depend on them.
TEST(Engine, OursTakesWhatItCovers) {
  struct Row {
    Map parameters;
    uint8_t codec_meta;
    EngineName engine;
  };
  const Row rows[] = {
      {{}, 0, EngineName::kJ2k},
      {{{"mode", 64}}, 0, EngineName::kJ2k},
      {{{"mode", 64}}, 40, EngineName::kJ2k},
      {{{"tile_size", Array{32, 32}}, {"mode", 1}}, 0, EngineName::kJ2k},
      {{}, 40, EngineName::kJ2k},
      {{{"quality_mode", "dB"}, {"quality_layers", Array{30, 40}}}, 0, EngineName::kJ2k},
  };
  for (const Row& row : rows) {
    for (const int threads : {0, 1, 4}) {
      Map parameters = row.parameters;
      parameters.emplace_back("num_threads", threads);
      const Bytes stored = encode(make_block("xray", "<u2", {200, 300}), parameters, row.codec_meta);
      EXPECT_EQ(open_stored_block(stored).segment->engine.id, static_cast<uint8_t>(row.engine)) << threads;
    }
  }
}

TEST(Engine, IsTheOneThatIsNamedOrAnErrorThatNamesTheOption) {
  const Block block = make_block("xray", "<u2", {200, 300});
  const std::tuple<const char*, EngineName, const char*> rows[] = {
      {"openjpeg", EngineName::kOpenjpeg, "BLOSC2_GROK_WITH_OPENJPEG"},
      {"grok", EngineName::kGrok, "BLOSC2_GROK_WITH_GROK, or without a libgrokj2k"},
  };
  for (const auto& [name, id, option] : rows) {
    const Map parameters{{"engine", name}};
    if (find_engine(name) != nullptr) {
      EXPECT_EQ(open_stored_block(encode(block, parameters)).segment->engine.id, static_cast<uint8_t>(id)) << name;
      continue;
    }
    EXPECT_EQ(encode_code(block, parameters), static_cast<int64_t>(ErrorCode::kCodecSupport)) << name;
    EXPECT_EQ(newest_reason(), text("engine '", name, "' is not in this build: it was made without ", option));
  }
}

TEST(Picture, OfABlockIsAsWideAsItsLastAxis) {
  const WitnessImage image = read_with_openjpeg(encode(make_block("photo", "|u1", {100, 300})));
  EXPECT_EQ(image.width, 300u);
  EXPECT_EQ(image.height, 100u);
}

TEST(Picture, ChannelsAreComponents) {
  const Block block = make_block("photo", "|u1", {50, 70, 3});
  const WitnessImage image = read_with_openjpeg(encode(block));
  ASSERT_EQ(image.components.size(), 3u);
  EXPECT_EQ(image.components[2][70 + 5], block.bytes[(70 + 5) * 3 + 2]);
}

// The array's shape decides, not the block's.
TEST(Picture, TheArraysShapeTellsTheAxes) {
  Block block = make_block("photo", "|u1", {40, 50, 3});
  block.array_shape = {40, 50, 300};
  EXPECT_EQ(read_with_openjpeg(encode(block)).components.size(), 40u);
  block = make_block("photo", "|u1", {1, 60, 50});
  block.array_shape = {80, 60, 50};
  const WitnessImage image = read_with_openjpeg(encode(block));
  EXPECT_EQ(image.width, 50u);
  EXPECT_EQ(image.height, 60u);
}

TEST(Picture, PaddingIsLeftOut) {
  Block block{"<u2", {64, 64}, Bytes(64 * 64 * 2), {}};
  const Bytes real = make_block("photo", "<u2", {40, 50}).bytes;
  for (int r = 0; r < 40; ++r) std::copy_n(real.begin() + r * 100, 100, block.bytes.begin() + r * 128);
  const Bytes stored = encode(block);
  const WitnessImage image = read_with_openjpeg(stored);
  EXPECT_EQ(image.width, 50u);
  EXPECT_EQ(image.height, 40u);
  EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
}

TEST(Picture, PaddingOfAStackIsLeftOut) {
  Block block{"|u1", {8, 32, 32, 3}, Bytes(8 * 32 * 32 * 3), {}};
  const Bytes real = make_block("photo", "|u1", {32, 32, 3}).bytes;
  for (int plane = 0; plane < 3; ++plane) std::ranges::copy(real, block.bytes.begin() + plane * 32 * 32 * 3);
  const Bytes stored = encode(block);
  EXPECT_EQ(read_with_openjpeg(stored).components.size(), 9u);
  EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
}

TEST(Noise, IsStoredRaw) { EXPECT_TRUE(encode(make_block("noise", "<u2", {100, 100})).empty()); }

TEST(TinyBlocks, AreStoredRawNeverAnError) {
  for (const Shape& shape : {Shape{1}, Shape{1, 1}, Shape{2, 3}, Shape{7, 5}, Shape{3, 3, 3}, Shape{1, 17}}) {
    for (const int meta : {0, 40})
      EXPECT_TRUE(encode(make_block("photo", "|u1", shape), {}, static_cast<uint8_t>(meta)).empty());
  }
}

TEST(UnknownDtype, IsLosslessWhateverTheSamplesAre) {
  for (const char* dtype : {"<u2", "<i2", ">u2", ">i2", "|u1", "|i1"}) {
    Block block = make_block("ct", dtype, {64, 80});
    const size_t known = encode(block).size();
    block.dtype = "";
    const Bytes stored = encode(block);
    EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes) << dtype;
    EXPECT_LE(stored.size(), known + known / 50) << dtype;
  }
}

// Last tiles 3 samples wide at an odd offset: OpenJPEG's and Grok's encoders both get them wrong with 6 resolutions.
TEST(RoundTrip, ThinTilesAtAnOffsetAreRightOrAnError) {
  const Block block = make_block("xray", "<u2", {91, 130});
  const Map parameters{{"tile_size", Array{64, 64}}, {"tile_offset", Array{5, 7}}, {"offset", Array{8, 9}}};
  const int64_t code = encode_code(block, parameters);
  if (code < 0) {
    EXPECT_EQ(code, static_cast<int64_t>(ErrorCode::kCodecSupport));
    EXPECT_NE(newest_reason().find("openjpeg: it can't code a lossless block"), std::string::npos) << newest_reason();
  } else {
    EXPECT_EQ(decode(encode(block, parameters), block.bytes.size()), block.bytes);
  }
}

TEST(RoundTrip, OfEveryExtremeValue) {
  for (const char* dtype : {"|u1", "|i1", "<u2", "<i2"}) {
    Block block{dtype, {64, 64}, {}, {}};
    const size_t bytes = static_cast<size_t>(dtype[2] - '0');
    for (size_t i = 0; i < 64 * 64; ++i) {
      const uint32_t value = i % 64 < 32 ? 0 : i / 64 < 32 ? 0x7fff : i % 2 == 0 ? 0x8000 : 0xffff;
      for (size_t b = 0; b < bytes; ++b) block.bytes.push_back(static_cast<uint8_t>(value >> (8 * (b + 2 - bytes))));
    }
    EXPECT_EQ(decode(encode(block), block.bytes.size()), block.bytes) << dtype;
  }
}

// Every small width and height, where wavelets have their corners.
TEST(RoundTrip, OfSmallSidesInLongBlocks) {
  for (int32_t side = 1; side <= 40; ++side) {
    for (const Shape& shape : {Shape{side, 400}, Shape{400, side}}) {
      const Block block = make_block("photo", "<u2", shape);
      const Bytes stored = encode(block);
      if (stored.empty()) continue;
      EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes) << side;
    }
  }
}

// Readers that know nothing of Blosc2 need the whole image.
TEST(CApi, KeepsZerosAtTheEndOfAWholeBlock) {
  Block block = make_block("photo", "<u2", {40, 50});
  std::fill(block.bytes.begin() + 30 * 50 * 2, block.bytes.end(), uint8_t{0});
  blosc2_grok_block shape = describe_block(block);
  for (const int32_t is_whole : {0, 1}) {
    shape.is_whole = is_whole;
    Bytes out(8000);
    const int64_t written =
        blosc2_grok_encode(out.data(), out.size(), block.bytes.data(), block.bytes.size(), &shape, nullptr, 0, 0);
    ASSERT_GT(written, 0);
    out.resize(static_cast<size_t>(written));
    EXPECT_EQ(read_with_openjpeg(out).height, is_whole == 1 ? 40u : 30u);
    EXPECT_EQ(decode(out, block.bytes.size()), block.bytes);
  }
}

TEST(CApi, RefusesWhatIsNoBlock) {
  const Block good = make_block("photo", "<u2", {40, 50});
  const auto refused = [&](auto&& change) {
    Block block = good;
    blosc2_grok_block shape = describe_block(block);
    change(shape);
    Bytes out(8000);
    return blosc2_grok_encode(out.data(), out.size(), block.bytes.data(), block.bytes.size(), &shape, nullptr, 0, 0) <
           0;
  };
  EXPECT_FALSE(refused([](blosc2_grok_block&) {}));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { b.struct_size = 4; }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { b.ndim = 0; }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { b.ndim = 17; }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { b.block_shape[0] = 0; }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { b.block_shape[0] = -40; }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { b.block_shape[0] = 41; }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { std::copy_n("|u1", 4, b.dtype); }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { std::copy_n("<f4", 4, b.dtype); }));
  EXPECT_TRUE(refused([](blosc2_grok_block& b) { std::fill_n(b.dtype, sizeof b.dtype, 'x'); }));
  EXPECT_LT(blosc2_grok_encode(nullptr, 0, nullptr, 0, nullptr, nullptr, 0, 0), 0);
}

// 3 * 5 * 17 * 257 * 641 * 65537 * 6700417 = 2^64 - 1: such products must not wrap to a plausible number.
TEST(CApi, RefusesShapesThatOverflow) {
  blosc2_grok_block shape{};
  shape.struct_size = sizeof shape;
  const Bytes block(4096, 1);
  Bytes out(8192);
  const auto code = [&](std::initializer_list<int32_t> extents) {
    shape.ndim = 0;
    for (const int32_t extent : extents) {
      shape.array_shape[shape.ndim] = extent;
      shape.block_shape[shape.ndim++] = extent;
    }
    return blosc2_grok_encode(out.data(), out.size(), block.data(), block.size(), &shape, nullptr, 0, 0);
  };
  EXPECT_LT(code({3 * 5 * 17 * 257, 641 * 65537, 6700417, 1}), 0);
  // The inverse of that product times 4096, modulo 2^64, is -4096: times 2^32 - 1 twice over it comes back positive.
  EXPECT_LT(code({1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1 << 30}), 0);
  EXPECT_LT(code({INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}), 0);
  EXPECT_LT(code({65537, 65537, 65537, 65537, 65537}), 0);
}

TEST(CApi, WritesNothingThatDoesNotFit) {
  const Block block = make_block("photo", "<u2", {40, 50});
  const Bytes stored = encode(block);
  const blosc2_grok_block shape = describe_block(block);
  for (const size_t capacity : {size_t{0}, size_t{1}, stored.size() - 1}) {
    Bytes out(capacity + 1, 0xee);
    EXPECT_EQ(blosc2_grok_encode(out.data(), capacity, block.bytes.data(), block.bytes.size(), &shape, nullptr, 0, 0),
              0);
    EXPECT_EQ(out.back(), 0xee);
  }
  Bytes out(stored.size());
  EXPECT_EQ(blosc2_grok_encode(out.data(), out.size(), block.bytes.data(), block.bytes.size(), &shape, nullptr, 0, 0),
            static_cast<int64_t>(stored.size()));
  EXPECT_EQ(out, stored);
}

TEST(Describe, TellsWhatABlockIs) {
  const Bytes stored = encode(make_block("photo", "<i2", {5, 40, 50}), {{"num_resolutions", 3}});
  EXPECT_EQ(*described(stored, "container").get_if<std::string>(), "jp2");
  EXPECT_EQ(*described(stored, "dtype").get_if<std::string>(), "<i2");
  EXPECT_EQ(*described(stored, "lossy").get_if<bool>(), false);
  EXPECT_EQ(*described(stored, "codestream.rows").get_if<int64_t>(), 40);
  EXPECT_EQ(*described(stored, "codestream.columns").get_if<int64_t>(), 50);
  EXPECT_EQ(*described(stored, "codestream.components").get_if<int64_t>(), 5);
  EXPECT_EQ(*described(stored, "codestream.resolutions").get_if<int64_t>(), 3);
  EXPECT_EQ(*described(stored, "codestream.signed").get_if<bool>(), true);
  EXPECT_LT(blosc2_grok_describe(nullptr, 0, nullptr, 0), 0);
}

}  // namespace
}  // namespace blosc2_grok::test
