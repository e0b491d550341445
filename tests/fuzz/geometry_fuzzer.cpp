// SPDX-License-Identifier: BSD-3-Clause
// An array's metalayers as the host hands them over: `b2nd` and `grok` from the input, the host's structs from its end.
#include <algorithm>

#include "blocks.hpp"
#include "error.hpp"
#include "fuzz.hpp"
#include "guarded_buffer.hpp"
#include "host.hpp"
#include "host_structs.hpp"
#include "request.hpp"

extern "C" {
int blosc2_grok_encoder(const uint8_t*, int32_t, uint8_t*, int32_t, uint8_t, void*, const void*);
int blosc2_grok_decoder(const uint8_t*, int32_t, uint8_t*, int32_t, uint8_t, void*, const void*);
}

namespace {

using blosc2_grok::fuzz::Options;
using blosc2_grok::fuzz::require;
using namespace blosc2_grok::test;

constexpr size_t kMostBlockBytes = 8192;

// A well-formed metalayer with numbers from the input, which random MessagePack would seldom be.
Bytes draw_b2nd(Options& options) {
  static constexpr const char* kDtypes[] = {"|u1", "<i2", ">u2", "<f4", "<c8", "|V2", "|b1", "<U4", "<x9", ""};
  std::vector<int64_t> shape;
  Shape chunk_shape, block_shape;
  for (int axes = options.byte() % 18; axes > 0; --axes) {
    const bool is_wild = options.byte() % 16 == 0;
    block_shape.push_back(static_cast<int32_t>(is_wild ? options.number(4) : 1 + options.byte() % 80));
    chunk_shape.push_back(static_cast<int32_t>(is_wild ? options.number(4) : block_shape.back()));
    shape.push_back(is_wild ? static_cast<int64_t>(uint64_t{options.number(4)} << 32 | options.number(4))
                            : block_shape.back());
  }
  return make_b2nd(shape, chunk_shape, block_shape, options.one_of(kDtypes));
}

// The product of the block's extents where the host would have made such a block, so that some inputs get through.
size_t draw_block_bytes(Options& options, const Bytes& b2nd, int32_t typesize) {
  const uint32_t asked = options.number(2);
  if (asked % 4 != 0) {
    try {
      FakeSchunk schunk(HostVersion::k3, typesize, 1, 1);
      schunk.add_metalayer("b2nd", b2nd);
      uint64_t samples = 1;
      const auto meta = blosc2_grok::host::read_array_meta(blosc2_grok::host::Schunk(schunk.get()));
      for (const int32_t extent : meta->block_shape) {
        samples = std::min<uint64_t>(samples * static_cast<uint64_t>(extent), kMostBlockBytes);
      }
      if (samples > 0) return std::min<size_t>(samples * static_cast<size_t>(typesize), kMostBlockBytes);
    } catch (const blosc2_grok::Error&) {
    }
  }
  return 1 + asked % kMostBlockBytes;
}

bool wants_grok(const Bytes& block, uint8_t meta, void* cparams) {
  try {
    return blosc2_grok::make_encode_request(block, meta, cparams).params.engine == blosc2_grok::EngineName::kGrok;
  } catch (const blosc2_grok::Error&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Options options({data, size});
  const auto version = options.byte() % 2 == 0 ? HostVersion::k2 : HostVersion::k3;
  const auto typesize = static_cast<int32_t>(options.byte() % 17);
  const uint8_t which = options.byte(), meta = options.byte() % 4 == 0 ? options.byte() : 0;
  const uint8_t filter = which % 16 == 0 ? options.byte() : 0;
  Bytes b2nd = (which & 0x20) != 0 ? draw_b2nd(options) : Bytes{};
  const uint8_t part = options.byte();
  const auto rest = options.rest();
  const size_t cut = rest.size() * part / 255;
  if (b2nd.empty()) b2nd.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(cut));
  const Bytes grok(rest.begin() + static_cast<std::ptrdiff_t>(cut), rest.end());
  const size_t block_bytes = draw_block_bytes(options, b2nd, std::max(typesize, 1));

  FakeSchunk schunk(version, typesize, static_cast<int32_t>(block_bytes), static_cast<int32_t>(block_bytes));
  if ((which & 0x40) == 0) schunk.add_metalayer("b2nd", b2nd);
  if ((which & 0x80) != 0) schunk.add_metalayer("grok", grok);
  FakeCparams cparams(schunk.get(), typesize);
  if (filter != 0) cparams.set_filter(5, filter);
  FakeDparams dparams(schunk.get());

  Bytes block(block_bytes);
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<uint8_t>(i / 5 + (i % 3) * part);
  const auto length = static_cast<int32_t>(block_bytes);
  if (wants_grok(block, meta, cparams.get())) return 0;  // its threads and state are no matter for a fuzzer
  GuardedBuffer stored(block_bytes), decoded(block_bytes);
  const int stored_bytes =
      blosc2_grok_encoder(block.data(), length, stored.data(), length, meta, cparams.get(), nullptr);
  require(stored.canaries_are_intact(), "the encoder keeps to its buffer");
  // The host takes a block of its own size for a raw one.
  require(stored_bytes < length, "a stored block is smaller than the block");
  if (stored_bytes <= 0) return 0;
  const int decoded_bytes =
      blosc2_grok_decoder(stored.data(), stored_bytes, decoded.data(), length, meta, dparams.get(), nullptr);
  require(decoded_bytes == length, "what was encoded decodes");
  require(decoded.canaries_are_intact(), "the decoder keeps to its buffer");
  return 0;
}
