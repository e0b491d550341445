// SPDX-License-Identifier: BSD-3-Clause
// First of all: the images are what they were, so that a drifting generator is never blamed on the codec.
#include "images.hpp"

#include <gtest/gtest.h>

#include "blocks.hpp"

namespace blosc2_grok::test {
namespace {

struct Known {
  const char *kind, *dtype;
  Shape shape;
  uint64_t checksum;
};

const Known kKnown[] = {
    {"photo", "|u1", {100, 300}, 0x6271088d5eb9252b},    {"photo", "|i1", {100, 300}, 0xc11be3dfaecdd308},
    {"photo", "<u2", {100, 300}, 0xca8a1fe729d4b412},    {"photo", "<i2", {100, 300}, 0x5066cb63c23b0cf0},
    {"xray", "|u1", {100, 300}, 0xc677d565e927a2e7},     {"xray", "<u2", {100, 300}, 0x6f1e8f75a18ccb04},
    {"ct", "|i1", {100, 300}, 0x0aac4a04263ca401},       {"ct", "<u2", {100, 300}, 0xb0fcc5a1f33a6239},
    {"ct", "<i2", {100, 300}, 0x6684cc1a10ba81e7},       {"text", "|u1", {100, 300}, 0x4b79bfab0cc2abce},
    {"text", "<i2", {100, 300}, 0xadfd9c6b4a68277e},     {"checkerboard", "<u2", {100, 300}, 0xa3d76d5e8d59882c},
    {"noise", "|u1", {100, 300}, 0x9256dd5ef8734961},    {"noise", "<i2", {100, 300}, 0xb119ba96a94b066c},
    {"constant", "<u2", {100, 300}, 0xb7a53db63113627d}, {"photo", "|u1", {90, 120, 3}, 0xecb9173fdb97044c},
    {"photo", "<u2", {90, 120, 4}, 0xcd46bf6e69838056},  {"xray", "<u2", {5, 90, 120}, 0x0250765035ad69d4},
    {"photo", "<i2", {5000}, 0x206337668dd469dd},        {"ct", "<i2", {2, 3, 4, 50, 60}, 0xd33fe1fa26257bbb},
    {"photo", ">u2", {128, 128}, 0x1c00e096754af9d7},
};

class Images : public ::testing::TestWithParam<Known> {};

TEST_P(Images, AreWhatTheyAlwaysWere) {
  const Known& known = GetParam();
  EXPECT_EQ(image_checksum(make_block(known.kind, known.dtype, known.shape).bytes), known.checksum)
      << known.kind << ' ' << known.dtype;
}

INSTANTIATE_TEST_SUITE_P(All, Images, ::testing::ValuesIn(kKnown));

TEST(Images, ByteOrderChangesNoValue) {
  EXPECT_EQ(numbers(make_block("photo", ">u2", {40, 50}).bytes, ">u2"),
            numbers(make_block("photo", "<u2", {40, 50}).bytes, "<u2"));
}

TEST(Images, AnotherSeedGivesAnotherImage) {
  EXPECT_NE(make_block("photo", "|u1", {40, 50}, 1).bytes, make_block("photo", "|u1", {40, 50}, 2).bytes);
}

TEST(Psnr, OfAnErrorOfOneCountEverywhereIsThePeaks) {
  const Bytes zeros(200), ones = [] {
    Bytes bytes(200);
    for (size_t i = 0; i < bytes.size(); i += 2) bytes[i] = 1;
    return bytes;
  }();
  EXPECT_NEAR(psnr_by_definition(zeros, ones, "<u2"), 96.3295, 1e-3);
  EXPECT_NEAR(psnr_by_definition(zeros, Bytes(200, 1), "|i1"), 48.1308, 1e-3);
}

}  // namespace
}  // namespace blosc2_grok::test
