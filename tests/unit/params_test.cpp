// SPDX-License-Identifier: BSD-3-Clause
// Every row of the parameter table: defaults, bounds on both sides, and messages that name parameter, value and range.
#include "params.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "blocks.hpp"
#include "error.hpp"

namespace blosc2_grok::test {
namespace {

std::string name_of(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return text;
}

Params parsed(const Map& map) { return parse_params(msgpack::serialize(map)); }

std::string refusal(const Map& map) {
  try {
    parsed(map);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kCodecParam);
    return e.what();
  }
  return "";
}

Array pair(int64_t a, int64_t b) { return {a, b}; }
Map rates(Array layers) { return {{"quality_mode", "rates"}, {"quality_layers", std::move(layers)}}; }

struct Row {
  std::string name;
  std::vector<Value> allowed, refused;
};

const int64_t kMost32 = INT32_MAX;

const std::vector<Row>& rows() {
  static const Value kTextPair = Array{"1", "2"};
  static const Value kTriple = Array{1, 2, 3};
  static const Value kSingle = Array{1};
  static const std::vector<Row> all{
      {"tile_size",
       {pair(0, 0), pair(1, 1), pair(kMost32, 5)},
       {pair(0, 5), pair(5, 0), pair(-1, 5), pair(kMost32 + 1, 5), kTextPair, kTriple, kSingle, 64, Value(),
        Array{1.5, 2}}},
      {"tile_offset", {pair(0, 0), pair(0, 5), pair(kMost32, 0)}, {pair(-1, 0), kTriple, 5, Value()}},
      {"progression", {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"}, {"lrcp", "", "LCRP", 0, Value()}},
      {"num_resolutions", {1, 6, 33}, {0, 34, -1, 6.0, "6", Value(), true}},
      {"codeblock_size",
       {pair(4, 4), pair(64, 64), pair(1024, 4), pair(4, 1024), pair(256, 8)},
       {pair(2, 64), pair(48, 64), pair(2048, 2), pair(128, 64), pair(1024, 8), pair(0, 0), kTriple}},
      {"irreversible", {true, false, Value()}, {0, 1, "yes"}},
      {"precinct_size",
       {pair(0, 0), pair(2, 2), pair(32768, 32768), pair(32, 128)},
       {pair(1, 2), pair(48, 64), pair(65536, 2), pair(0, 32), pair(32, 0), -1}},
      {"offset", {pair(0, 0), pair(33, 40)}, {pair(-33, 40), "x", Value()}},
      {"mct", {0, 1, "auto"}, {2, -1, "rct", Value(), true}},
      {"numgbits", {0, 2, 7}, {-1, 8, 2.0}},
      {"roi_compno", {-1, 0, 16383}, {-2, 16384}},
      {"roi_shift", {0, 37}, {-1, 38}},
      {"decod_format", {0, 11}, {-1, 12}},
      {"cod_format", {0, 1, 2}, {3, 11, -1, "jp2"}},
      {"rsiz", {0, 1, 2, 3, 0x8000, 0x100, 0x306, 0x400}, {-1, 65536, 8, 0x4000, 0x40ff0}},
      {"framerate", {0, 24, 65535}, {-1, 65536}},
      {"apply_icc_", {true, false}, {0, Value()}},
      {"rateControlAlgorithm", {0, 1}, {2, -1}},
      {"num_threads", {0, 1024}, {-1, 1025}},
      {"deviceId", {-1, 0, kMost32}, {-2, kMost32 + 1}},
      {"duration", {0, kMost32}, {-1}},
      {"repeats", {0, 1, kMost32}, {-1}},
      {"mode", {0, 1 | 2 | 4 | 8 | 16 | 32, 64}, {128, 256, -1, "HT", 0x40000000}},
      {"verbose", {true, false}, {1}},
      {"enableTilePartGeneration", {true, false}, {1}},
      {"max_cs_size", {0, 256, kMost32}, {-1, kMost32 + 1}},
      {"max_comp_size", {0, kMost32}, {-1}},
      {"bits_per_sample", {Value(), 1, 16}, {0, 17, 12.0}},
      {"max_error", {Value(), 0, 1, 2.5}, {-1, -0.5, std::nan(""), HUGE_VAL, "1", true}},
      {"rmse", {Value(), 1, 2.5}, {0, -1, std::nan(""), HUGE_VAL, "1"}},
      {"psnr", {Value(), 40, 52.5}, {0, -1, std::nan(""), HUGE_VAL, "1"}},
      {"keep", {Array{}, Array{65535}, Array{-1, 0.5}}, {Value(), 5, "x", Array{"x"}}},
      {"layout",
       {Value(), "planes", "interleaved", "row", Array{0, 1}, Array{3, 2, 15}},
       {"", "rows", Array{0}, Array{0, 0}, Array{0, 16}, Array{-1, 0}, Array{0, 1, 2, 3}, Array{0.0, 1.0}, 5}},
      {"engine", {"auto", "openjpeg", "grok", "j2k"}, {"", "kakadu", 0, Value()}},
      {"verify", {"sampled", "all", "none"}, {"", "some", 0, true, Value()}},
      {"write_plt", {true, false}, {1}},
      {"write_tlm", {true, false}, {"no"}},
  };
  return all;
}

class Table : public ::testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Params, Table, ::testing::ValuesIn(rows()),
                         [](const auto& test) { return name_of(test.param.name); });

TEST_P(Table, TakesWhatIsAllowedAndWritesItBack) {
  for (const Value& value : GetParam().allowed) {
    const Map map{{GetParam().name, value}};
    EXPECT_EQ(refusal(map), "") << msgpack::describe(value);
    const Params params = parsed(map);
    EXPECT_EQ(parse_params(pack_params(params)), params) << msgpack::describe(value);
  }
}

TEST_P(Table, RefusesTheRestByNameAndValue) {
  for (const Value& value : GetParam().refused) {
    const std::string reason = refusal({{GetParam().name, value}});
    EXPECT_NE(reason.find(GetParam().name), std::string::npos) << msgpack::describe(value) << ": " << reason;
    EXPECT_NE(reason.find("must be"), std::string::npos) << msgpack::describe(value) << ": " << reason;
    EXPECT_NE(reason.find(msgpack::describe(value)), std::string::npos) << reason;
  }
}

// The table here and the table there have the same names.
TEST(Params, AllAreTested) {
  const Map all = *msgpack::parse(pack_params({})).get_if<Map>();
  std::vector<std::string> known{"quality_mode", "quality_layers"};
  for (const Row& row : rows()) known.push_back(row.name);
  for (const auto& [name, value] : all) EXPECT_TRUE(std::ranges::count(known, name)) << name << " has no row here";
  EXPECT_EQ(all.size(), known.size());
}

TEST(Params, DefaultsAreThoseOf035) {
  const Map all = *msgpack::parse(pack_params({})).get_if<Map>();
  const auto text = [&](std::string_view name) {
    return msgpack::describe(std::ranges::find(all, name, &Map::value_type::first)->second);
  };
  EXPECT_EQ(text("tile_size"), "(0, 0)");
  EXPECT_EQ(text("quality_mode"), "None");
  EXPECT_EQ(text("quality_layers"), "()");
  EXPECT_EQ(text("progression"), "'LRCP'");
  EXPECT_EQ(text("num_resolutions"), "6");
  EXPECT_EQ(text("codeblock_size"), "(64, 64)");
  EXPECT_EQ(text("mct"), "0");
  EXPECT_EQ(text("numgbits"), "2");
  EXPECT_EQ(text("roi_compno"), "-1");
  EXPECT_EQ(text("cod_format"), "2");
  EXPECT_EQ(text("repeats"), "1");
  EXPECT_EQ(parse_params({}), Params{});
  EXPECT_EQ(parse_params(msgpack::serialize(Map{})), Params{});
}

TEST(Params, QualityModeAndLayersComeTogether) {
  EXPECT_EQ(refusal(rates({10})), "");
  EXPECT_EQ(refusal(rates({10.5, 2, 1})), "");
  EXPECT_EQ(refusal({{"quality_mode", "dB"}, {"quality_layers", Array{5}}}), "");
  EXPECT_NE(refusal({{"quality_mode", "rates"}}).find("quality_layers"), std::string::npos);
  EXPECT_NE(refusal({{"quality_layers", Array{10}}}).find("quality_mode"), std::string::npos);
  EXPECT_EQ(refusal({{"quality_layers", Array{}}}), "");
}

TEST(Params, QualityThatNoImageCouldMeanIsRefused) {
  const double nan = std::nan(""), infinity = HUGE_VAL;
  for (const Value& layer : {Value(nan), Value(infinity), Value(-1), Value("10"), Value(), Value(true)}) {
    EXPECT_NE(refusal(rates({10, layer})), "") << msgpack::describe(layer);
  }
  EXPECT_NE(refusal({{"quality_mode", "db"}, {"quality_layers", Array{5}}}).find("'dB'"), std::string::npos);
  EXPECT_EQ(refusal(rates(Array(100, Value(5)))), "");
  EXPECT_NE(refusal(rates(Array(101, Value(5)))), "");
  EXPECT_NE(refusal({{"quality_mode", "rates"}, {"quality_layers", 10}}), "");
}

TEST(Params, UnknownNamesAreRefused) {
  EXPECT_NE(refusal({{"tilesize", pair(1, 1)}}).find("'tilesize'"), std::string::npos);
}

TEST(Params, WhatIsNoMapIsRefused) {
  EXPECT_THROW(parse_params(msgpack::serialize(5)), Error);
  EXPECT_THROW(parse_params(Bytes{0xc1}), Error);
  EXPECT_THROW(parse_params(Bytes{0x81}), Error);
}

TEST(CodecMeta, ReplacesTheQualityOnly) {
  Params params = parsed({{"num_resolutions", 3}, {"quality_mode", "dB"}, {"quality_layers", Array{50}}});
  EXPECT_EQ(with_codec_meta(params, 0), params);
  const Params lossy = with_codec_meta(params, 85);
  EXPECT_EQ(lossy.quality_mode, QualityMode::kRates);
  EXPECT_EQ(lossy.quality_layers, std::vector<double>{8.5});
  EXPECT_EQ(lossy.num_resolutions, 3u);
  for (const uint8_t meta : Bytes{1, 10}) {
    EXPECT_EQ(with_codec_meta(params, meta).quality_mode, QualityMode::kNone) << int{meta};
    EXPECT_TRUE(with_codec_meta(params, meta).quality_layers.empty());
  }
}

TEST(Defaults, AreReplacedAsAWhole) {
  const auto before = default_params();
  set_default_params(parsed({{"num_resolutions", 3}}));
  EXPECT_EQ(default_params()->num_resolutions, 3u);
  set_default_params(parsed({{"numgbits", 4}}));
  EXPECT_EQ(default_params()->num_resolutions, 6u);
  EXPECT_EQ(*before, Params{});
  set_default_params({});
}

TEST(Defaults, StayWhenASetIsRefused) {
  const Bytes good = msgpack::serialize(Map{{"num_resolutions", 3}}), bad = msgpack::serialize(Map{{"numgbits", 9}});
  char reason[200] = "";
  EXPECT_EQ(blosc2_grok_set_defaults(good.data(), good.size(), reason, sizeof reason), 0);
  EXPECT_LT(blosc2_grok_set_defaults(bad.data(), bad.size(), reason, sizeof reason), 0);
  EXPECT_NE(std::string(reason).find("numgbits is 9"), std::string::npos) << reason;
  EXPECT_EQ(default_params()->num_resolutions, 3u);
  char cut[8] = "";
  EXPECT_LT(blosc2_grok_set_defaults(bad.data(), bad.size(), cut, sizeof cut), 0);
  EXPECT_STREQ(cut, "numgbit");
  EXPECT_LT(blosc2_grok_set_defaults(bad.data(), bad.size(), nullptr, 0), 0);
  EXPECT_EQ(blosc2_grok_set_defaults(nullptr, 0, nullptr, 0), 0);
  EXPECT_EQ(*default_params(), Params{});
}

TEST(CApi, StructIsPackedAsTheMapSays) {
  blosc2_grok_params params;
  blosc2_grok_params_init(&params);
  Bytes packed(4096);
  int64_t size = blosc2_grok_pack_params(packed.data(), packed.size(), &params, nullptr, 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(parse_params({packed.data(), static_cast<size_t>(size)}), Params{});
  params.compressParams.allocationByQuality = true;
  params.compressParams.numlayers = 2;
  params.compressParams.layer_distortion[0] = 40;
  params.compressParams.layer_distortion[1] = 50;
  params.compressParams.numresolution = 4;
  size = blosc2_grok_pack_params(packed.data(), packed.size(), &params, nullptr, 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(parse_params({packed.data(), static_cast<size_t>(size)}),
            parsed({{"quality_mode", "dB"}, {"quality_layers", Array{40.0, 50.0}}, {"num_resolutions", 4}}));

  char reason[200] = "";
  params.compressParams.numgbits = 8;
  EXPECT_LT(blosc2_grok_pack_params(packed.data(), packed.size(), &params, reason, sizeof reason), 0);
  EXPECT_STREQ(reason, "numgbits is 8: it must be an integer from 0 to 7");
  params.magic = 1;
  EXPECT_LT(blosc2_grok_pack_params(packed.data(), packed.size(), &params, reason, sizeof reason), 0);
  EXPECT_LT(blosc2_grok_pack_params(packed.data(), packed.size(), nullptr, reason, sizeof reason), 0);
  EXPECT_STREQ(reason, "params is NULL");
}

TEST(CApi, NormalizeWritesOnlyWhatFits) {
  Bytes all(4096, 0xee);
  const int64_t size = blosc2_grok_normalize(all.data(), all.size(), nullptr, 0, nullptr, 0);
  ASSERT_GT(size, 0);
  EXPECT_EQ(parse_params({all.data(), static_cast<size_t>(size)}), Params{});
  Bytes small(static_cast<size_t>(size) - 1, 0xee);
  EXPECT_EQ(blosc2_grok_normalize(small.data(), small.size(), nullptr, 0, nullptr, 0), size);
  EXPECT_EQ(small, Bytes(small.size(), 0xee));
  EXPECT_EQ(blosc2_grok_get_defaults(nullptr, 0), size);
}

}  // namespace
}  // namespace blosc2_grok::test
