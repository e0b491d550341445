// SPDX-License-Identifier: BSD-3-Clause
/// Headers that the reference encoder does not write: COC and QCC, COD and QCD of a tile, unknown segments, Psot 0.
#include <gtest/gtest.h>

#include "random_case.hpp"

namespace blosc2_grok::reference {
namespace {

constexpr int kCod = 0x52, kCoc = 0x53, kQcd = 0x5C, kQcc = 0x5D, kSot = 0x90, kPlt = 0x58;

/// A stream cut at its markers: SOC, the segments of the main header, one tile-part.
struct Parts {
  std::vector<Bytes> header;  // with SOC
  Bytes sot;
  Bytes tail;  // from SOD
};

Parts take_apart(const Bytes& stream) {
  Parts parts;
  parts.header.push_back({0xFF, 0x4F});
  size_t at = 2;
  while (stream[at + 1] != kSot) {
    const size_t length = 2 + stream[at + 2] * 256 + stream[at + 3];
    parts.header.emplace_back(stream.begin() + at, stream.begin() + at + length);
    at += length;
  }
  parts.sot.assign(stream.begin() + at, stream.begin() + at + 12);
  parts.tail.assign(stream.begin() + at + 12, stream.end());
  return parts;
}

Bytes& segment(Parts& parts, int marker) {
  for (Bytes& bytes : parts.header)
    if (bytes[1] == marker) return bytes;
  throw Error("no such segment");
}

/// A marker segment around a body.
Bytes make_segment(int marker, const Bytes& body) {
  Bytes bytes = {0xFF, static_cast<uint8_t>(marker), 0, static_cast<uint8_t>(body.size() + 2)};
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

/// COC of one component from COD: Scoc and what follows the SGcod parameters (A.6.2).
Bytes coc_from(const Bytes& cod, uint8_t component) {
  Bytes body = {component, static_cast<uint8_t>(cod[4] & 1)};
  body.insert(body.end(), cod.begin() + 9, cod.end());
  return make_segment(kCoc, body);
}

Bytes qcc_from(const Bytes& qcd, uint8_t component) {
  Bytes body = {component};
  body.insert(body.end(), qcd.begin() + 4, qcd.end());
  return make_segment(kQcc, body);
}

/// Puts the stream together again, with more segments in the tile-part's header.
Bytes put_together(Parts parts, const std::vector<Bytes>& in_tile = {}) {
  Bytes stream;
  for (const Bytes& bytes : parts.header) stream.insert(stream.end(), bytes.begin(), bytes.end());
  size_t length = 12 + parts.tail.size() - 2;  // without EOC
  for (const Bytes& bytes : in_tile) length += bytes.size();
  for (int i = 0; i < 4; ++i) parts.sot[6 + i] = length >> (8 * (3 - i)) & 0xFF;
  stream.insert(stream.end(), parts.sot.begin(), parts.sot.end());
  for (const Bytes& bytes : in_tile) stream.insert(stream.end(), bytes.begin(), bytes.end());
  stream.insert(stream.end(), parts.tail.begin(), parts.tail.end());
  return stream;
}

class Headers : public testing::Test {
 protected:
  Headers() {
    Random random(1);
    image_.width = 40;
    image_.height = 30;
    image_.components.resize(2);
    for (auto& plane : image_.components)
      for (int i = 0; i < 1200; ++i) plane.push_back(random.below(256));
    parts_ = take_apart(encode(image_, {.resolutions = 3}));
    cod_ = segment(parts_, kCod);
    qcd_ = segment(parts_, kQcd);
  }

  /// Other levels, code-blocks and wavelet in COD, other guard bits in QCD: what is right must come from elsewhere.
  void spoil_defaults() {
    Bytes& cod = segment(parts_, kCod);
    cod[9] = 1;
    cod[10] = cod[11] = 2;
    cod[13] = 0;
    segment(parts_, kQcd)[4] ^= 0x60;
  }

  Image image_;
  Parts parts_;
  Bytes cod_;
  Bytes qcd_;
};

TEST_F(Headers, TakenApartAndPutTogetherAreTheSame) { EXPECT_EQ(decode(put_together(parts_)), image_); }

TEST_F(Headers, CocAndQccWinOverCodAndQcdBeforeAndAfterThem) {
  spoil_defaults();
  parts_.header.insert(parts_.header.begin() + 2, {coc_from(cod_, 0), qcc_from(qcd_, 1)});
  parts_.header.insert(parts_.header.end(), {coc_from(cod_, 1), qcc_from(qcd_, 0)});
  EXPECT_EQ(decode(put_together(parts_)), image_);
}

TEST_F(Headers, CodAndQcdOfATileWinOverTheMainHeader) {
  spoil_defaults();
  parts_.header.insert(parts_.header.end(), {coc_from(segment(parts_, kCod), 0), qcc_from(segment(parts_, kQcd), 1)});
  EXPECT_EQ(decode(put_together(parts_, {cod_, qcd_})), image_);
}

TEST_F(Headers, CocAndQccOfATileWinOverItsCodAndQcd) {
  spoil_defaults();
  const Bytes wrong_cod = segment(parts_, kCod), wrong_qcd = segment(parts_, kQcd);
  EXPECT_EQ(decode(put_together(parts_, {coc_from(cod_, 0), qcc_from(qcd_, 1), wrong_cod, wrong_qcd, coc_from(cod_, 1),
                                         qcc_from(qcd_, 0)})),
            image_);
}

TEST_F(Headers, UnknownSegmentsAreSkipped) {
  parts_.header.push_back(make_segment(0x77, {1, 2, 3}));
  EXPECT_EQ(decode(put_together(parts_, {make_segment(kPlt, {0, 5})})), image_);
}

TEST_F(Headers, PsotZeroReachesToTheEnd) {
  Bytes stream = put_together(parts_);
  size_t sot = 0;
  for (const Bytes& bytes : parts_.header) sot += bytes.size();
  for (int i = 0; i < 4; ++i) stream[sot + 6 + i] = 0;
  EXPECT_EQ(decode(stream), image_);
}

TEST_F(Headers, MissingCodIsNamed) {
  segment(parts_, kCod) = make_segment(0x64, {0, 1});
  EXPECT_THROW(decode(put_together(parts_)), Error);
}

}  // namespace
}  // namespace blosc2_grok::reference
