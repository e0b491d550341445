// SPDX-License-Identifier: BSD-3-Clause
// Against bytes made by hand from the specification, and against those of Python's msgpack 1.1 (use_bin_type=True).
#include "msgpack.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "blocks.hpp"
#include "error.hpp"

namespace blosc2_grok::msgpack {
namespace {

using test::Bytes;

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (size_t i = 0; i + 2 <= hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(const Bytes& bytes) {
  std::string hex;
  for (const uint8_t byte : bytes) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

template <class T>
T parsed(std::string_view hex) {
  const Value value = parse(from_hex(hex));
  const T* const held = value.get_if<T>();
  if (held == nullptr) throw std::runtime_error("another type: " + describe(value));
  return *held;
}

ErrorCode code_of(const Bytes& bytes) {
  try {
    parse(bytes);
  } catch (const Error& e) {
    return e.code();
  }
  return ErrorCode{};
}

TEST(MsgpackReader, ReadsIntegersOfEveryWidth) {
  EXPECT_EQ(parsed<int64_t>("00"), 0);
  EXPECT_EQ(parsed<int64_t>("7f"), 127);
  EXPECT_EQ(parsed<int64_t>("e0"), -32);
  EXPECT_EQ(parsed<int64_t>("ff"), -1);
  EXPECT_EQ(parsed<int64_t>("cc80"), 128);
  EXPECT_EQ(parsed<int64_t>("cdffff"), 65535);
  EXPECT_EQ(parsed<int64_t>("ceffffffff"), 4294967295);
  EXPECT_EQ(parsed<int64_t>("cf0000000100000000"), 4294967296);
  EXPECT_EQ(parsed<int64_t>("d080"), -128);
  EXPECT_EQ(parsed<int64_t>("d18000"), -32768);
  EXPECT_EQ(parsed<int64_t>("d280000000"), INT32_MIN);
  EXPECT_EQ(parsed<int64_t>("d38000000000000000"), INT64_MIN);
}

TEST(MsgpackReader, ReadsFloatsBooleansAndNil) {
  EXPECT_EQ(parsed<double>("ca3fc00000"), 1.5);
  EXPECT_EQ(parsed<double>("cb4000000000000000"), 2.0);
  EXPECT_TRUE(std::isnan(parsed<double>("cb7ff8000000000000")));
  EXPECT_EQ(parsed<bool>("c3"), true);
  EXPECT_EQ(parsed<bool>("c2"), false);
  EXPECT_TRUE(parse(from_hex("c0")).is_nil());
}

TEST(MsgpackReader, ReadsStringsAndBinaryAlike) {
  EXPECT_EQ(parsed<std::string>("a3616263"), "abc");
  EXPECT_EQ(parsed<std::string>("d903616263"), "abc");
  EXPECT_EQ(parsed<std::string>("da0003616263"), "abc");
  EXPECT_EQ(parsed<std::string>("db00000003616263"), "abc");
  EXPECT_EQ(parsed<std::string>("c403616263"), "abc");
  EXPECT_EQ(parsed<std::string>("c50003616263"), "abc");
  EXPECT_EQ(parsed<std::string>("c600000003616263"), "abc");
}

TEST(MsgpackReader, ReadsArraysAndMapsOfEveryWidth) {
  EXPECT_EQ(parsed<Array>("9301a162c0").size(), 3u);
  EXPECT_EQ(parsed<Array>("dc00020102").size(), 2u);
  EXPECT_EQ(parsed<Array>("dd000000020102").size(), 2u);
  EXPECT_EQ(parsed<Map>("81a16101").front().first, "a");
  EXPECT_EQ(parsed<Map>("de0001a16101").size(), 1u);
  EXPECT_EQ(parsed<Map>("df00000001a16101").size(), 1u);
}

TEST(MsgpackReader, ReadsWhatPythonWrites) {
  // msgpack.packb({"tile_size": (64, 32), "quality_mode": "rates", "quality_layers": [10.0, 2], "irreversible": None,
  //                "roi_compno": -1, "max_cs_size": 70000, "verbose": False})
  const Map map = parsed<Map>(
      "87a974696c655f73697a65924020ac7175616c6974795f6d6f6465a57261746573ae7175616c6974795f6c617965727392cb4024000000"
      "00000002ac697272657665727369626c65c0aa726f695f636f6d706e6fffab6d61785f63735f73697a65ce00011170a7766572626f7365"
      "c2");
  ASSERT_EQ(map.size(), 7u);
  EXPECT_EQ(map[0].first, "tile_size");
  EXPECT_EQ(*map[1].second.get_if<std::string>(), "rates");
  EXPECT_EQ(*(*map[2].second.get_if<Array>())[0].get_if<double>(), 10.0);
  EXPECT_TRUE(map[3].second.is_nil());
  EXPECT_EQ(*map[4].second.get_if<int64_t>(), -1);
  EXPECT_EQ(*map[5].second.get_if<int64_t>(), 70000);
  EXPECT_EQ(*map[6].second.get_if<bool>(), false);
}

TEST(MsgpackWriter, WritesWhatPythonWrites) {
  const auto written = [](Value value) { return to_hex(serialize(value)); };
  EXPECT_EQ(written(0), "00");
  EXPECT_EQ(written(127), "7f");
  EXPECT_EQ(written(128), "cc80");
  EXPECT_EQ(written(256), "cd0100");
  EXPECT_EQ(written(-1), "ff");
  EXPECT_EQ(written(-32), "e0");
  EXPECT_EQ(written(-33), "d0df");
  EXPECT_EQ(written(-129), "d1ff7f");
  EXPECT_EQ(written(-32769), "d2ffff7fff");
  EXPECT_EQ(written(65536), "ce00010000");
  EXPECT_EQ(written(int64_t{1} << 32), "cf0000000100000000");
  EXPECT_EQ(written(INT64_MIN), "d38000000000000000");
  EXPECT_EQ(written(1.5), "cb3ff8000000000000");
  EXPECT_EQ(written(true), "c3");
  EXPECT_EQ(written({}), "c0");
  EXPECT_EQ(written("abc"), "a3616263");
  EXPECT_EQ(written(std::string(31, 'a')).substr(0, 2), "bf");
  EXPECT_EQ(written(std::string(32, 'a')).substr(0, 4), "d920");
  EXPECT_EQ(written(std::string(256, 'a')).substr(0, 6), "da0100");
  EXPECT_EQ(written(std::string(65536, 'a')).substr(0, 10), "db00010000");
  EXPECT_EQ(written(Array(15, Value(1))).substr(0, 2), "9f");
  EXPECT_EQ(written(Array(16, Value(1))).substr(0, 6), "dc0010");
  EXPECT_EQ(written(Array(65536, Value(1))).substr(0, 10), "dd00010000");
  EXPECT_EQ(written(Map{{"a", 1}, {"b", Array{2, Value()}}}), "82a16101a1629202c0");
}

TEST(MsgpackReader, RefusesEveryPrefixOfAValue) {
  const Bytes whole = serialize(Map{{"tile_size", Array{64, 4000}}, {"name", std::string(40, 'x')}, {"x", 1.5}});
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(code_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))), ErrorCode::kData)
        << size;
  }
}

