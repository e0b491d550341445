// SPDX-License-Identifier: BSD-3-Clause
// One engine's decoder alone: a codestream, a byte for `reduce`, one for the engine; BLOSC2_GROK_FUZZ_ENGINE fixes it.
#include <cstdlib>

#include "engine_alone.hpp"
#include "fuzz.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"

namespace {

using namespace blosc2_grok::test;

constexpr uint64_t kMostSamples = 1 << 18;

const blosc2_grok::Engine* choose_engine(uint8_t number) {
  static const char* const wanted = std::getenv("BLOSC2_GROK_FUZZ_ENGINE");
  if (wanted == nullptr || *wanted == 0) return blosc2_grok::engines()[number % blosc2_grok::engines().size()];
  const blosc2_grok::Engine* const found = find_engine(wanted);
  blosc2_grok::fuzz::require(found != nullptr, "BLOSC2_GROK_FUZZ_ENGINE names an engine of this build");
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  blosc2_grok::fuzz::Options options({data, size});
  const blosc2_grok::Engine* const engine = choose_engine(options.byte());
  const unsigned reduce = options.byte() % 4;
  // An exact copy, so that a checking allocator sees a read behind its end.
  const Bytes stored(options.rest().begin(), options.rest().end());
  try {
    const auto codestream = blosc2_grok::find_codestream(stored);
    const auto bytes = image_bytes(codestream, reduce, kMostSamples);
    if (!bytes) return 0;
    GuardedBuffer block(*bytes);
    decode_alone(*engine, codestream, reduce, block.span());
    blosc2_grok::fuzz::require(block.canaries_are_intact(), "nothing is written before the block");
  } catch (const blosc2_grok::Error&) {
  }
  return 0;
}
