// SPDX-License-Identifier: BSD-3-Clause
// Lossless round trips over random settings and images, with OpenJPEG as a witness of the codestreams.
#include <gtest/gtest.h>

#include "openjpeg_witness.hpp"

namespace blosc2_grok::j2k::test {
namespace {

TEST(Lossless, RandomCasesComeBackExactly) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(500); ++seed) {
    expect_comes_back(random_case(uint64_t(seed), 26), workspace);
  }
}

TEST(Lossless, OpenJpegReadsTheSameSamples) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = random_case(uint64_t(seed) + 1000000, 16);
    // OpenJPEG's position progressions overflow 32 bits with precincts of 2^15 above 16 decompositions.
    if (test.options.resolutions > 16) test.options.progression = Progression(seed % 2);
    SCOPED_TRACE(test.name);
    expect_openjpeg_decoded(encode(test.image.view(), test.options, workspace), test.image);
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
