// SPDX-License-Identifier: BSD-3-Clause
// Mutated and truncated codestreams: an Error or wrong samples, never anything else (run under ASan and UBSan).
#include <gtest/gtest.h>

#include "foreign_case.hpp"
#include "wide_case.hpp"

namespace blosc2_grok::j2k::test {
namespace {

bool is_refused(std::span<const uint8_t> bytes, const ImageView& view, bool is_reduced, Workspace& workspace) {
  try {
    decode(bytes, view, workspace, {int(is_reduced)});
    return false;
  } catch (const Error&) {
    return true;
  }
}

TEST(Hostile, MutatedStreamsGiveAnErrorOrSamples) {
  Workspace workspace;
  int refused = 0;
  for (int seed = 0; seed < case_count(2000); ++seed) {
    Random random{uint64_t(seed) + 99};
    Case test = random_case(uint64_t(seed % 400) + 3000000, 16, seed % 3 == 0 ? 32 : 6);
    test.options.reversible = seed % 2 == 0;
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    mutate(copy, 120, random);
    refused += is_refused(copy, test.image.view(), seed % 7 == 0, workspace) ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
}

TEST(Hostile, MutatedWideStreamsGiveAnErrorOrSamples) {
  Workspace workspace;
  int refused = 0, decoded = 0;
  for (int seed = 0; seed < case_count(1000); ++seed) {
    Random random{uint64_t(seed) + 299};
    Case test = wide_case(uint64_t(seed % 300) + 3500000, seed % 3 == 0 ? 32 : 6);
    std::vector<uint8_t> bytes = encode_case(test, workspace);
    mutate(bytes, 120, random);
    (is_refused(bytes, test.image.view(), seed % 7 == 0, workspace) ? refused : decoded) += 1;
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(decoded, 0);
}

// OpenJPEG's, with POC, PPM and PPT in them: a mutation in three is in one of these segments.
TEST(Hostile, MutatedOrdersAndPackedHeadersGiveAnErrorOrSamples) {
  Workspace workspace;
  int refused = 0;
  for (int seed = 0; seed < case_count(600); ++seed) {
    Random random{uint64_t(seed) + 199};
    ForeignCase test = random_foreign_case(uint64_t(seed % 100) + 12000000, random);
    if (test.bytes.empty()) continue;
    Bytes bytes = put_together(test.stream, random_assembly(random), random);
    const uint32_t markers[] = {0xFF5F, 0xFF60, 0xFF61};
    const std::size_t segment = find_marker(bytes, 0, markers[seed % 3]);
    if (seed % 2 == 0 && segment != bytes.size()) {
      bytes[segment + 2 + random() % std::min<std::size_t>(30, bytes.size() - segment - 2)] = uint8_t(random());
    } else {
      mutate(bytes, 200, random);
    }
    refused += is_refused(bytes, test.image.view(), seed % 7 == 0, workspace) ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
}

TEST(Hostile, EveryPrefixOfPackedHeadersIsRefused) {
  Workspace workspace;
  for (uint32_t seed = 0; seed < 6; ++seed) {
    Random random{seed};
    ForeignCase test = random_foreign_case(12000000 + seed, random);
    if (test.bytes.empty()) continue;
    Assembly how = random_assembly(random);
    how.headers = HeadersIn(1 + seed % 2);
    const Bytes bytes = put_together(test.stream, how, random);
    for (std::size_t length = 0; length + 2 < bytes.size(); length += 1 + length / 100) {
      EXPECT_THROW(decode(std::span(bytes).first(length), test.image.view(), workspace), Error) << length;
    }
  }
}

// Tiles of a few columns, of which every fifth or so is a sample: some have none. Packets that are not there are
// refused.
TEST(Hostile, TilesBetweenTheSamplesOfAWideGrid) {
  Workspace workspace;
  int decoded = 0;
  for (uint32_t seed = 0; seed < 600; ++seed) {
    Random random{seed};
    Case test = random_case(14000000 + seed, 8, 4);
    test.image.components = 1;
    fill(test.image, Content::kConstant, random);
    test.options.mct = false, test.options.image_offset = test.options.tile_offset = {};
    test.options.tile = {pick(random, 1, 9), pick(random, 1, 9)};
    test.options.resolutions = int(pick(random, 1, 2));
    test.options.high_throughput = seed % 2 == 0;
    Bytes bytes = encode_case(test, workspace);
    bytes[43] = uint8_t(pick(random, 1, 12)), bytes[44] = uint8_t(pick(random, 1, 12));  // XRsiz, YRsiz
    const Header header = read_header(bytes);
    ASSERT_EQ(header.rows, (test.image.rows + bytes[44] - 1) / bytes[44]);
    test.image.rows = header.rows, test.image.columns = header.columns;
    test.image.allocate();
    decoded += is_refused(bytes, test.image.view(), false, workspace) ? 0 : 1;
    is_refused(bytes, test.image.view(), true, workspace);
  }
  EXPECT_GT(decoded, 0);
}

TEST(Hostile, EveryPrefixIsRefusedOrDecoded) {
  Workspace workspace;
  Case test = random_case(3000007, 8, 4);
  const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  for (std::size_t length = 0; length + 2 < copy.size(); length += 1 + length / 500) {
    EXPECT_THROW(decode(std::span(copy).first(length), test.image.view(), workspace), Error) << length;
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
