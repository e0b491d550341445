// SPDX-License-Identifier: BSD-3-Clause
// Agreement with the plain reference codec of tests/reference, written by another hand: it reads our streams, we read
// its streams with every feature that our encoder does not write (refinement passes, layers, tile-parts, SOP, EPH).
#include <gtest/gtest.h>

#include "random_case.hpp"
#include "reference_image.hpp"

namespace blosc2_grok::j2k::test {
namespace {

void check_ours_reads(uint64_t seed, const reference::CaseLimits& limits, Workspace& workspace) {
  const reference::Case test = reference::random_case(seed, limits);
  SCOPED_TRACE("seed " + std::to_string(seed) + ": " + reference::describe(test));
  reference::Bytes bytes;
  try {
    bytes = reference::encode(test.image, test.options);
  } catch (const reference::Error&) {
    return;  // options that cannot hold the image
  }
  const Image expected = from_reference(reference::decode(bytes));
  Image got = expected;
  try {
    decode(bytes, got.view(), workspace);
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
    return;
  }
  // The irreversible path of the two adds floats in another order.
  EXPECT_LE(largest_difference(got, expected), test.options.reversible ? 0 : 1);
}

TEST(ReferenceAgreement, WeReadItsCleanupPasses) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(400); ++seed) check_ours_reads(uint64_t(seed), {}, workspace);
}

TEST(ReferenceAgreement, WeReadItsRefinementLayersAndPlaceholders) {
  Workspace workspace;
  reference::CaseLimits limits;
  limits.most_passes = 3, limits.most_skipped_planes = 2, limits.most_placeholder_sets = 2;
  for (int seed = 0; seed < case_count(400); ++seed) check_ours_reads(uint64_t(seed) + 100000, limits, workspace);
}

// Our 9/7 has 24 bits of precision, the reference 53.
int tolerance(const Case& test) { return 1 + (test.image.bits > 16 ? 1 << (test.image.bits - 16) : 0); }

TEST(ReferenceAgreement, ItReadsOurStreams) {
  Workspace workspace;
  for (int seed = 0; seed < case_count(300); ++seed) {
    Case test = random_case(uint64_t(seed) + 5000000, 26);
    test.options.reversible = seed % 3 != 0;
    SCOPED_TRACE(test.name);
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    const reference::Bytes copy(bytes.begin(), bytes.end());
    Image ours = test.image;
    decode(copy, ours.view(), workspace);
    const Image theirs = from_reference(reference::decode(copy));
    EXPECT_LE(largest_difference(planar_copy(ours), theirs), test.options.reversible ? 0 : tolerance(test));
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
