// SPDX-License-Identifier: BSD-3-Clause
// Agreement with OpenJPH: it reads our streams and we read its streams, reversible ones exactly.
#include <gtest/gtest.h>

#include "../../bench/openjph_peer.hpp"
#include "support.hpp"

namespace blosc2_grok::j2k::test {
namespace {

// Within what OpenJPH 0.9.0 gets right: no offsets, usual decompositions, images of more than a few samples.
Case tame_case(int seed) {
  Case test = random_case(uint64_t(seed) + 6000000, 16, 5);
  EncodeOptions& o = test.options;
  o.image_offset = o.tile_offset = o.tile = {};
  o.precincts.clear();
  test.image.interleaved = true;
  Random random{uint64_t(seed)};
  test.image.rows = pick(random, 64, 200), test.image.columns = pick(random, 64, 200);
  if (test.image.components != 3) test.image.components = 1, o.mct = false;
  fill(test.image, Content(seed % int(Content::kCount)), random);
  o.reversible = seed % 3 != 0;
  o.base_step = 0.5;
  return test;
}

TEST(OpenJph, ReadsOurStreams) {
  Workspace workspace;
  for (int seed = 0; seed < 200; ++seed) {
    const Case test = tame_case(seed);
    SCOPED_TRACE(test.name);
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    Image ours = test.image, theirs = test.image;
    decode(copy, ours.view(), workspace);
    openjph_peer::decode(copy, theirs.view());
    EXPECT_LE(largest_difference(ours, theirs), test.options.reversible ? 0 : 1);
  }
}

TEST(OpenJph, WritesWhatWeRead) {
  Workspace workspace;
  for (int seed = 0; seed < 200; ++seed) {
    const Case test = tame_case(seed);
    SCOPED_TRACE(test.name);
    const std::vector<uint8_t> bytes = openjph_peer::encode(test.image.view(), test.options);
    Image ours = test.image, theirs = test.image;
    decode(bytes, ours.view(), workspace);
    openjph_peer::decode(bytes, theirs.view());
    EXPECT_LE(largest_difference(ours, theirs), test.options.reversible ? 0 : 1);
    EXPECT_TRUE(!test.options.reversible || ours.memory == test.image.memory);
  }
}

TEST(OpenJph, IsNotSmaller) {
  Workspace workspace;
  std::size_t ours = 0, theirs = 0;
  for (int seed = 0; seed < 200; ++seed) {
    const Case test = tame_case(seed);
    if (!test.options.reversible) continue;
    ours += encode(test.image.view(), test.options, workspace).size();
    theirs += openjph_peer::encode(test.image.view(), test.options).size();
  }
  EXPECT_LE(double(ours), 1.001 * double(theirs));
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
