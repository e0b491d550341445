// SPDX-License-Identifier: BSD-3-Clause
// A stored block followed by three bytes: the size of the block that the host expects (0: what the headers say).
#include "blocks.hpp"
#include "codestream.hpp"
#include "fuzz.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"

namespace {

using blosc2_grok::fuzz::require;
using blosc2_grok::test::Bytes;

constexpr uint64_t kMostSamples = 1 << 20;

// What the image header announces, when that is little enough to be tried.
size_t announced_bytes(const Bytes& stored) {
  try {
    const auto header = blosc2_grok::parse_codestream_header(blosc2_grok::find_codestream(stored));
    const uint64_t pixels = uint64_t{header.width()} * header.height();
    if (pixels > kMostSamples || pixels * header.components.size() > kMostSamples) return 0;
    return pixels * header.components.size() * (header.components[0].bits > 8 ? 2 : 1);
  } catch (const blosc2_grok::Error&) {
    return 0;
  }
}

void decode(const Bytes& stored, size_t block_bytes) {
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
  const size_t block_bytes = asked != 0 ? asked % (2 * kMostSamples) : announced_bytes(stored);
  if (stored.empty() || block_bytes == 0) return 0;
  decode(stored, block_bytes);
  if (const auto legacy = blosc2_grok::test::without_segment(stored)) decode(*legacy, block_bytes);
  if (blosc2_grok::test::reseal(stored)) decode(stored, block_bytes);
  return 0;
}