TEST(MsgpackReader, RefusesWhatFollowsAValue) { EXPECT_EQ(code_of(from_hex("0101")), ErrorCode::kData); }

TEST(MsgpackReader, RefusesCountsBeyondTheBytes) {
  for (const char* hex : {"ddffffffff00", "dfffffffff00", "dbffffffff00", "c6ffffffff00", "9f00", "8f00"}) {
    EXPECT_EQ(code_of(from_hex(hex)), ErrorCode::kData) << hex;
  }
}

TEST(MsgpackReader, RefusesKeysThatAreNoStrings) { EXPECT_EQ(code_of(from_hex("810102")), ErrorCode::kData); }

TEST(MsgpackReader, RefusesUnknownTags) {
  for (const char* hex : {"c1", "c70000", "d40000", "d8"}) EXPECT_EQ(code_of(from_hex(hex)), ErrorCode::kData) << hex;
}

TEST(MsgpackReader, RefusesDeepNesting) {
  EXPECT_EQ(code_of(from_hex("9191919191919191c0")), ErrorCode{});
  EXPECT_EQ(code_of(from_hex("919191919191919191c0")), ErrorCode::kData);
  EXPECT_EQ(code_of(Bytes(100000, 0x91)), ErrorCode::kData);
}

TEST(MsgpackDescribe, WritesValuesAsPythonDoes) {
  EXPECT_EQ(describe(Array{64, "LRCP", Value(), true, 2.5}), "(64, 'LRCP', None, True, 2.5)");
}

}  // namespace
}  // namespace blosc2_grok::msgpack
