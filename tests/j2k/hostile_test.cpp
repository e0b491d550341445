// SPDX-License-Identifier: BSD-3-Clause
// Mutated and truncated codestreams: an Error or wrong samples, never anything else (run under ASan and UBSan).
#include <gtest/gtest.h>

#include "support.hpp"

namespace blosc2_grok::j2k::test {
namespace {

TEST(Hostile, MutatedStreamsGiveAnErrorOrSamples) {
  Workspace workspace;
  int refused = 0;
  for (int seed = 0; seed < case_count(2000); ++seed) {
    Random random{uint64_t(seed) + 99};
    Case test = random_case(uint64_t(seed % 400) + 3000000, 16, seed % 3 == 0 ? 32 : 6);
    test.options.reversible = seed % 2 == 0;
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    mutate(copy, 120, random);
    try {
      decode(copy, test.image.view(), workspace, {int(seed % 7 == 0)});
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Hostile, EveryPrefixIsRefusedOrDecoded) {
  Workspace workspace;
  Case test = random_case(3000007, 8, 4);
  const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
  const std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  for (std::size_t length = 0; length + 2 < copy.size(); length += 1 + length / 500) {
    EXPECT_THROW(decode(std::span(copy).first(length), test.image.view(), workspace), Error) << length;
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
