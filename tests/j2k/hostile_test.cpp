// SPDX-License-Identifier: BSD-3-Clause
// Mutated and truncated codestreams: an Error or wrong samples, never anything else (run under ASan and UBSan).
#include <gtest/gtest.h>

#include <cstdlib>

#include "support.hpp"

namespace blosc2_grok::j2k::test {
namespace {

int case_count(int usual) {
  const char* wanted = std::getenv("J2K_TEST_CASES");
  return wanted != nullptr ? std::atoi(wanted) : usual;
}

void mutate(std::vector<uint8_t>& bytes, Random& random) {
  const uint32_t kind = pick(random, 0, 9);
  if (kind == 0) return bytes.resize(random() % bytes.size());
  const std::size_t reach = kind < 5 ? std::min<std::size_t>(bytes.size(), 120) : bytes.size();
  for (uint32_t i = pick(random, 1, 4); i > 0; --i) {
    uint8_t& byte = bytes[random() % reach];
    byte = kind % 2 == 0 ? uint8_t(random()) : byte ^ uint8_t(1u << (random() % 8));
  }
}

TEST(Hostile, MutatedStreamsGiveAnErrorOrSamples) {
  Workspace workspace;
  int refused = 0;
  for (int seed = 0; seed < case_count(2000); ++seed) {
    Random random{uint64_t(seed) + 99};
    Case test = random_case(uint64_t(seed % 400) + 3000000, 16, seed % 3 == 0 ? 32 : 6);
    test.options.reversible = seed % 2 == 0;
    const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
    std::vector<uint8_t> copy(bytes.begin(), bytes.end());
    mutate(copy, random);
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
