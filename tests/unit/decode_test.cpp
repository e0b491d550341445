// SPDX-License-Identifier: BSD-3-Clause
// Decoding checks before it writes: blocks that are not what the host expects.
#include "decode.hpp"

#include <gtest/gtest.h>

#include "blocks.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"
#include "segment.hpp"
#include "stored_block.hpp"

namespace blosc2_grok::test {
namespace {

const int64_t kData = static_cast<int64_t>(ErrorCode::kData);

TEST(Decoder, WritesExactlyTheBlock) {
  for (const Shape& shape : {Shape{37, 41}, Shape{64, 64}, Shape{30, 20, 3}, Shape{4, 33, 21}}) {
    const Block block = make_block("photo", "<u2", shape);
    const Bytes stored = encode(block);
    GuardedBuffer out(block.bytes.size());
    ASSERT_EQ(blosc2_grok_decode(out.data(), out.size(), stored.data(), stored.size(), 1),
              static_cast<int64_t>(out.size()));
    EXPECT_TRUE(out.canaries_are_intact());
    EXPECT_TRUE(std::ranges::equal(out.span(), block.bytes));
  }
}

TEST(Decoder, WritesEveryByteOfPaddedBlocks) {
  Block block{"<u2", {4, 32, 32}, Bytes(4 * 32 * 32 * 2), {}};
  const Bytes real = make_block("photo", "<u2", {20, 32}).bytes;
  std::ranges::copy(real, block.bytes.begin());
  std::ranges::copy(real, block.bytes.begin() + 32 * 32 * 2);
  const Bytes stored = encode(block);
  GuardedBuffer out(block.bytes.size(), 0xff);
  ASSERT_GT(blosc2_grok_decode(out.data(), out.size(), stored.data(), stored.size(), 1), 0);
  EXPECT_TRUE(std::ranges::equal(out.span(), block.bytes));
}

TEST(Decoder, RefusesBlocksOfAnotherSizeBeforeWriting) {
  const Bytes stored = encode(make_block("photo", "<u2", {40, 50}));
  for (const size_t bytes : {1, 2, 1999, 3998, 3999, 4001, 4002, 8000, 100000}) {
    GuardedBuffer out(bytes);
    EXPECT_EQ(blosc2_grok_decode(out.data(), out.size(), stored.data(), stored.size(), 1), kData) << bytes;
    EXPECT_TRUE(std::ranges::all_of(out.span(), [](uint8_t byte) { return byte == 0xa5; })) << bytes;
  }
}

// A sealed segment that tells of another image than the codestream has.
TEST(Decoder, RefusesASegmentThatContradictsTheCodestream) {
  const Bytes stored = encode(make_block("photo", "<u2", {40, 50}), {{"cod_format", 1}});
  const StoredBlock opened = open_stored_block(stored);
  const auto code = [&](auto&& change, size_t block_bytes) {
    Segment segment = *opened.segment;
    change(segment);
    return decode_code(with_segment(stored, segment), block_bytes);
  };
  EXPECT_EQ(code([](Segment&) {}, 4000), 4000);
  EXPECT_EQ(code([](Segment& s) { s.layout.extents = {50, 40}; }, 4000), kData);
  EXPECT_EQ(code([](Segment& s) { s.layout.extents = {400, 500}; }, 400000), kData);
  EXPECT_EQ(code([](Segment& s) { s.layout = {{2, 40, 25}, {1, 2, -1}}; }, 4000), kData);
  EXPECT_EQ(code([](Segment& s) { s.sample = {1, false, false}; }, 2000), kData);
  EXPECT_EQ(code([](Segment& s) { s.sample.is_signed = true; }, 4000), kData);
  EXPECT_EQ(code([](Segment& s) { s.layout.extents = {80, 50}; }, 8000), kData);
  EXPECT_EQ(code(
                [](Segment& s) {
                  s.valid = ValidExtent{1, 40, 50};
                  s.layout.extents = {64, 64};
                },
                8192),
            8192);
  EXPECT_EQ(code(
                [](Segment& s) {
                  s.valid = ValidExtent{1, 41, 50};
                  s.layout.extents = {64, 64};
                },
                8192),
            kData);
  EXPECT_EQ(code([](Segment& s) { s.valid = ValidExtent{1, 40, 51}; }, 4000), kData);
  EXPECT_EQ(code([](Segment& s) { s.valid = ValidExtent{0, 40, 50}; }, 4000), kData);
  EXPECT_EQ(code([](Segment& s) { s.valid = ValidExtent{1, 0, 50}; }, 4000), kData);
  EXPECT_EQ(code([](Segment& s) { s.layout.roles = {1, 0, -1}; }, 4000), kData);
  EXPECT_LT(code([](Segment& s) { s.layout.roles = {}; }, 4000), 0);
}

// A stream of an earlier plugin whose samples are as many as the block's, modulo 2^64.
TEST(Decoder, RefusesImageSizesThatOverflow) {
  Bytes stored = *without_segment(encode(make_block("constant", "|u1", {64, 64}), {{"cod_format", 1}}));
  const auto patch = [&](size_t at, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) stored[at + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
  };
  ASSERT_EQ(stored[3], 0x51);
  for (const uint32_t side : {1u << 31, 1u << 20, 1u << 16}) {
    patch(8, side), patch(12, side), patch(24, side), patch(28, side);
    EXPECT_EQ(decode_code(stored, 4096), kData) << side;
  }
}

TEST(Decoder, AnOldBlocksSamplesComeInRasterOrder) {
  const Block block = make_block("photo", "<u2", {40, 50, 3});
  const Bytes old = *without_segment(encode(block));
  EXPECT_EQ(decode(old, block.bytes.size()), block.bytes);
}

TEST(Decoder, RefusesAnOldBlockWhereOnlyOursCanBe) {
  const Block block = make_block("photo", "<u2", {40, 50});
  const Bytes old = *without_segment(encode(block));
  Bytes out(block.bytes.size());
  EXPECT_NO_THROW(decode_block({old, out, {}, {}, ""}));
  EXPECT_THROW(decode_block({old, out, {}, {}, "its array has parameters of this plugin"}), Error);
}

TEST(Decoder, RefusesTruncatedOldBlocks) {
  const Bytes old = *without_segment(encode(make_block("photo", "<u2", {40, 50}), {{"cod_format", 1}}));
  for (size_t size = 0; size + 2 < old.size(); ++size) {
    const Bytes cut(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_LT(decode_code(cut, 4000), 0) << size << " of " << old.size();
  }
}

TEST(Decoder, TakesNoNullPointers) {
  uint8_t byte = 0;
  EXPECT_LT(blosc2_grok_decode(nullptr, 1, &byte, 1, 1), 0);
  EXPECT_LT(blosc2_grok_decode(&byte, 1, nullptr, 1, 1), 0);
  EXPECT_LT(blosc2_grok_decode(&byte, 1, &byte, 0, 1), 0);
  EXPECT_LT(blosc2_grok_decode(&byte, 0, &byte, 1, 1), 0);
}

TEST(Decoder, TellsBothSizesInTheReason) {
  const Bytes stored = encode(make_block("photo", "<u2", {40, 50}));
  const uint64_t since = blosc2_grok_message_serial();
  decode_code(stored, 4002);
  EXPECT_NE(newest_reason(since).find("4000"), std::string::npos) << newest_reason(since);
  EXPECT_NE(newest_reason(since).find("4002"), std::string::npos) << newest_reason(since);
}

}  // namespace
}  // namespace blosc2_grok::test
