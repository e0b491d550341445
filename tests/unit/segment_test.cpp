// SPDX-License-Identifier: BSD-3-Clause
// Our COM segment: what is written is read, and no damage to a stored block goes unseen.
#include "segment.hpp"

#include <gtest/gtest.h>

#include "blocks.hpp"
#include "mutate.hpp"
#include "stored_block.hpp"

namespace blosc2_grok::test {
namespace {

const char* const kContainers[] = {"jp2", "j2k"};

Bytes small_block(std::string_view container) {
  return encode(make_block("photo", "<u2", {24, 31}), {{"cod_format", container == "jp2" ? 2 : 1}});
}

Segment full_segment() {
  Segment segment;
  segment.sample = {2, true, true};
  segment.is_lossy = true;
  segment.shuffled_typesize = 2;
  segment.layout = {{5, 300, 70000}, {1, 2, -1}};
  segment.valid = ValidExtent{4, 299, 65000};
  segment.engine = {1, {2, 5, 0}, {0, 4, 1}};
  segment.loss = LossRecord{12, 3.25};
  segment.samples_checksum = 0x0123456789abcdefu;
  return segment;
}

// A codestream of our making with another segment in it.
Bytes with_segment(const Bytes& segment) {
  Bytes stored = *without_segment(small_block("j2k"));
  const size_t at = parse_codestream_header(stored).first_tile_part;
  stored.insert(stored.begin() + static_cast<std::ptrdiff_t>(at), segment.begin(), segment.end());
  return stored;
}

std::optional<Segment> read(const Bytes& stored) {
  return read_segment(stored, stored, parse_codestream_header(stored));
}

void expect_refused(const Bytes& stored, const std::string& what) {
  try {
    open_stored_block(stored);
    ADD_FAILURE() << what << " was taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kData) << what;
  }
}

TEST(Segment, IsReadAsItWasWritten) {
  const Segment written = full_segment();
  Bytes stored = with_segment(make_segment(written));
  ASSERT_TRUE(reseal(stored));
  const Segment back = *read(stored);
  EXPECT_EQ(back.sample, written.sample);
  EXPECT_EQ(back.is_lossy, true);
  EXPECT_EQ(back.shuffled_typesize, 2);
  EXPECT_EQ(back.layout, written.layout);
  EXPECT_EQ(back.valid, written.valid);
  EXPECT_EQ(back.engine.id, 1);
  EXPECT_EQ(back.engine.engine_version, written.engine.engine_version);
  EXPECT_EQ(back.engine.plugin_version, written.engine.plugin_version);
  EXPECT_EQ(back.loss->max_error, 12);
  EXPECT_EQ(back.loss->mse, 3.25);
  EXPECT_EQ(back.samples_checksum, written.samples_checksum);
}

TEST(Segment, StandsJustBeforeTheFirstTilePart) {
  const Bytes stored = small_block("j2k");
  const auto header = parse_codestream_header(stored);
  const size_t at = *find_segment(stored);
  EXPECT_EQ(at + segment_size(stored, at), header.first_tile_part);
  EXPECT_EQ(header.comments, std::vector<size_t>{at});
}

TEST(Segment, OfALosslessBlockHasTheSamplesChecksum) {
  const Block block = make_block("photo", "<u2", {24, 31});
  const StoredBlock stored = open_stored_block(encode(block));
  EXPECT_EQ(stored.segment->samples_checksum, checksum(block.bytes));
  EXPECT_FALSE(stored.segment->loss);
}

TEST(Segment, OfALossyBlockTellsTheLoss) {
  const Block block = make_block("xray", "<u2", {100, 120});
  const Bytes bytes = encode(block, {}, 80);
  const StoredBlock stored = open_stored_block(bytes);
  const Bytes decoded = decode(bytes, block.bytes.size());
  ASSERT_TRUE(stored.segment->is_lossy);
  EXPECT_NEAR(stored.segment->loss->mse, mean_squared_error(block.bytes, decoded, "<u2"), 1e-9);
  const auto a = numbers(block.bytes, "<u2"), b = numbers(decoded, "<u2");
  int32_t greatest = 0;
  for (size_t i = 0; i < a.size(); ++i) greatest = std::max(greatest, std::abs(a[i] - b[i]));
  EXPECT_EQ(stored.segment->loss->max_error, greatest);
}

class StoredBlocks : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Containers, StoredBlocks, ::testing::ValuesIn(kContainers),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(StoredBlocks, EveryFlippedBitIsAnError) {
  const Bytes whole = small_block(GetParam());
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes bytes = whole;
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
    expect_refused(bytes, "bit " + std::to_string(bit % 8) + " of byte " + std::to_string(bit / 8));
  }
}

TEST_P(StoredBlocks, EveryPrefixIsAnError) {
  const Bytes whole = small_block(GetParam());
  for (size_t size = 0; size < whole.size(); ++size) {
    expect_refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)), std::to_string(size));
  }
}

