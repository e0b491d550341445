// SPDX-License-Identifier: BSD-3-Clause
// POC, PPM and PPT: streams of OpenJPEG, put together otherwise, give the samples that they gave.
#include <gtest/gtest.h>

#include "foreign_case.hpp"

namespace blosc2_grok::j2k::test {
namespace {

// It takes PPM's headers tile by tile, where they are tile-part by tile-part (A.7.4), and PPT's indices for the tile's,
// where they are the header's (A.7.5).
bool openjpeg_reads(const TakenStream& stream, const Assembly& how) {
  if (how.headers == HeadersIn::kPpm) return stream.tiles.size() == 1 || how.parts == 1;
  return how.headers != HeadersIn::kPpt || how.parts == 1 || !how.same_indices;
}

TEST(Restream, PackedHeadersAndChangedOrdersGiveTheSameSamples) {
  Workspace workspace;
  int compared = 0, changed = 0, packed = 0, unread = 0;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Random random{uint64_t(seed) + 5000};
    ForeignCase test = random_foreign_case(uint64_t(seed) + 11000000, random);
    if (test.bytes.empty()) continue;
    const Assembly how = random_assembly(random);
    SCOPED_TRACE(test.name + describe(how));
    const Bytes other = put_together(test.stream, how, random);
    Image expected = test.image, ours = test.image, witness = test.image;
    ASSERT_NO_THROW(openjpeg_decode(test.bytes, expected));
    ours.allocate();
    try {
      decode(other, ours.view(), workspace);
    } catch (const Error& error) {
      FAIL() << error.what();
    }
    ASSERT_LE(largest_difference(ours, expected), test.is_reversible ? 0 : 1);
    bool is_read = openjpeg_reads(test.stream, how);
    try {
      if (is_read) openjpeg_decode(other, witness);
    } catch (const std::runtime_error& error) {
      is_read = false;  // PPM where a count goes on in the next segment, tiles without bodies
      ASSERT_NE(how.headers, HeadersIn::kPackets) << error.what();
    }
    if (is_read) ASSERT_LE(largest_difference(ours, witness), test.is_reversible ? 0 : 1);
    unread += is_read ? 0 : 1;
    ++compared;
    changed += test.stream.find(0xFF5F) != nullptr ? 1 : 0;
    packed += how.headers != HeadersIn::kPackets ? 1 : 0;
  }
  std::printf("%d streams, %d with POC, %d with PPM or PPT; OpenJPEG reads all but %d\n", compared, changed, packed,
              unread);
  EXPECT_GT(compared, case_count(300) / 2);
  EXPECT_GT(changed, compared / 4);
  EXPECT_GT(packed, compared / 2);
  EXPECT_LT(unread, compared / 3);
}

// A stream of 2 layers, 3 resolutions and 3 components, with this POC.
Bytes with_changes(const std::vector<std::vector<uint32_t>>& changes, Image& image,
                   OPJ_PROG_ORDER progression = OPJ_LRCP) {
  Random random(7);
  image.rows = 40, image.columns = 50, image.components = 3;
  fill(image, Content::kNoise, random);
  opj_cparameters_t p;
  opj_set_default_encoder_parameters(&p);
  p.numresolution = 3, p.tcp_numlayers = 2, p.tcp_rates[0] = 4, p.tcp_rates[1] = 0, p.cp_disto_alloc = 1, p.csty = 6;
  p.prog_order = progression;
  TakenStream stream = take_apart(openjpeg_encode(image, p));
  Segment poc{0xFF5F, {}};
  for (const std::vector<uint32_t>& c : changes) {
    put_number(poc.body, c[0], 1), put_number(poc.body, c[1], 1), put_number(poc.body, c[2], 2);
    put_number(poc.body, c[3], 1), put_number(poc.body, c[4], 1), put_number(poc.body, c[5], 1);
  }
  stream.main.push_back(poc);
  return put_together(stream, {}, random);
}

std::string refusal(std::span<const uint8_t> bytes, Image& image) {
  Workspace workspace;
  image.allocate();
  try {
    decode(bytes, image.view(), workspace);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// First resolution and component, end of layers, of resolutions, of components; progression.
TEST(ProgressionChanges, ThatBringNothingChangeNothing) {
  Image image;
  for (const auto& changes : std::vector<std::vector<std::vector<uint32_t>>>{
           {{0, 0, 2, 3, 3, 0}},                                          // all in one
           {{0, 0, 2, 3, 0, 0}},                                          // 256 components (OpenJPEG: none)
           {{0, 0, 1, 3, 3, 0}, {0, 0, 2, 3, 3, 0}},                      // a layer after the other
           {{0, 0, 2, 3, 3, 0}, {0, 0, 2, 3, 3, 4}, {1, 1, 1, 2, 2, 2}},  // nothing is left
           {{0, 0, 1, 3, 3, 0}, {3, 0, 9, 33, 3, 1}, {0, 7, 9, 3, 9, 1}, {0, 0, 65535, 33, 0, 0}}}) {  // beyond
    const Bytes bytes = with_changes(changes, image);
    Image ours = image;
    ours.allocate();
    Workspace workspace;
    ASSERT_NO_THROW(decode(bytes, ours.view(), workspace));
    EXPECT_EQ(ours.memory, image.memory);
  }
}

TEST(ProgressionChanges, ThatAreWrongAreRefused) {
  Image image;
  const auto said = [&](const std::vector<std::vector<uint32_t>>& changes) {
    const Bytes bytes = with_changes(changes, image);
    return refusal(bytes, image);
  };
  EXPECT_EQ(refusal(with_changes({{0, 0, 2, 2, 3, 1}}, image, OPJ_RLCP), image),
            "progression order changes leave out packets: resolution 2 of component 0 has 0 of 2 layers");
  EXPECT_EQ(said({{0, 0, 1, 3, 3, 0}}),
            "progression order changes leave out packets: resolution 0 of component 0 has 1 of 2 layers");
  EXPECT_EQ(said({}), "POC: no progression");
  EXPECT_EQ(said({{0, 0, 2, 3, 3, 5}}), "POC: unknown progression 5");
  EXPECT_EQ(said({{2, 0, 2, 2, 3, 0}}), "POC: resolutions 2 to 2, components 0 to 3, layers to 2 are none");
  EXPECT_EQ(said({{0, 2, 2, 3, 1, 0}}), "POC: resolutions 0 to 3, components 2 to 1, layers to 2 are none");
  EXPECT_EQ(said({{0, 0, 0, 3, 3, 0}}), "POC: resolutions 0 to 3, components 0 to 3, layers to 0 are none");
  EXPECT_EQ(said({{0, 0, 2, 34, 3, 0}}), "POC: resolutions 0 to 34, components 0 to 3, layers to 2 are none");
}

TEST(ProgressionChanges, ManyThatBringNothingAreRefusedByTheirNumber) {
  Image image;
  image.rows = 32, image.columns = 32, image.components = 200;
  Random random(3);
  fill(image, Content::kConstant, random);
  opj_cparameters_t p;
  opj_set_default_encoder_parameters(&p);
  p.numresolution = 6, p.tcp_numlayers = 1, p.cp_disto_alloc = 1, p.csty = 6;
  TakenStream stream = take_apart(openjpeg_encode(image, p));
  Segment poc{0xFF5F, {}};
  for (int i = 0; i < 9000; ++i) put_bytes(poc.body, Bytes{0, 0, 0, 1, 6, 200, 0});
  stream.main.push_back(poc);
  EXPECT_TRUE(refusal(put_together(stream, {}, random), image)
                  .starts_with("9000 progression order changes meet packets again, more than "));
}

// What only helps to find places, or tells of the image: TLM, PLM, CRG, COM.
TEST(Segments, WithoutAMeaningForSamplesAreReadOver) {
  Image image;
  TakenStream stream = take_apart(with_changes({{0, 0, 2, 3, 3, 0}}, image));
  for (const uint32_t marker : {0xFF55, 0xFF57, 0xFF63, 0xFF64}) stream.main.push_back({marker, Bytes(12, 0xAB)});
  Random random(1);
  Image ours = image;
  ours.allocate();
  Workspace workspace;
  ASSERT_NO_THROW(decode(put_together(stream, {}, random), ours.view(), workspace));
  EXPECT_EQ(ours.memory, image.memory);
}

struct PackedStream {
  Image image;
  Bytes bytes;
};

PackedStream packed_stream(HeadersIn headers) {
  PackedStream result;
  TakenStream stream = take_apart(with_changes({{0, 0, 2, 3, 3, 0}}, result.image));
  Random random(1);
  Assembly how{headers, true, false, 2, false, false};
  how.one_segment = true;
  result.bytes = put_together(stream, how, random);
  return result;
}

TEST(PackedHeaders, CountsThatDoNotFitAreRefused) {
  PackedStream test = packed_stream(HeadersIn::kPpm);
  EXPECT_EQ(refusal(test.bytes, test.image), "");
  const std::size_t ppm = find_marker(test.bytes, 0, 0xFF60), first = ppm + 5;
  const uint32_t length = number_at(test.bytes, first, 4);
  Bytes past = test.bytes;
  past[first] = 0x7F;
  EXPECT_TRUE(refusal(past, test.image).starts_with("PPM ends early: 2130706"));
  Bytes moved = test.bytes;  // a byte of the first tile-part's headers to the second's count
  ASSERT_GT(length & 0xFF, 0u);
  moved[first + 3] = uint8_t(length - 1);
  EXPECT_NE(refusal(moved, test.image), "");
  Bytes less = test.bytes;  // the first tile-part's counts for both
  less.erase(less.begin() + long(first) + 4 + long(length), less.begin() + long(ppm) + 2 + number_at(less, ppm + 2, 2));
  less[ppm + 2] = uint8_t((length + 7) >> 8), less[ppm + 3] = uint8_t(length + 7);
  EXPECT_EQ(refusal(less, test.image), "PPM ends early: 4 bytes wanted, 0 left");
}

TEST(PackedHeaders, FewerThanPacketsAreRefused) {
  for (const HeadersIn headers : {HeadersIn::kPpm, HeadersIn::kPpt}) {
    Image image;
    TakenStream stream = take_apart(with_changes({{0, 0, 2, 3, 3, 0}}, image));
    stream.tiles[0].packets.back().header.clear();
    Random random(1);
    EXPECT_EQ(refusal(put_together(stream, {headers, true, false, 1, false, false}, random), image),
              "packet header runs past the end of its tile");
  }
}

TEST(PackedHeaders, StandInOnePlaceOnly) {
  Image image;
  TakenStream stream = take_apart(with_changes({{0, 0, 2, 3, 3, 0}}, image));
  Random random(1);
  const Assembly ppt{HeadersIn::kPpt, true, true, 1, false, false}, ppm{HeadersIn::kPpm, true, true, 1, false, false};
  TakenStream both = stream;
  both.main.push_back({0xFF60, {0, 0, 0, 0, 0}});
  EXPECT_EQ(refusal(put_together(both, ppt, random), image), "both PPM and PPT");
  TakenStream twice = stream;
  twice.main.push_back({0xFF60, {0}});
  EXPECT_EQ(refusal(put_together(twice, ppm, random), image), "two PPM of index 0");
  TakenStream misplaced = stream;
  misplaced.main.push_back({0xFF61, {0}});
  EXPECT_EQ(refusal(put_together(misplaced, {}, random), image), "PPT in the main header");
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
