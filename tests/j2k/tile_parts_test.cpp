// SPDX-License-Identifier: BSD-3-Clause
// Tile-parts, TLM and PLT: the numbers that they carry against a walk over the bytes, the samples against OpenJPEG.
#include <gtest/gtest.h>

#include <map>

#include "marker_codes.hpp"
#include "openjpeg_witness.hpp"
#include "support.hpp"

namespace blosc2_grok::j2k::test {
namespace {

uint32_t number_at(const std::vector<uint8_t>& bytes, std::size_t at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes.at(at + std::size_t(i));
  return value;
}

struct Part {
  uint32_t tile, length, index, count;
  std::vector<std::size_t> packets;  // by PLT
  std::size_t body;                  // bytes
};

// What a walk from marker to marker finds (ISO/IEC 15444-1 A.4, A.7).
struct Walk {
  std::vector<Part> parts;
  std::vector<std::pair<uint32_t, uint32_t>> told;  // by TLM: tile, length
};

void read_tlm(const std::vector<uint8_t>& bytes, std::size_t at, Walk& walk) {
  const uint32_t length = number_at(bytes, at, 2);
  ASSERT_EQ(bytes[at + 3], 0x60);
  ASSERT_EQ((length - 4) % 6, 0u);
  for (std::size_t i = at + 4; i < at + length; i += 6) {
    walk.told.emplace_back(number_at(bytes, i, 2), number_at(bytes, i + 2, 4));
  }
}

void read_plt(const std::vector<uint8_t>& bytes, std::size_t at, Part& part) {
  std::size_t packet = 0;
  for (std::size_t i = at + 3; i < at + number_at(bytes, at, 2); ++i) {
    packet = packet << 7 | (bytes[i] & 0x7F);
    if ((bytes[i] & 0x80) != 0) continue;
    part.packets.push_back(packet);
    packet = 0;
  }
}

Walk walk(const std::vector<uint8_t>& bytes) {
  Walk found;
  std::size_t at = 2;
  for (; number_at(bytes, at, 2) != kSot; at += 2 + number_at(bytes, at + 2, 2)) {
    if (number_at(bytes, at, 2) == kTlm) read_tlm(bytes, at + 2, found);
  }
  while (number_at(bytes, at, 2) == kSot) {
    Part part{number_at(bytes, at + 4, 2), number_at(bytes, at + 6, 4), bytes[at + 10], bytes[at + 11], {}, 0};
    std::size_t inside = at + 12;
    uint32_t segments = 0;
    for (; number_at(bytes, inside, 2) != kSod; inside += 2 + number_at(bytes, inside + 2, 2)) {
      EXPECT_EQ(number_at(bytes, inside, 2), kPlt);
      EXPECT_EQ(bytes[inside + 4], segments++);
      read_plt(bytes, inside + 2, part);
    }
    part.body = at + part.length - inside - 2;
    found.parts.push_back(part);
    at += part.length;
  }
  EXPECT_EQ(number_at(bytes, at, 2), kEoc);
  EXPECT_EQ(at + 2, bytes.size());
  return found;
}

void expect_is_told_right(const std::vector<uint8_t>& bytes, const EncodeOptions& options) {
  const Walk found = walk(bytes);
  std::map<uint32_t, uint32_t> counts;
  for (const Part& part : found.parts) EXPECT_EQ(part.index, counts[part.tile]++);
  for (const Part& part : found.parts) EXPECT_EQ(part.count, counts[part.tile]);
  EXPECT_EQ(found.told.size(), options.part_lengths ? found.parts.size() : 0);
  for (std::size_t i = 0; i < found.told.size(); ++i) {
    EXPECT_EQ(found.told[i], std::pair(found.parts[i].tile, found.parts[i].length));
  }
  for (const Part& part : found.parts) {
    std::size_t sum = 0;
    for (const std::size_t packet : part.packets) sum += packet;
    EXPECT_EQ(sum, options.packet_lengths ? part.body : 0);
  }
}

TEST(TileParts, TellTheirNumbersAndOpenJpegReadsThem) {
  Workspace workspace;
  int split = 0;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = random_case(uint64_t(seed) + 8100000, 16, 6);
    Random random{uint64_t(seed)};
    EncodeOptions& o = test.options;
    o.high_throughput = seed % 3 == 0;
    o.tile_parts = pick(random, 0, 3) != 0;
    o.packet_lengths = pick(random, 0, 1) == 0;
    o.part_lengths = pick(random, 0, 1) == 0;
    if (!o.high_throughput && pick(random, 0, 2) == 0) {
      o.layers = {{test.image.memory.size() / 6 + 400, 0}, {0, 0}};
    }
    SCOPED_TRACE(test.name);
    std::vector<uint8_t> bytes;
    try {
      bytes = encode_case(test, workspace);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("more than 255 tile-parts"), std::string::npos) << error.what();
      continue;
    }
    split += walk(bytes).parts.size() > 1;
    expect_is_told_right(bytes, o);
    expect_decoded(bytes, test.image, workspace);
    if (!o.high_throughput) expect_openjpeg_decoded(bytes, test.image);
  }
  EXPECT_GT(split, case_count(300) / 3);
}

