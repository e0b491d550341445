// SPDX-License-Identifier: BSD-3-Clause
// Regions of interest: ours and OpenJPEG's streams read by both; streams in which a region has a shape, made by raising
// coefficients in front of the block coder.
#include <gtest/gtest.h>

#include "marker_codes.hpp"
#include "openjpeg_encoder.hpp"
#include "support.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k::test {
namespace {

// Bit-planes of the largest coefficients, and those that OpenJPEG holds.
int least_shift(const EncodeOptions& options, int bits) { return bits + options.guard_bits + 2; }
constexpr int kMostPlanes = 30;

// OpenJPEG counts the raw passes of LAZY from the shifted bit-planes, not from the first coded one (D.6).
constexpr int kNotLazy = ~1;

bool choose_region(Case& test, Random& random) {
  EncodeOptions& o = test.options;
  o.high_throughput = false;
  const int least = least_shift(o, test.image.bits), most = kMostPlanes - test.image.bits - 2;
  if (least > most) return false;
  o.region_component = pick(random, 0, test.image.components - 1);
  o.region_shift = int(pick(random, uint32_t(least), uint32_t(most)));
  return true;
}

// Where the marker stands in the main header; its end where it does not.
std::size_t find_segment(const std::vector<uint8_t>& bytes, uint16_t marker) {
  for (std::size_t at = 2;;) {
    const uint32_t here = uint32_t(bytes[at]) << 8 | bytes[at + 1];
    if (here == marker || here == kSot) return at;
    at += 2 + (std::size_t{bytes[at + 2]} << 8 | bytes[at + 3]);
  }
}

TEST(Region, OfAWholeComponentIsReadByOpenJpeg) {
  Workspace workspace;
  int seen = 0;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = random_case(uint64_t(seed) + 8200000, 12, 6);
    Random random{uint64_t(seed)};
    if (!choose_region(test, random)) continue;
    if (pick(random, 0, 2) == 0) test.options.block_style = int(pick(random, 0, 63)) & kNotLazy;
    if (pick(random, 0, 2) == 0) test.options.layers = {{test.image.memory.size() / 6 + 300, 0}, {0, 0}};
    SCOPED_TRACE(test.name + ", region " + std::to_string(test.options.region_component) + " up by " +
                 std::to_string(test.options.region_shift));
    const std::vector<uint8_t> bytes = encode_case(test, workspace);
    expect_decoded(bytes, test.image, workspace);
    expect_openjpeg_decoded(bytes, test.image);
    ++seen;
  }
  EXPECT_GT(seen, case_count(300) / 3);
}

TEST(Region, OfAWholeComponentAddsItsMarkerAndNothingElse) {
  Workspace workspace;
  Case test;
  test.image = picture(100, 120, 300, 8, 0.02, 3);
  test.options.high_throughput = false;
  const std::vector<uint8_t> plain = encode_case(test, workspace);
  for (const uint32_t component : {0u, 299u}) {
    test.options.region_component = component, test.options.region_shift = 14;
    std::vector<uint8_t> bytes = encode_case(test, workspace);
    const std::size_t at = find_segment(bytes, kRgn);
    const std::vector<uint8_t> segment(bytes.begin() + std::ptrdiff_t(at), bytes.begin() + std::ptrdiff_t(at) + 8);
    EXPECT_EQ(segment, (std::vector<uint8_t>{0xFF, 0x5E, 0, 6, uint8_t(component >> 8), uint8_t(component), 0, 14}));
    bytes.erase(bytes.begin() + std::ptrdiff_t(at), bytes.begin() + std::ptrdiff_t(at) + 8);
    EXPECT_EQ(bytes, plain);
  }
}

TEST(Region, OpenJpegsStreamsAreRead) {
  Workspace workspace;
  int seen = 0;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = random_case(uint64_t(seed) + 8300000, 10, 5);
    Random random{uint64_t(seed)};
    test.options.guard_bits = 2;
    if (!choose_region(test, random)) continue;
    OpenJpegCase wanted = random_openjpeg_case(test, random);
    wanted.parameters.mode &= kNotLazy & ~4;  // its buffers do not hold the segments of TERMALL
    wanted.parameters.roi_compno = int(test.options.region_component);
    wanted.parameters.roi_shift = test.options.region_shift;
    SCOPED_TRACE(test.name + wanted.name + ", region up by " + std::to_string(test.options.region_shift));
    const std::vector<uint8_t> bytes = openjpeg_encode(test.image, wanted.parameters);
    if (bytes.empty()) continue;
    Image theirs = test.image, ours = test.image;
    try {
      openjpeg_decode(bytes, theirs);
    } catch (const std::runtime_error&) {
      continue;
    }
    ours.allocate();
    decode(bytes, ours.view(), workspace);
    EXPECT_LE(largest_difference(ours, theirs), wanted.parameters.irreversible ? 1 : 0);
    ++seen;
  }
  EXPECT_GT(seen, case_count(300) / 4);
}

