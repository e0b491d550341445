// SPDX-License-Identifier: BSD-3-Clause
// dtype strings, those that are coded and those that are refused by name.
#include "sample_type.hpp"

#include <gtest/gtest.h>

#include "error.hpp"

namespace blosc2_grok {
namespace {

TEST(Dtype, IntegersOfEightAndSixteenBitsAreKnown) {
  EXPECT_EQ(parse_dtype("|u1", 1).sample, (SampleType{1, false, false, false}));
  EXPECT_EQ(parse_dtype("|i1", 1).sample, (SampleType{1, true, false, false}));
  EXPECT_EQ(parse_dtype("<u2", 2).sample, (SampleType{2, false, false, false}));
  EXPECT_EQ(parse_dtype(">u2", 2).sample, (SampleType{2, false, true, false}));
  EXPECT_EQ(parse_dtype("<i2", 2).sample, (SampleType{2, true, false, false}));
  EXPECT_EQ(parse_dtype("=i2", 2).sample, (SampleType{2, true, false, false}));
  EXPECT_EQ(parse_dtype("u2", 2).sample, (SampleType{2, false, false, false}));
  EXPECT_EQ(parse_dtype(">u1", 1).sample, (SampleType{1, false, false, false}));
  EXPECT_TRUE(parse_dtype("<u2", 2).is_known);
}

TEST(Dtype, OpaqueOnesAreCodedBySize) {
  for (const char* dtype : {"", "|V1"}) EXPECT_EQ(parse_dtype(dtype, 1).sample.bytes, 1) << dtype;
  for (const char* dtype : {"", "|V2"}) EXPECT_EQ(parse_dtype(dtype, 2).sample.bytes, 2) << dtype;
  EXPECT_FALSE(parse_dtype("|V2", 2).is_known);
  EXPECT_THROW(parse_dtype("|V3", 3), Error);
  EXPECT_THROW(parse_dtype("", 0), Error);
  EXPECT_THROW(parse_dtype("", -1), Error);
}

TEST(Dtype, WiderOnesAreKnown) {
  EXPECT_EQ(parse_dtype("|b1", 1).sample, (SampleType{1, false, false, false}));
  EXPECT_TRUE(parse_dtype("|b1", 1).is_boolean);
  EXPECT_EQ(parse_dtype(">i4", 4).sample, (SampleType{4, true, true, false}));
  EXPECT_EQ(parse_dtype("<u8", 8).sample, (SampleType{8, false, false, false}));
  EXPECT_EQ(parse_dtype("<f2", 2).sample, (SampleType{2, true, false, true}));
  EXPECT_EQ(parse_dtype(">f8", 8).sample, (SampleType{8, true, true, true}));
  EXPECT_EQ(parse_dtype("<c8", 8).sample, (SampleType{4, true, false, true}));
  EXPECT_EQ(parse_dtype("<c16", 16).parts, 2);
}

TEST(Dtype, OthersAreRefusedByName) {
  for (const char* dtype : {"<f16", "<c32", "|S5", "<U3", "<M8[ns]", "<", "|", "u", "<u16", "|u1x", "[('a', '<u2')]"}) {
    try {
      parse_dtype(dtype, 4);
      ADD_FAILURE() << dtype << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kCodecSupport);
      EXPECT_NE(std::string(e.what()).find(dtype), std::string::npos) << e.what();
    }
  }
}

TEST(Dtype, FormatGivesWhatParseReads) {
  for (const char* dtype : {"|u1", "|i1", "<u2", "<i2", ">u2", ">i2", "<u4", ">i8", "<f2", ">f4", "<f8"}) {
    EXPECT_EQ(format_dtype(parse_dtype(dtype, dtype[2] - '0').sample), dtype);
  }
}

}  // namespace
}  // namespace blosc2_grok