TEST(TileParts, BeginWhereTheResolutionChanges) {
  Workspace workspace;
  Case test;
  test.image = picture(130, 170, 3, 8, 0.02, 5);
  test.options.high_throughput = false;
  test.options.resolutions = 4;
  test.options.tile_parts = true;
  test.options.packet_lengths = true;
  test.options.layers = {{6000, 0}, {0, 0}};
  // By B.12.1: LRCP starts over with each layer, CPRL and PCRL with each component (precincts are maximal).
  const std::pair<Progression, std::size_t> expected[] = {{Progression::kLrcp, 8},
                                                          {Progression::kRlcp, 4},
                                                          {Progression::kRpcl, 4},
                                                          {Progression::kPcrl, 12},
                                                          {Progression::kCprl, 12}};
  for (const auto& [progression, parts] : expected) {
    test.options.progression = progression;
    const Walk found = walk(encode_case(test, workspace));
    EXPECT_EQ(found.parts.size(), parts) << int(progression);
    for (const Part& part : found.parts) EXPECT_EQ(part.packets.size(), 2 * 3 * 4 / parts) << int(progression);
  }
}

// Two progressions say by POC that the highest resolution comes last (A.6.6): 0 to L, then L alone, of all components.
void expect_highest_apart(const std::vector<uint8_t>& bytes, const EncodeOptions& options, uint32_t components) {
  std::size_t at = 2;
  while (number_at(bytes, at, 2) != kPoc) at += 2 + number_at(bytes, at + 2, 2);
  const auto highest = uint32_t(options.resolutions - 1);
  const auto layers = uint32_t(std::max<std::size_t>(options.layers.size(), 1));
  ASSERT_EQ(number_at(bytes, at + 2, 2), 16u);
  for (const uint32_t second : {0u, 1u}) {
    const std::size_t change = at + 4 + 7 * second;
    EXPECT_EQ(bytes[change], second * highest);
    EXPECT_EQ(bytes[change + 1], 0);
    EXPECT_EQ(number_at(bytes, change + 2, 2), layers);
    EXPECT_EQ(bytes[change + 4], highest + second);
    EXPECT_EQ(bytes[change + 5], components);
    EXPECT_EQ(bytes[change + 6], uint32_t(options.progression));
  }
}

TEST(TileParts, OfComponentsAndOfTheHighestResolutionApart) {
  Workspace workspace;
  Case test;
  test.image = picture(130, 170, 3, 8, 0.02, 5);
  EncodeOptions& o = test.options;
  o.high_throughput = false;
  o.resolutions = 4;
  o.progression = Progression::kCprl;
  o.packet_lengths = o.part_lengths = o.component_parts = true;
  Walk found = walk(encode_case(test, workspace));
  ASSERT_EQ(found.parts.size(), 3u);
  for (const Part& part : found.parts) EXPECT_EQ(part.packets.size(), 4u);

  o.highest_apart = true;
  const std::vector<uint8_t> bytes = encode_case(test, workspace);
  expect_highest_apart(bytes, o, 3);
  found = walk(bytes);
  ASSERT_EQ(found.parts.size(), 6u);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(found.parts[std::size_t(i)].packets.size(), i < 3 ? 3u : 1u);
}

