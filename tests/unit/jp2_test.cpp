// SPDX-License-Identifier: BSD-3-Clause
// Boxes written by hand, the boxes that we write, and broken ones.
#include <gtest/gtest.h>

#include "blocks.hpp"
#include "codestream.hpp"

namespace blosc2_grok::test {
namespace {

const Bytes kSignature{0, 0, 0, 12, 'j', 'P', ' ', ' ', 0x0d, 0x0a, 0x87, 0x0a};

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes box(std::string_view type, const Bytes& content) {
  Bytes out;
  append_big_endian(out, 8 + content.size(), 4);
  out.insert(out.end(), type.begin(), type.end());
  return joined({out, content});
}

Bytes content(const Bytes& file) {
  const ByteSpan found = find_codestream(file);
  return {found.begin(), found.end()};
}

CodestreamHeader header_of(size_t components, uint8_t bits, bool is_signed) {
  CodestreamHeader header;
  header.x0 = 5, header.x1 = 305, header.y0 = 7, header.y1 = 107;
  header.components.assign(components, {bits, is_signed, 1, 1});
  return header;
}

TEST(FindCodestream, TakesABareOneAsItIs) { EXPECT_EQ(content({0xff, 0x4f, 1, 2}), (Bytes{0xff, 0x4f, 1, 2})); }

TEST(FindCodestream, WalksTheBoxes) {
  EXPECT_EQ(content(joined({kSignature, box("ftyp", {1, 2, 3}), box("jp2h", {}), box("jp2c", {9, 8})})), (Bytes{9, 8}));
  EXPECT_EQ(content(joined({kSignature, box("jp2c", {9, 8}), box("jp2c", {7})})), (Bytes{9, 8}));
}

TEST(FindCodestream, KnowsBothSpecialLengths) {
  EXPECT_EQ(content(joined({kSignature, {0, 0, 0, 0, 'j', 'p', '2', 'c', 5, 6, 7}})), (Bytes{5, 6, 7}));
  EXPECT_EQ(content(joined({kSignature, {0, 0, 0, 1, 'j', 'p', '2', 'c', 0, 0, 0, 0, 0, 0, 0, 18, 5, 6, 7}})),
            (Bytes{5, 6}));
}

TEST(FindCodestream, RefusesBrokenBoxes) {
  const std::vector<Bytes> broken{
      {},
      {0xff},
      {'G', 'I', 'F'},
      kSignature,
      joined({kSignature, {0, 0, 0}}),
      joined({kSignature, {0, 0, 0, 7, 'j', 'p', '2', 'c'}}),
      joined({kSignature, {0, 0, 0, 9, 'j', 'p', '2', 'c'}}),
      joined({kSignature, {0xff, 0xff, 0xff, 0xff, 'j', 'p', '2', 'c', 1}}),
      joined({kSignature, {0, 0, 0, 1, 'j', 'p', '2', 'c', 0, 0, 0, 0, 0, 0, 0, 15}}),
      joined({kSignature, {0, 0, 0, 1, 'j', 'p', '2', 'c', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}}),
      joined({kSignature, {0, 0, 0, 0, 'f', 't', 'y', 'p', 1, 2}}),
  };
  for (const Bytes& file : broken) {
    try {
      find_codestream(file);
      ADD_FAILURE() << "taken: " << file.size() << " bytes";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kData);
    }
  }
}

TEST(MakeHead, IsTheBoxesOfTheStandard) {
  const Bytes head = make_jp2_head(header_of(3, 8, false), 1000);
  const Bytes expected = joined({kSignature,
                                 box("ftyp", {'j', 'p', '2', ' ', 0, 0, 0, 0, 'j', 'p', '2', ' '}),
                                 box("jp2h", joined({box("ihdr", {0, 0, 0, 100, 0, 0, 1, 44, 0, 3, 7, 7, 0, 0}),
                                                     box("colr", {1, 0, 0, 0, 0, 0, 16})})),
                                 {0, 0, 3, 0xf0, 'j', 'p', '2', 'c'}});
  EXPECT_EQ(head, expected);
  EXPECT_EQ(head.size(), kJp2HeadBytes);
}

TEST(MakeHead, TellsDepthSignAndColours) {
  const auto at = [](const Bytes& head, size_t offset) { return int{head[offset]}; };
  const size_t depth = 12 + 20 + 8 + 8 + 10, colour = 12 + 20 + 8 + 22 + 8 + 6;
  const Bytes grey = make_jp2_head(header_of(1, 16, true), 10), many = make_jp2_head(header_of(300, 8, false), 10);
  EXPECT_EQ(at(grey, depth), 0x80 | 15);
  EXPECT_EQ(at(grey, colour), 17);
  EXPECT_EQ(at(many, depth), 7);
  EXPECT_EQ(at(many, colour), 17);
}

TEST(MakeHead, HasTheBrandOfHt) {
  CodestreamHeader header = header_of(1, 8, false);
  header.codeblock_style = 0x40;
  const Bytes head = make_jp2_head(header, 10);
  EXPECT_EQ(std::string(head.begin() + 20, head.begin() + 24), "jph ");
}

TEST(IsJp2, LooksAtTheSignature) {
  EXPECT_TRUE(is_jp2(kSignature));
  EXPECT_FALSE(is_jp2(Bytes(kSignature.begin(), kSignature.end() - 1)));
  EXPECT_FALSE(is_jp2(Bytes{0xff, 0x4f}));
}

}  // namespace
}  // namespace blosc2_grok::test
