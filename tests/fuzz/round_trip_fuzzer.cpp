// SPDX-License-Identifier: BSD-3-Clause
// Shape, dtype and parameters from the input's end, samples from its front: what is encoded decodes again.
#include <algorithm>
#include <cmath>

#include "blocks.hpp"
#include "fuzz.hpp"
#include "guarded_buffer.hpp"

namespace {

using blosc2_grok::fuzz::Options;
using blosc2_grok::fuzz::require;
using namespace blosc2_grok::test;

Array draw_pair(Options& options, uint32_t most) {
  return {static_cast<int64_t>(options.number(1) % (most + 1)), static_cast<int64_t>(options.number(1) % (most + 1))};
}

Array draw_sides(Options& options) {
  return {static_cast<int64_t>(4u << options.byte() % 5), static_cast<int64_t>(4u << options.byte() % 5)};
}

Map draw_parameters(Options& options) {
  static constexpr const char* kProgressions[] = {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"};
  static constexpr const char* kEngines[] = {"openjpeg", "j2k"};  // Grok's threads and state are no matter for a fuzzer
  static constexpr const char* kLayouts[] = {"planes", "interleaved", "row"};
  Map map;
  const uint32_t which = options.number(2);
  const auto wanted = [&](unsigned bit) { return (which >> bit & 1) != 0; };
  if (wanted(0)) map.emplace_back("tile_size", draw_pair(options, 70));
  if (wanted(1)) map.emplace_back("progression", options.one_of(kProgressions));
  if (wanted(2)) map.emplace_back("num_resolutions", 1 + options.byte() % 33);
  if (wanted(3)) map.emplace_back("codeblock_size", draw_sides(options));
  if (wanted(4)) map.emplace_back("precinct_size", draw_sides(options));
  if (wanted(5)) map.emplace_back("mode", options.byte() % 128);
  if (wanted(6)) map.emplace_back("irreversible", options.byte() % 2 == 1);
  if (wanted(7)) map.emplace_back("cod_format", 1);
  if (wanted(8)) map.emplace_back("mct", options.byte() % 2);
  if (wanted(9)) map.emplace_back("layout", options.one_of(kLayouts));
  if (wanted(10)) map.emplace_back("offset", draw_pair(options, 70));
  if (wanted(11)) map.emplace_back("tile_offset", draw_pair(options, 70));
  if (wanted(12)) map.emplace_back("enableTilePartGeneration", true);
  if (wanted(13))
    map.emplace_back("roi_compno", options.byte() % 4), map.emplace_back("roi_shift", options.byte() % 38);
  if (wanted(14) || wanted(15)) {
    map.emplace_back("quality_mode", wanted(14) ? "rates" : "dB");
    map.emplace_back("quality_layers", Array{options.byte() / 4.0});
  }
  if (options.byte() % 4 == 0) map.emplace_back("max_error", options.number(2) / 16.0);
  if (options.byte() % 4 == 0) map.emplace_back("keep", Array{0, int64_t{options.byte()}});
  if (options.byte() % 4 == 0) map.emplace_back("engine", options.one_of(kEngines));
  return map;
}

Block draw_block(Options& options) {
  static constexpr const char* kDtypes[] = {"|u1", "|i1", "<u2", "<i2", ">u2", ">i2", "|V2", "",
                                            "|b1", "<u4", ">i4", "<i8", "<f2", ">f4", "<f8"};
  Block block;
  block.dtype = options.one_of(kDtypes);
  const size_t bytes_per_sample = block.dtype.empty() ? 1 : static_cast<size_t>(block.dtype.back() - '0');
  size_t samples = 1;
  for (int axes = 1 + options.byte() % 4; axes > 0; --axes) {
    const int32_t extent = 1 + options.byte() % 90;
    if (samples * static_cast<size_t>(extent) > 20000) continue;
    samples *= static_cast<size_t>(extent);
    block.shape.push_back(extent);
  }
  if (block.shape.empty()) block.shape.push_back(1);
  const auto rest = options.rest();
  block.bytes.resize(samples * bytes_per_sample);
  for (size_t i = 0; i < block.bytes.size(); ++i) {
    block.bytes[i] = static_cast<uint8_t>(rest.empty() ? i / 7 : rest[i % rest.size()] + i / rest.size());
  }
  return block;
}

bool can_lose(const Map& parameters) {
  const auto has = [&](std::string_view name) {
    return std::ranges::find(parameters, name, &Map::value_type::first) != parameters.end();
  };
  return has("quality_mode") || has("irreversible") || has("max_error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Options options({data, size});
  const Map parameters = draw_parameters(options);
  const uint8_t codec_meta = options.byte() % 4 == 0 ? options.byte() : 0;
  const Block block = draw_block(options);
  const Bytes packed = blosc2_grok::msgpack::serialize(parameters);
  const blosc2_grok_block shape = describe_block(block);
  GuardedBuffer stored(block.bytes.size());
  const int64_t stored_bytes = blosc2_grok_encode(stored.data(), stored.size(), block.bytes.data(), block.bytes.size(),
                                                  &shape, packed.data(), packed.size(), codec_meta);
  require(stored.canaries_are_intact(), "the encoder keeps to its buffer");
  require(stored_bytes <= static_cast<int64_t>(stored.size()), "a stored block fits its buffer");
  if (stored_bytes <= 0) return 0;
  GuardedBuffer decoded(block.bytes.size());
  const int64_t bytes =
      blosc2_grok_decode(decoded.data(), decoded.size(), stored.data(), static_cast<size_t>(stored_bytes), 1);
  require(bytes == static_cast<int64_t>(block.bytes.size()), "what was encoded decodes");
  require(decoded.canaries_are_intact(), "the decoder keeps to its buffer");
  const bool may_differ = can_lose(parameters) || codec_meta > 10;
  require(may_differ || std::ranges::equal(decoded.span(), block.bytes), "lossless means equal");
  return 0;
}
