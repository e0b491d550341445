// SPDX-License-Identifier: BSD-3-Clause
// Thousands of damaged blocks: each is an error or decodes; nothing crashes, nothing is written outside the block.
// BLOSC2_GROK_MUTATIONS says how many (2,000 when not set).
#include <gtest/gtest.h>

#include <cstdlib>

#include "blocks.hpp"
#include "cases.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"

namespace blosc2_grok::test {
namespace {

// CTest runs these as processes of their own, so that several cores share the work.
constexpr uint64_t kShares = 4;

uint64_t mutations() {
  const char* const wanted = std::getenv("BLOSC2_GROK_MUTATIONS");
  return wanted == nullptr ? 2000 : std::strtoull(wanted, nullptr, 10);
}

struct Original {
  Case row;
  Bytes block, stored;
};

// Small blocks of every kind in the table: small, so that many mutations hit headers.
std::vector<Original> originals() {
  std::vector<Original> out;
  for (Case row : cases()) {
    if (row.shape.size() == 2) row.shape = {33, 47};
    if (row.shape.size() > 3) continue;
    const Block block = row.block();
    if (block.bytes.size() > 20000) continue;
    try {
      Bytes stored = encode(block, row.parameters, row.codec_meta);
      if (!stored.empty()) out.push_back({row, block.bytes, std::move(stored)});
    } catch (const std::exception&) {
      continue;  // parameters that a smaller image can't have
    }
  }
  return out;
}

enum class Outcome { kError, kDecoded };

Outcome decode_guarded(const Bytes& stored, size_t block_bytes, const Case& row) {
  GuardedBuffer out(block_bytes);
  const int64_t size = blosc2_grok_decode(out.data(), out.size(), stored.data(), stored.size(), 1);
  EXPECT_TRUE(out.canaries_are_intact()) << row;
  EXPECT_TRUE(size < 0 || size == static_cast<int64_t>(block_bytes)) << row;
  return size < 0 ? Outcome::kError : Outcome::kDecoded;
}

class Mutations : public ::testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Shares, Mutations, ::testing::Range(uint64_t{0}, kShares));

// The checksum sees all of it.
TEST_P(Mutations, OfSealedBlocksAreErrors) {
  const std::vector<Original> all = originals();
  ASSERT_GT(all.size(), 100u);
  Random random(1000 + GetParam());
  for (uint64_t i = 0; i < mutations() / kShares; ++i) {
    const Original& original = all[random.below(all.size())];
    const Bytes damaged = mutate(original.stored, random);
    if (damaged == original.stored || !has_half_a_signature(damaged)) continue;
    EXPECT_EQ(decode_guarded(damaged, original.block.size(), original.row), Outcome::kError)
        << original.row << ' ' << i;
  }
}

// With the checksum made good again, or the segment gone, the checks behind it and the engines stand alone.
TEST_P(Mutations, BehindTheChecksumDoNoHarm) {
  const std::vector<Original> all = originals();
  Random random(2000 + GetParam());
  uint64_t decoded = 0;
  for (uint64_t i = 0; i < mutations() / kShares; ++i) {
    const Original& original = all[random.below(all.size())];
    Bytes damaged = original.stored;
    if (random.below(3) == 0) damaged = without_segment(damaged).value();
    damaged = mutate(damaged, random);
    reseal(damaged);
    decoded += decode_guarded(damaged, original.block.size(), original.row) == Outcome::kDecoded;
  }
  EXPECT_GT(decoded, 0u);  // else nothing got behind it
}

}  // namespace
}  // namespace blosc2_grok::test