TEST(TileParts, OfComponentsAreReadByOpenJpeg) {
  Workspace workspace;
  int split = 0;
  for (int seed = 0; seed < case_count(200); ++seed) {
    Case test = random_case(uint64_t(seed) + 8200000, 16, 6);
    Random random{uint64_t(seed)};
    EncodeOptions& o = test.options;
    o.high_throughput = false;
    o.component_parts = pick(random, 0, 3) != 0;
    o.tile_parts = pick(random, 0, 3) == 0;
    o.highest_apart = o.resolutions > 1 && pick(random, 0, 1) == 0;
    o.packet_lengths = pick(random, 0, 1) == 0;
    o.part_lengths = pick(random, 0, 1) == 0;
    if (pick(random, 0, 2) == 0) o.layers = {{test.image.memory.size() / 6 + 400, 0}, {0, 0}};
    SCOPED_TRACE(test.name);
    std::vector<uint8_t> bytes;
    try {
      bytes = encode_case(test, workspace);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("more than 255 tile-parts"), std::string::npos) << error.what();
      continue;
    }
    split += walk(bytes).parts.size() > 1;
    if (o.highest_apart && test.image.components < 257) expect_highest_apart(bytes, o, test.image.components);
    expect_is_told_right(bytes, o);
    expect_decoded(bytes, test.image, workspace);
    expect_openjpeg_decoded(bytes, test.image);
  }
  EXPECT_GT(split, case_count(200) / 3);
}

TEST(TileParts, ASingleResolutionIsNotPutApart) {
  Workspace workspace;
  Case test;
  test.image = picture(16, 16, 1, 8, 0.1, 6);
  test.options.resolutions = 1;
  test.options.highest_apart = true;
  EXPECT_THROW(encode_case(test, workspace), Error);
}

TEST(TileParts, MoreThanTheirNumberHoldsAreRefused) {
  Workspace workspace;
  Case test;
  test.image = picture(16, 16, 128, 8, 0.1, 6);
  test.options.resolutions = 2;
  test.options.progression = Progression::kCprl;
  test.options.tile_parts = true;
  try {
    encode_case(test, workspace);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "tile 0 would take more than 255 tile-parts");
  }
  test.image.components = 127, test.image.offsets.resize(127);
  EXPECT_EQ(walk(encode_case(test, workspace)).parts.size(), 254u);
}

TEST(TileParts, CountInABudget) {
  Workspace workspace;
  for (const bool ht : {false, true}) {
    for (const bool reversible : {false, true}) {
      Case test;
      test.image = picture(256, 256, 1, 8, 0.02, 7);
      EncodeOptions& o = test.options;
      o.high_throughput = ht, o.reversible = reversible;
      o.tile = {64, 64};
      o.tile_parts = o.packet_lengths = o.part_lengths = o.highest_apart = true;
      const std::size_t budget = 16000;
      if (!ht && reversible) {
        o.layers = {{budget, 0}};
      } else {
        o.target_bytes = budget;
      }
      const std::vector<uint8_t> bytes = encode_case(test, workspace);
      EXPECT_LE(bytes.size(), budget) << ht << reversible;
      EXPECT_GE(double(bytes.size()), 0.96 * double(budget)) << ht << reversible;
      expect_is_told_right(bytes, o);
    }
  }
}

// One precinct a packet: more lengths than a segment of PLT holds.
TEST(TileParts, PacketLengthsGoOnInAnotherSegment) {
  Workspace workspace;
  Case test;
  test.image = picture(600, 600, 1, 8, 0.1, 8);
  EncodeOptions& o = test.options;
  o.high_throughput = false;
  o.resolutions = 1;
  o.codeblock = {4, 4};
  o.precincts = {{2, 2}};
  o.packet_lengths = true;
  const std::vector<uint8_t> bytes = encode_case(test, workspace);
  expect_is_told_right(bytes, o);
  const Walk found = walk(bytes);
  ASSERT_EQ(found.parts.size(), 1u);
  EXPECT_EQ(found.parts[0].packets.size(), 300u * 300u);
  expect_comes_back(test, workspace);
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
