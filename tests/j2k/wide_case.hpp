// SPDX-License-Identifier: BSD-3-Clause
// Random cases of samples that go through 64-bit numbers, in both coders.
#pragma once

#include "row_kernels.hpp"
#include "support.hpp"

namespace blosc2_grok::j2k::test {

inline constexpr int kLeastWide = kMostNarrowBits + 1;

inline Case wide_case(uint64_t seed, int most_levels = 32, int most_bits = kMostBits) {
  Case test = random_case(seed, 16, most_levels);
  Random random(seed ^ 0x5157);
  test.image.bits = pick(random, 0, 1) == 0 ? most_bits : int(pick(random, kLeastWide, uint32_t(most_bits)));
  test.image.bytes = 4;
  fill(test.image, Content(pick(random, 0, uint32_t(Content::kCount) - 1)), random);
  test.options.guard_bits = int(pick(random, 0, 7));
  test.options.high_throughput = pick(random, 0, 1) == 0;
  if (!test.options.high_throughput) test.options.block_style = int(pick(random, 0, 1) * pick(random, 0, 63));
  test.name += ", in fact " + std::to_string(test.image.bits) + " bits, guard " +
               std::to_string(test.options.guard_bits) + ", ht " + std::to_string(test.options.high_throughput) +
               ", style " + std::to_string(test.options.block_style);
  return test;
}

}  // namespace blosc2_grok::j2k::test
