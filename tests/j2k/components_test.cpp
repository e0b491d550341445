// SPDX-License-Identifier: BSD-3-Clause
// COC and QCC: images of one component each, coded with different levels, styles and steps, as one stream of several.
#include <gtest/gtest.h>

#include "openjpeg_witness.hpp"
#include "restream.hpp"

namespace blosc2_grok::j2k::test {
namespace {

// One tile-part a tile in CPRL, so that a tile's packets are those of its components one after the other.
struct Merged {
  Image image;
  std::vector<Image> single;  // what the parts give by themselves
  Bytes bytes;
  bool openjpeg_reads = true;  // it takes a COD behind a COC for the last word
  std::string name;
};

struct Body {
  std::vector<Segment> main;
  std::vector<Bytes> tiles;
};

Body read_parts(std::span<const uint8_t> bytes) {
  Body result;
  std::size_t at = 2;
  result.main = take_segments(bytes, at, 0xFF90);
  for (; number_at(bytes, at, 2) == 0xFF90; at += number_at(bytes, at + 6, 4)) {
    const auto body = bytes.subspan(at + 14, number_at(bytes, at + 6, 4) - 14);
    result.tiles.emplace_back(body.begin(), body.end());
  }
  return result;
}

EncodeOptions random_component(const EncodeOptions& common, Random& random) {
  EncodeOptions o = common;
  o.resolutions = int(pick(random, 1, 7));
  o.reversible = pick(random, 0, 1) == 0;
  o.base_step = 0.25 * pick(random, 1, 20);
  o.guard_bits = int(pick(random, 1, 4));
  o.codeblock = {1u << pick(random, 2, 6), 1u << pick(random, 2, 6)};
  o.block_style = pick(random, 0, 1) == 0 ? 0 : int(pick(random, 0, 63));
  if (pick(random, 0, 2) == 0) o.precincts.push_back(random_power(random, 5, 8));
  return o;
}

// The rest of a COD or QCD behind the component's number.
Bytes component_segment(const Segment& segment, uint32_t component) {
  Bytes body{uint8_t(component)};
  if (segment.marker == 0xFF52) body.push_back(segment.body[0] & 1);
  const std::span<const uint8_t> all(segment.body);
  put_bytes(body, segment.marker == 0xFF52 ? all.subspan(5) : all);
  return body;
}

Bytes merge(const std::vector<Body>& parts, bool components_first, bool in_tiles) {
  Bytes siz = parts[0].main[0].body, out{0xFF, 0x4F}, own;
  siz[35] = uint8_t(parts.size());
  for (std::size_t c = 1; c < parts.size(); ++c) siz.insert(siz.end(), siz.begin() + 36, siz.begin() + 39);
  put_segment(out, 0xFF51, siz);
  Bytes common;
  for (uint32_t c = 0; c < parts.size(); ++c) {
    for (const Segment& segment : parts[c].main) {
      if (segment.marker != 0xFF52 && segment.marker != 0xFF5C) continue;
      if (c == 0) put_segment(common, segment.marker, segment.body);
      if (c != 0) put_segment(own, segment.marker + 1, component_segment(segment, c));
    }
  }
  // The order of COD and COC does not count (A.6.2).
  if (components_first && !in_tiles) put_bytes(out, own);
  put_bytes(out, common);
  if (!components_first && !in_tiles) put_bytes(out, own);
  for (std::size_t t = 0; t < parts[0].tiles.size(); ++t) {
    Bytes body = in_tiles ? own : Bytes{};
    put_number(body, 0xFF93, 2);
    for (const Body& part : parts) put_bytes(body, part.tiles[t]);
    put_number(out, 0xFF90000A, 4), put_number(out, uint32_t(t), 2), put_number(out, uint32_t(12 + body.size()), 4);
    put_number(out, 0x0001, 2), put_bytes(out, body);
  }
  put_number(out, 0xFFD9, 2);
  return out;
}

Merged random_merged(uint64_t seed, Workspace& workspace) {
  Random random(seed);
  Case common = random_case(seed, 12, 6);
  common.options.mct = false, common.options.progression = Progression::kCprl, common.options.high_throughput = false;
  common.options.precincts.clear();
  Merged result;
  result.image = common.image;
  result.image.components = pick(random, 2, 4), result.image.interleaved = false;
  result.image.allocate();
  result.name = common.name;
  std::vector<Body> parts;
  for (uint32_t c = 0; c < result.image.components; ++c) {
    Case test = common;
    test.image.components = 1;
    fill(test.image, Content(pick(random, 0, uint32_t(Content::kCount) - 1)), random);
    test.options = random_component(common.options, random);
    const Bytes bytes = encode_case(test, workspace);
    parts.push_back(read_parts(bytes));
    decode(bytes, test.image.view(), workspace);
    result.single.push_back(test.image);
  }
  const bool components_first = pick(random, 0, 1) == 0, in_tiles = pick(random, 0, 1) == 0;
  result.bytes = merge(parts, components_first, in_tiles);
  result.openjpeg_reads = in_tiles || !components_first;
  result.name += ", own first " + std::to_string(components_first) + ", in tiles " + std::to_string(in_tiles);
  return result;
}

int64_t difference_from(const std::vector<Image>& single, const Image& image) {
  int64_t largest = 0;
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        largest = std::max<int64_t>(largest, std::abs(int64_t{image.get(c, y, x)} - single[c].get(0, y, x)));
      }
    }
  }
  return largest;
}

TEST(Components, OfDifferentLevelsStylesAndStepsAreWhatEachIsAlone) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(80); ++seed) {
    const Merged test = random_merged(uint64_t(seed) + 13000000, workspace);
    SCOPED_TRACE(test.name);
    Image ours = test.image, witness = test.image;
    try {
      decode(test.bytes, ours.view(), workspace);
    } catch (const Error& error) {
      FAIL() << error.what();
    }
    ASSERT_EQ(difference_from(test.single, ours), 0);
    if (!test.openjpeg_reads) continue;
    ASSERT_NO_THROW(openjpeg_decode(test.bytes, witness));
    ASSERT_LE(difference_from(test.single, witness), 1);
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
