// SPDX-License-Identifier: BSD-3-Clause
// What lossy blocks promise: sizes from above and below, PSNR by its definition, and the record in the segment.
#include "quality.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cases.hpp"
#include "stored_block.hpp"

namespace blosc2_grok::test {
namespace {

TEST(Psnr, IsTheDefinition) {
  EXPECT_NEAR(psnr(1, 8), 48.1308, 1e-4);
  EXPECT_NEAR(psnr(1, 16), 96.3295, 1e-4);
  EXPECT_NEAR(psnr(100, 8), 28.1308, 1e-4);
  EXPECT_TRUE(std::isinf(psnr(0, 8)));
}

class Lossy : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Cases, Lossy, ::testing::ValuesIn(lossy_cases()),
                         [](const auto& test) { return std::to_string(test.index) + "_" + test_name(test.param); });

TEST_P(Lossy, KeepsItsPromise) {
  const Case& row = GetParam();
  const Block block = row.block();
  const Bytes stored = encode(block, row.parameters, row.codec_meta);
  ASSERT_FALSE(stored.empty());
  const Bytes decoded = decode(stored, block.bytes.size());
  const double bytes = static_cast<double>(block.bytes.size());
  const double reached = psnr_by_definition(block.bytes, decoded, row.dtype);
  if (row.rate) {
    EXPECT_LE(static_cast<double>(stored.size()), bytes / *row.rate);
    EXPECT_TRUE(static_cast<double>(stored.size()) >= 0.9 * bytes / *row.rate || std::isinf(reached))
        << stored.size() << " of " << bytes / *row.rate << " bytes";
    EXPECT_GT(reached, 20);
  } else {
    EXPECT_GE(reached, *row.decibels);
    const size_t lossless = encode(block).size();
    EXPECT_LE(stored.size(), lossless + 150);
    if (stored.size() > 2000 && !std::isinf(reached)) {  // infinite: lossless was as small
      EXPECT_LT(reached, *row.decibels + 3);
    }
  }
  const auto segment = open_stored_block(stored).segment;
  ASSERT_TRUE(segment && segment->is_lossy && segment->loss);
  EXPECT_NEAR(segment->loss->mse, mean_squared_error(block.bytes, decoded, row.dtype), 1e-6);
}

// The loss is in the stored block: what our coder tells of it is what decoding measures.
TEST(Loss, IsTheSameToldOrMeasured) {
  for (const char* dtype : {"|u1", "<u2", ">i2"}) {
    const Block block = make_block("xray", dtype, {200, 210});
    const Map qualities[] = {{{"rmse", 3}}, {{"psnr", 50}}, {{"quality_mode", "rates"}, {"quality_layers", Array{8}}}};
    for (Map parameters : qualities) {
      parameters.insert(parameters.end(), {{"mode", 64}, {"verify", "all"}});
      const Bytes measured = encode(block, parameters);
      parameters.back().second = "none";
      EXPECT_EQ(encode(block, parameters), measured) << dtype << ' ' << parameters[0].first;
    }
  }
}

TEST(Budget, CountsRealSamplesOnly) {
  // 60 x 80 real samples in a block of 128 x 128.
  Block block{"<u2", {128, 128}, Bytes(128 * 128 * 2), {}};
  const Bytes real = make_block("xray", "<u2", {60, 80}).bytes;
  for (int r = 0; r < 60; ++r) std::copy_n(real.begin() + r * 160, 160, block.bytes.begin() + r * 256);
  const Bytes stored = encode(block, {}, 60);
  EXPECT_LE(stored.size(), 60u * 80 * 2 / 6);
  EXPECT_GE(stored.size(), 60u * 80 * 2 / 6 * 9 / 10);
  const Bytes good = encode(block, {{"quality_mode", "dB"}, {"quality_layers", Array{60}}});
  const double mse = mean_squared_error(block.bytes, decode(good, block.bytes.size()), "<u2") * 128 * 128 / (60 * 80);
  EXPECT_GE(psnr(mse, 16), 60);
}

TEST(Budget, BelowTheHeadersIsSaid) {
  const uint64_t since = blosc2_grok_message_serial();
  const Bytes stored = encode(make_block("photo", "|u1", {40, 50}), {}, 250);
  EXPECT_FALSE(stored.empty());
  blosc2_grok_message message{};
  message.struct_size = sizeof message;
  EXPECT_EQ(blosc2_grok_next_message(since, BLOSC2_GROK_MESSAGE_NOTICE, &message), 1);
  EXPECT_NE(std::string(message.text).find("budget"), std::string::npos);
}

TEST(Budget, MaxCsSizeBoundsTheCodestream) {
  for (const int cap : {600, 1000, 5000}) {
    const Block block = make_block("photo", "|u1", {150, 200});
    const Bytes jp2 = encode(block, {{"max_cs_size", cap}}),
                j2k = encode(block, {{"max_cs_size", cap}, {"cod_format", 1}});
    EXPECT_LE(jp2.size(), static_cast<size_t>(cap) + kJp2HeadBytes) << cap;
    EXPECT_LE(j2k.size(), static_cast<size_t>(cap)) << cap;
    EXPECT_GE(j2k.size(), static_cast<size_t>(cap) * 85 / 100) << cap;
  }
}

TEST(Decibels, BeyondWhatLossCanGiveAreLossless) {
  const Block block = make_block("photo", "|u1", {100, 120});
  const Bytes stored = encode(block, {{"quality_mode", "dB"}, {"quality_layers", Array{120}}});
  EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
}

TEST(Loss, IsRefusedWhereNothingTellsTheSamples) {
  Block block = make_block("photo", "<u2", {64, 64});
  block.dtype = "|V2";
  EXPECT_EQ(encode_code(block, {}, 40), static_cast<int64_t>(ErrorCode::kCodecParam));
  EXPECT_NE(newest_reason().find("dtype"), std::string::npos);
  EXPECT_EQ(decode(encode(block), block.bytes.size()), block.bytes);
}

TEST(Contradictions, AreRefused) {
  const Block block = make_block("photo", "|u1", {64, 64});
  EXPECT_LT(encode_code(block, {{"quality_mode", "dB"}, {"quality_layers", Array{40}}, {"max_cs_size", 500}}), 0);
  EXPECT_LT(encode_code(block, {{"mct", 1}}), 0);
  EXPECT_LT(encode_code(block, {{"bits_per_sample", 7}}), 0);
  EXPECT_LT(encode_code(block, {{"tile_offset", Array{5, 5}}}), 0);
  EXPECT_LT(encode_code(block, {{"roi_compno", 0}, {"roi_shift", 3}}), 0);
  EXPECT_LT(encode_code(block, {{"layout", "interleaved"}}), 0);
}

}  // namespace
}  // namespace blosc2_grok::test