// ---- a region with a shape: left of the middle of each code-block

// More guard bits, taken away again behind the encoder's back, are bit-planes of a region.
constexpr int kGuardBits = 2, kShift = 5;

void encode_raised(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* bytes, EbcotEncoded& out) {
  std::vector<int32_t> raised(std::size_t(job.width) * std::size_t(job.height));
  for (int y = 0; y < job.height; ++y) {
    for (int x = 0; x < job.width; ++x) {
      const int32_t value = job.samples[std::size_t(y) * job.stride + std::size_t(x)];
      raised[std::size_t(y * job.width + x)] = 2 * x < job.width ? value * (1 << kShift) : value;
    }
  }
  EbcotEncodeJob own = job;
  own.samples = raised.data(), own.stride = std::size_t(job.width);
  plain_ebcot_encode(own, scratch, bytes, out);
}

// RGN in front of the first tile-part, or in its header.
void insert_region(bool in_tile, std::vector<uint8_t>& bytes) {
  const std::vector<uint8_t> segment{0xFF, 0x5E, 0, 5, 0, 0, kShift};
  const std::size_t sot = find_segment(bytes, kSot);
  if (in_tile) {
    const std::size_t low = sot + 9;
    const unsigned length = unsigned(bytes[low - 1]) << 8 | bytes[low];
    bytes[low - 1] = uint8_t((length + segment.size()) >> 8), bytes[low] = uint8_t(length + segment.size());
  }
  bytes.insert(bytes.begin() + std::ptrdiff_t(sot + (in_tile ? 12 : 0)), segment.begin(), segment.end());
}

std::vector<uint8_t> encode_with_shape(Case test, bool in_tile) {
  Workspace workspace;
  workspace.impl().kernels.ebcot_encode = encode_raised;
  test.options.guard_bits = kGuardBits + kShift;
  std::vector<uint8_t> bytes = encode_case(test, workspace);
  uint8_t& style = bytes[find_segment(bytes, kQcd) + 4];
  style = uint8_t(style - (kShift << 5));
  insert_region(in_tile, bytes);
  return bytes;
}

// Two bits at most, whose coefficients stay below 2^kShift.
Case shaped_case(uint64_t seed, bool reversible) {
  Random random(seed);
  Case test;
  test.image.rows = pick(random, 1, 70), test.image.columns = pick(random, 1, 70);
  test.image.bits = int(pick(random, 1, 2));
  fill(test.image, Content(pick(random, 0, uint32_t(Content::kCount) - 1)), random);
  EncodeOptions& o = test.options;
  o.high_throughput = false;
  o.reversible = reversible;
  o.guard_bits = kGuardBits;
  o.resolutions = int(pick(random, 1, 4));
  o.base_step = 4.0;
  o.block_style = pick(random, 0, 2) == 0 ? int(pick(random, 0, 63)) & kNotLazy : 0;
  return test;
}

Image decoded_by_us(const std::vector<uint8_t>& bytes, const Case& test, int layers = 0) {
  Workspace workspace;
  Image image = test.image;
  image.allocate();
  decode(bytes, image.view(), workspace, {0, 1, layers});
  return image;
}

TEST(Region, WithAShapeComesBackHereAndInOpenJpeg) {
  for (int seed = 0; seed < case_count(200); ++seed) {
    SCOPED_TRACE(seed);
    const Case test = shaped_case(uint64_t(seed), true);
    const std::vector<uint8_t> bytes = encode_with_shape(test, seed % 2 == 0);
    EXPECT_EQ(decoded_by_us(bytes, test).memory, test.image.memory);
    Image theirs = test.image;
    openjpeg_decode(bytes, theirs);
    EXPECT_EQ(theirs.memory, test.image.memory);
  }
}

TEST(Region, WithAShapeIsQuantizedAsItWouldBeWithout) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(200); ++seed) {
    SCOPED_TRACE(seed);
    const Case test = shaped_case(uint64_t(seed), false);
    const Image expected = decoded_by_us(encode_case(test, workspace), test);
    EXPECT_EQ(decoded_by_us(encode_with_shape(test, seed % 2 == 0), test).memory, expected.memory);
  }
}

TEST(Region, WithAShapeCutOffInAnyPlane) {
  int different = 0;
  for (int seed = 0; seed < case_count(200); ++seed) {
    Case test = shaped_case(uint64_t(seed), true);
    test.options.block_style = 0;
    test.options.layers = {{150 + std::size_t(seed) * 3, 0}, {0, 0}};
    SCOPED_TRACE(seed);
    const std::vector<uint8_t> bytes = encode_with_shape(test, false);
    const Image ours = decoded_by_us(bytes, test, 1);
    Image theirs = test.image;
    openjpeg_decode(bytes, theirs, 0, 1);
    EXPECT_EQ(ours.memory, theirs.memory);
    different += ours.memory != test.image.memory;
  }
  EXPECT_GT(different, 20);
}