TEST_P(StoredBlocks, BytesBehindAreAnError) {
  for (const size_t more : {1, 2, 7, 8, 9, 100}) {
    Bytes bytes = small_block(GetParam());
    bytes.resize(bytes.size() + more);
    expect_refused(bytes, std::to_string(more) + " more");
  }
}

TEST_P(StoredBlocks, ADamagedSignatureIsAnErrorNotAnOldBlock) {
  Bytes whole = small_block(GetParam());
  const size_t at = *find_segment(whole) + 6;
  Random random(1);
  for (int i = 0; i < 500; ++i) {
    Bytes bytes = whole;
    for (int flips = 1 + static_cast<int>(random.below(3)); flips > 0; --flips) {
      const size_t bit = random.below(64);
      bytes[at + bit / 8] = static_cast<uint8_t>(bytes[at + bit / 8] ^ 1u << bit % 8);
    }
    if (bytes != whole) expect_refused(bytes, "signature");
  }
}

TEST(Segment, WithoutItABlockIsAnEarlierPlugins) {
  const Bytes stored = *without_segment(small_block("jp2"));
  EXPECT_FALSE(open_stored_block(stored).segment);
  EXPECT_EQ(decode(stored, 24 * 31 * 2), make_block("photo", "<u2", {24, 31}).bytes);
}

TEST(Segment, ACommentOfAnotherProgramIsNotOurs) {
  Bytes comment{0xff, 0x64, 0, 30, 0, 1};
  comment.resize(32, 'x');
  EXPECT_FALSE(read(with_segment(comment)));
}

TEST(Segment, AlteredInsidesAreRefusedEvenWhenSealed) {
  const Bytes good = make_segment(full_segment());
  const auto refused = [&](size_t at, uint8_t value, const char* what) {
    Bytes segment = good;
    segment[at] = value;
    Bytes stored = with_segment(segment);
    reseal(stored);
    EXPECT_THROW(read(stored), Error) << what;
  };
  refused(14, 2, "a later format version");
  refused(15, 0x83, "an unknown flag");
  refused(17, 9, "more fields than there are");
  refused(17, 3, "fewer fields than there are");
  refused(27, 0x80, "a field that must be known");
  refused(30, 0x33, "a sample of 3 bytes");
  refused(34, 3, "a role on an axis that is not there");
  refused(35, 1, "two roles on one axis");
}

TEST(Segment, FieldsOfALaterVersionBelow128ArePassedOver) {
  Bytes segment = make_segment(full_segment());
  for (const int byte : {0x7f, 0, 3, 1, 2, 3}) segment.push_back(static_cast<uint8_t>(byte));
  segment[17] = static_cast<uint8_t>(segment[17] + 1);
  const size_t length = segment.size() - 2;
  segment[2] = static_cast<uint8_t>(length >> 8), segment[3] = static_cast<uint8_t>(length);
  Bytes stored = with_segment(segment);
  ASSERT_TRUE(reseal(stored));
  EXPECT_EQ(read(stored)->layout, full_segment().layout);
}

}  // namespace
}  // namespace blosc2_grok::test
