// SPDX-License-Identifier: BSD-3-Clause
// The irreversible path: errors as the step says, and OpenJPEG within one count.
#include <gtest/gtest.h>

#include "openjpeg_witness.hpp"

namespace blosc2_grok::j2k::test {
namespace {

TEST(Lossy, FineStepsKeepSamplesAndOpenJpegAgrees) {
  Workspace workspace;
  for (int seed = 0; seed < 400; ++seed) {
    Case test = random_case(uint64_t(seed) + 2000000, 16, 12);
    test.options.reversible = false;
    test.options.base_step = seed % 2 == 0 ? 0.25 : 4.0;
    SCOPED_TRACE(test.name);
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    Image ours = test.image, theirs = test.image;
    ours.allocate();
    decode(copy, ours.view(), workspace);
    openjpeg_decode(copy, theirs);
    // OpenJPEG 2.5's 2/K is 3e-5 off, which shows in deep images.
    EXPECT_LE(largest_difference(ours, theirs), 1 + (test.image.bits > 12 ? 1 << (test.image.bits - 13) : 0));
    const double step = test.options.base_step;
    EXPECT_LE(mean_squared_error(ours, test.image), 1.0 + step * step);
  }
}

TEST(Lossy, ErrorOfNoiseIsTheSteps) {
  Workspace workspace;
  Case test;
  test.image.rows = test.image.columns = 512;
  test.image.bits = 16, test.image.bytes = 2;
  Random random(7);
  fill(test.image, Content::kNoise, random);
  test.options.reversible = false;
  for (const double step : {16.0, 64.0, 256.0}) {
    test.options.base_step = step;
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    Image back = test.image;
    decode(copy, back.view(), workspace);
    EXPECT_NEAR(mean_squared_error(back, test.image), step * step / 12, 0.05 * step * step / 12);
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