// Under the sanitizers: whatever a damaged stream says, there is an error or an image.
TEST(Region, DamagedStreamsAreSurvived) {
  Workspace workspace;
  int errors = 0;
  for (int seed = 0; seed < case_count(2000); ++seed) {
    const Case test = shaped_case(uint64_t(seed) % 50, seed % 3 != 0);
    std::vector<uint8_t> bytes = encode_with_shape(test, seed % 2 == 0);
    Random random{uint64_t(seed)};
    mutate(bytes, 120, random);
    Image back = test.image;
    back.allocate();
    try {
      decode(bytes, back.view(), workspace);
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, case_count(2000) / 10);
}

TEST(Region, ComesFirstInABudget) {
  Workspace workspace;
  double errors[2] = {};
  for (const bool with_region : {false, true}) {
    Case test;
    test.image = picture(150, 170, 3, 8, 0.05, 9);
    EncodeOptions& o = test.options;
    o.high_throughput = false;
    o.layers = {{test.image.memory.size() / 4, 0}};
    o.region_component = 1, o.region_shift = with_region ? 14 : 0;
    const std::vector<uint8_t> bytes = encode_case(test, workspace);
    EXPECT_LE(bytes.size(), o.layers[0].bytes);
    EXPECT_GE(double(bytes.size()), 0.98 * double(o.layers[0].bytes));
    Image theirs = test.image;
    openjpeg_decode(bytes, theirs);
    for (uint32_t y = 0; y < theirs.rows; ++y) {
      for (uint32_t x = 0; x < theirs.columns; ++x) {
        errors[with_region] += std::pow(double(theirs.get(1, y, x)) - test.image.get(1, y, x), 2);
      }
    }
  }
  EXPECT_GT(errors[0], 1000);
  EXPECT_LT(errors[1], errors[0] / 20);
}

std::string message_of(const Case& test, Workspace& workspace) {
  try {
    encode_case(test, workspace);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Region, WhatIsTooFarUpIsRefusedByItsNumbers) {
  Workspace workspace;
  Case test;
  test.image = picture(40, 40, 1, 8, 0.3, 10);
  test.options.high_throughput = false;
  test.options.region_shift = 30;
  EXPECT_NE(message_of(test, workspace).find("a region of interest that is shifted by 30 makes 3"), std::string::npos);
  test.options.region_shift = 38;
  EXPECT_EQ(message_of(test, workspace), "a region of interest that is shifted by 38: 1 to 37 are possible");
  test.options.region_shift = 12, test.options.region_component = 1;
  EXPECT_EQ(message_of(test, workspace), "component 1 of 1 as region of interest");
  test.options.region_component = 0, test.options.block_style = 1;
  EXPECT_EQ(message_of(test, workspace), "LAZY code-blocks in a region of interest are read wrong by others");
  test.options.block_style = 0, test.options.high_throughput = true;
  EXPECT_EQ(message_of(test, workspace), "High-Throughput has no region of interest");
}

TEST(Region, WhatIsReadIsChecked) {
  Workspace workspace;
  Case test;
  test.image = picture(40, 40, 1, 8, 0.3, 11);
  const auto read = [&](std::vector<uint8_t> bytes, std::vector<uint8_t> segment) {
    const std::size_t sot = find_segment(bytes, kSot);
    bytes.insert(bytes.begin() + std::ptrdiff_t(sot), segment.begin(), segment.end());
    try {
      decoded_by_us(bytes, test);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::vector<uint8_t> ht = encode_case(test, workspace);
  test.options.high_throughput = false;
  const std::vector<uint8_t> part1 = encode_case(test, workspace);
  EXPECT_EQ(read(part1, {0xFF, 0x5E, 0, 5, 0, 0, 37}), "");  // every code-block ends above the lower planes
  EXPECT_EQ(read(part1, {0xFF, 0x5E, 0, 5, 0, 0, 38}), "RGN: a shift of 38, 37 at most are possible");
  EXPECT_EQ(read(part1, {0xFF, 0x5E, 0, 5, 0, 1, 12}), "RGN: unknown style 1");
  EXPECT_EQ(read(part1, {0xFF, 0x5E, 0, 5, 1, 0, 12}), "component 1 of 1 in a marker segment");
  test.options.block_style = 1;
  EXPECT_EQ(read(encode_case(test, workspace), {0xFF, 0x5E, 0, 5, 0, 0, 12}),
            "regions of interest (RGN) with LAZY code-blocks are not supported: encoders differ");
  EXPECT_EQ(read(ht, {0xFF, 0x5E, 0, 5, 0, 0, 12}), "regions of interest (RGN) in High-Throughput are not supported");
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
