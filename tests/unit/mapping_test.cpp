// SPDX-License-Identifier: BSD-3-Clause
// Dtypes that engines don't take as they are: exact without loss, and within the bound with one.
#include "mapping.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "blocks.hpp"
#include "element.hpp"
#include "mutate.hpp"
#include "segment.hpp"
#include "stored_block.hpp"

namespace blosc2_grok::test {
namespace {

const char* const kWideDtypes[] = {"|b1", "<u4", ">u4", "<i4", ">i4", "<u8", "<i8",
                                   ">i8", "<f2", ">f2", "<f4", ">f4", "<f8", ">f8"};

SampleType element_of(const std::string& dtype) { return parse_dtype(dtype, std::stoi(dtype.substr(2))).sample; }

// A photo's values, scaled into the dtype, with a gradient that fills the low bits.
Block wide_block(const std::string& dtype, const Shape& shape) {
  const SampleType element = element_of(dtype);
  const Bytes photo = make_image("photo", {2, false, false}, shape);
  Block block{dtype, shape, Bytes(photo.size() / 2 * element.bytes), {}};
  for (size_t i = 0; i < photo.size() / 2; ++i) {
    const double value = photo[2 * i] + 256.0 * photo[2 * i + 1];
    const bool is_boolean = dtype == "|b1";
    const double scale = element.is_float ? 0.125 : element.bytes == 8 ? 1e11 : 1000;
    const double number = is_boolean ? value > 30000 : value * scale + static_cast<double>(i % 7);
    store_bits(block.bytes.data() + i * element.bytes, bits_of_number(number, element), element);
  }
  return block;
}

double number_at(const Bytes& bytes, size_t i, const SampleType& element) {
  return number_of(load_bits(bytes.data() + i * element.bytes, element), element);
}

class Wide : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, Wide, ::testing::ValuesIn(kWideDtypes), [](const auto& test) {
  return std::string(test.param[0] == '>' ? "big_" : "") + (test.param + 1);
});

TEST_P(Wide, IsExactWithoutLoss) {
  for (const Shape& shape : {Shape{60, 90}, Shape{3, 40, 50}, Shape{3000}}) {
    const Block block = wide_block(GetParam(), shape);
    const Bytes stored = encode(block);
    ASSERT_FALSE(stored.empty());
    EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
  }
}

TEST_P(Wide, IsExactWithExtremesAmongThem) {
  Block block = wide_block(GetParam(), {60, 90});
  const SampleType element = element_of(GetParam());
  if (GetParam() == std::string("|b1")) return;
  const uint64_t ones = ~uint64_t{0} >> (64 - element.bits()), sign = uint64_t{1} << (element.bits() - 1);
  size_t at = 500;
  // For floats: zeros of both signs, the smallest denormal, NaNs of both signs with payloads, infinities.
  for (const uint64_t bits : {uint64_t{0}, uint64_t{1}, sign, sign + 1, sign - 1, ones, ones - 1}) {
    store_bits(block.bytes.data() + at++ * element.bytes, bits, element);
  }
  for (const double number : {HUGE_VAL, -HUGE_VAL, std::nan("")}) {
    if (element.is_float)
      store_bits(block.bytes.data() + at++ * element.bytes, bits_of_number(number, element), element);
  }
  const Bytes stored = encode(block);
  if (stored.empty()) return;  // the range makes it larger than raw
  EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
}

TEST_P(Wide, KeepsAnErrorBound) {
  if (GetParam() == std::string("|b1")) return;
  const SampleType element = element_of(GetParam());
  for (const double bound : {1.0, 2.5, 100.0}) {
    const Block block = wide_block(GetParam(), {60, 90});
    const Bytes stored = encode(block, {{"max_error", bound}});
    ASSERT_FALSE(stored.empty());
    const Bytes decoded = decode(stored, block.bytes.size());
    for (size_t i = 0; i < 60 * 90; ++i) {
      ASSERT_LE(std::fabs(number_at(block.bytes, i, element) - number_at(decoded, i, element)), bound) << i;
    }
    // A partial write recodes the whole chunk: what was decoded must not drift.
    Block again = block;
    again.bytes = decoded;
    const Bytes stored_again = encode(again, {{"max_error", bound}});
    ASSERT_FALSE(stored_again.empty());
    EXPECT_EQ(decode(stored_again, decoded.size()), decoded) << bound;
  }
}

class Direct : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, Direct, ::testing::Values("|u1", "|i1", "<u2", "<i2", ">u2"), [](const auto& test) {
  return std::string(test.param[0] == '>' ? "big_" : "") + (test.param + 1);
});

