// SPDX-License-Identifier: BSD-3-Clause
// A stored block followed by three bytes: the size of the block that the host expects (0: what the block says).
#include "announced.hpp"
#include "blocks.hpp"
#include "fuzz.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"

namespace {

using blosc2_grok::fuzz::kMostSamples;
using blosc2_grok::fuzz::require;
using blosc2_grok::test::Bytes;

void decode(const Bytes& stored, uint32_t asked) {
  const size_t block_bytes = asked != 0 ? asked % (2 * kMostSamples) : blosc2_grok::fuzz::announced_bytes(stored);
  if (stored.empty() || block_bytes == 0) return;
  blosc2_grok::test::GuardedBuffer block(block_bytes);
  const int64_t size = blosc2_grok_decode(block.data(), block.size(), stored.data(), stored.size(), 1);
  require(block.canaries_are_intact(), "nothing is written before the block");
  require(size < 0 || size == static_cast<int64_t>(block_bytes), "a decoded block is complete");
  Bytes text(4096);
  blosc2_grok_describe(text.data(), text.size(), stored.data(), stored.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  blosc2_grok::fuzz::Options options({data, size});
  const uint32_t asked = options.number(3);
  Bytes stored(options.rest().begin(), options.rest().end());
  decode(stored, asked);
  if (const auto legacy = blosc2_grok::test::without_segment(stored)) decode(*legacy, asked);
  if (blosc2_grok::test::reseal(stored)) decode(stored, asked);
  return 0;
}