TEST_P(Direct, KeepsAnErrorBound) {
  for (const int bound : {0, 1, 2, 5, 20}) {
    const Block block = make_block("photo", GetParam(), {90, 120});
    const Bytes decoded = decode(encode(block, {{"max_error", bound}}), block.bytes.size());
    const auto a = numbers(block.bytes, GetParam()), b = numbers(decoded, GetParam());
    for (size_t i = 0; i < a.size(); ++i) ASSERT_LE(std::abs(a[i] - b[i]), bound) << i;
    Block again = block;
    again.bytes = decoded;
    EXPECT_EQ(decode(encode(again, {{"max_error", bound}}), decoded.size()), decoded) << bound;
  }
}

TEST(Kept, ValuesComeBackBesideALoss) {
  Block block = make_block("xray", "<u2", {90, 120});
  for (size_t i = 3000; i < 3100; ++i) block.bytes[2 * i] = block.bytes[2 * i + 1] = 0xff;
  const Bytes stored =
      encode(block, {{"quality_mode", "rates"}, {"quality_layers", Array{10}}, {"keep", Array{65535}}});
  const auto decoded = numbers(decode(stored, block.bytes.size()), "<u2"), original = numbers(block.bytes, "<u2");
  for (size_t i = 0; i < original.size(); ++i) {
    EXPECT_TRUE(original[i] != 65535 || decoded[i] == 65535) << i;
    EXPECT_LT(std::abs(original[i] - decoded[i]), 2000) << i;
  }
}

TEST(Kept, NanAndInfinityComeBackBesideALoss) {
  Block block = wide_block("<f4", {60, 90});
  const SampleType element = element_of("<f4");
  const float specials[] = {std::nanf("1"), -std::nanf(""), HUGE_VALF, -HUGE_VALF};
  for (size_t i = 0; i < 40; ++i) std::memcpy(block.bytes.data() + (700 + i) * 4, &specials[i / 10], 4);
  const Bytes decoded = decode(encode(block, {{"max_error", 2}}), block.bytes.size());
  EXPECT_TRUE(std::equal(block.bytes.begin() + 2800, block.bytes.begin() + 2960, decoded.begin() + 2800));
  EXPECT_LE(std::fabs(number_at(block.bytes, 5, element) - number_at(decoded, 5, element)), 2);
}

// Unsigned values of so many bits: a slope, with noise of `noise_bits`.
Block deep_block(int bits, int noise_bits) {
  const Shape shape{64, 96};
  const SampleType element = element_of("<u4");
  Block block{"<u4", shape, Bytes(64 * 96 * 4), {}};
  const uint64_t most = (uint64_t{1} << bits) - 1;
  uint64_t state = 1;
  for (size_t i = 0; i < 64 * 96; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint64_t value = i % 96 * (most / 95) + (state >> 33 & ((uint64_t{1} << noise_bits) - 1));
    store_bits(block.bytes.data() + i * 4, std::min(value, most), element);
  }
  return block;
}

struct Written {
  int words, bits;
};
Written written(const Block& block, const Map& parameters) {
  const Bytes stored = encode(block, parameters);
  EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
  const StoredBlock opened = open_stored_block(stored);
  return {opened.segment->mapping->words, opened.header.components[0].bits};
}

TEST(Mapping, OneComponentTakesWhatTheEngineKeeps) {
  for (const int mode : {0, 64}) {
    for (const int bits : {17, 24, 25, 26, 27, 31}) {
      const Written own = written(deep_block(bits, 10), {{"mode", mode}});
      EXPECT_EQ(own.words, 1) << mode << ' ' << bits;
      EXPECT_EQ(own.bits, bits) << mode;
    }
    EXPECT_EQ(written(deep_block(32, 10), {{"mode", mode}}).words, 2) << mode;
  }
#ifdef BLOSC2_GROK_WITH_OPENJPEG
  EXPECT_EQ(written(deep_block(24, 10), {{"engine", "openjpeg"}}).words, 1);
  EXPECT_EQ(written(deep_block(25, 10), {{"engine", "openjpeg"}}).words, 2);
#endif
}

// The HT coder has no fast way for coefficients of more than 27 bits.
TEST(Mapping, RoughValuesGoInWordsThroughHt) {
  EXPECT_EQ(written(deep_block(31, 30), {{"mode", 64}}).words, 2);
  EXPECT_EQ(written(deep_block(31, 30), {{"mode", 0}}).words, 1);
  EXPECT_EQ(written(deep_block(26, 26), {{"mode", 64}}).words, 1);
}

// Layers on the way to everything want the 32-bit path.
TEST(Mapping, LayersGoInWords) {
  const Map layers{{"quality_mode", "rates"}, {"quality_layers", Array{8, 1}}};
  EXPECT_EQ(written(deep_block(27, 10), layers).words, 2);
}

// Runs of kept elements and mappings that no encoder writes, behind a checksum made good.
TEST(Mapping, HostileSegmentsAreErrorsOrHarmless) {
  const Block block = wide_block("<f4", {20, 30});
  Block special = block;
  const float nan = std::nanf("");
  std::memcpy(special.bytes.data() + 400, &nan, 4);
  const Bytes stored = encode(special, {{"max_error", 2}, {"cod_format", 1}});
  const StoredBlock opened = open_stored_block(stored);
  ASSERT_TRUE(opened.segment->mapping);
  ASSERT_FALSE(opened.segment->kept.empty());
  const auto attempt = [&](auto&& change) {
    Segment segment = *opened.segment;
    change(segment);
    return decode_code(with_segment(stored, segment), block.bytes.size());
  };
  const auto size = static_cast<int64_t>(block.bytes.size());
  EXPECT_EQ(attempt([](Segment&) {}), size);
  EXPECT_LT(attempt([](Segment& s) { s.mapping.reset(); }), 0);
  for (const uint64_t start : {uint64_t{0}, uint64_t{599}, uint64_t{600}, uint64_t{UINT32_MAX}}) {
    for (const uint64_t length : {uint64_t{1}, uint64_t{601}, uint64_t{UINT32_MAX}}) {
      const int64_t code = attempt([&](Segment& s) { s.kept.add_run({start, length, 5}); });
      EXPECT_TRUE(code < 0 || code == size);
    }
  }
  for (const uint8_t words : std::array<uint8_t, 4>{1, 2, 3, 4}) {
    const int64_t code = attempt([&](Segment& s) { s.mapping->words = words; });
    EXPECT_TRUE(words == opened.segment->mapping->words ? code == size : code < 0) << int{words};
  }
  for (const double step : {0.0, 1e-300, 1e300, 0x1p62, 0x1p63, 0x1p64}) {
    for (const MapKind kind : {MapKind::kKey, MapKind::kGrid, MapKind::kLinear, MapKind::kSame}) {
      for (const char* dtype : {"<f4", "<i4", "<u4"}) {
        const int64_t code = attempt([&](Segment& s) {
          s.mapping->step = step, s.mapping->kind = kind, s.mapping->offset = ~uint64_t{0} >> 1;
          s.sample = element_of(dtype);
        });
        EXPECT_TRUE(code < 0 || code == size) << step << ' ' << static_cast<int>(kind) << ' ' << dtype;
      }
    }
  }
}

TEST(Half, RoundTripsEveryPattern) {
  const SampleType half = element_of("<f2");
  for (uint64_t bits = 0; bits < 65536; ++bits) {
    const double number = number_of(bits, half);
    if (!std::isnan(number)) {
      EXPECT_EQ(bits_of_number(number, half), bits);
    }
    EXPECT_EQ(bits_of_key(key_of(bits, half), half), bits);
  }
  EXPECT_EQ(bits_of_number(65519.99, half), 0x7bffu);
  EXPECT_EQ(bits_of_number(65520, half), 0x7c00u);
  EXPECT_EQ(bits_of_number(0x1p-25, half), 0u);
  EXPECT_EQ(bits_of_number(0x1.8p-25, half), 1u);
}

TEST(Key, OrdersAsNumbersDo) {
  const SampleType single = element_of("<f4");
  const float rising[] = {-HUGE_VALF, -3.5f, -1e-40f, -0.0f, 0.0f, 1e-40f, 2.0f, HUGE_VALF};
  uint64_t last = 0;
  for (const float number : rising) {
    const uint64_t key = key_of(std::bit_cast<uint32_t>(number), single);
    EXPECT_GT(key, last);
    last = key;
  }
}

}  // namespace
}  // namespace blosc2_grok::test
