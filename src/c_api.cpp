// SPDX-License-Identifier: BSD-3-Clause
// The functions of blosc2_grok.h.
#include <algorithm>
#include <cstring>

#include "blosc2_grok.h"
#include "c_params.hpp"
#include "decode.hpp"
#include "encode.hpp"
#include "engine.hpp"
#include "error.hpp"
#include "msgpack.hpp"
#include "quality.hpp"
#include "stored_block.hpp"

#define STRINGIZE_VALUE(value) #value
#define STRINGIZE(value) STRINGIZE_VALUE(value)

namespace {

using blosc2_grok::ByteSpan;
using blosc2_grok::Error;
using blosc2_grok::ErrorCode;
using blosc2_grok::Params;
using blosc2_grok::msgpack::Array;
using blosc2_grok::msgpack::Map;
using blosc2_grok::msgpack::Value;

constexpr const char* kVersion = STRINGIZE(BLOSC2_GROK_VERSION_MAJOR) "." STRINGIZE(BLOSC2_GROK_VERSION_MINOR) "." STRINGIZE(
    BLOSC2_GROK_VERSION_PATCH);

ByteSpan span_of(const uint8_t* bytes, size_t size) { return bytes == nullptr ? ByteSpan{} : ByteSpan{bytes, size}; }

int64_t copy_out(uint8_t* dst, size_t dst_capacity, const std::vector<uint8_t>& bytes) {
  if (dst != nullptr && bytes.size() <= dst_capacity) std::ranges::copy(bytes, dst);
  return static_cast<int64_t>(bytes.size());
}

std::string dotted(const std::array<uint8_t, 3>& version) {
  return blosc2_grok::text(int{version[0]}, '.', int{version[1]}, '.', int{version[2]});
}

// Parameters of a caller: the reason goes to the caller, not to the ring.
template <class Body>
int64_t with_reason(char* reason, size_t reason_capacity, Body&& body) {
  try {
    return body();
  } catch (const Error& e) {
    if (reason != nullptr && reason_capacity > 0) {
      const size_t size = std::min(std::strlen(e.what()), reason_capacity - 1);
      std::memcpy(reason, e.what(), size);
      reason[size] = '\0';
    }
    return static_cast<int64_t>(e.code());
  }
}

blosc2_grok::EncodeRequest make_request(ByteSpan src, const blosc2_grok_block& block, Params params) {
  if (block.struct_size != sizeof block || block.ndim < 1 || block.ndim > 16) {
    throw Error(ErrorCode::kInvalidParam, "blosc2_grok_block has struct_size ", block.struct_size, " and ", block.ndim,
                " axes");
  }
  const auto dimensions = static_cast<size_t>(block.ndim);
  const std::span<const int32_t> block_shape(block.block_shape, dimensions);
  blosc2_grok::EncodeRequest request;
  request.block = src;
  request.params = std::move(params);
  const std::string dtype(block.dtype, ::strnlen(block.dtype, sizeof block.dtype));
  uint64_t samples = 1;
  // Beyond the largest block the product stays there: sixteen extents overflow any integer.
  for (const int32_t extent : block_shape) {
    samples = std::min<uint64_t>(samples * static_cast<uint64_t>(std::max(extent, 0)), uint64_t{1} << 31);
  }
  if (samples == 0 || samples > INT32_MAX || src.size() % samples != 0 || src.empty()) {
    throw Error(ErrorCode::kInvalidParam, src.size(), " bytes are no block of ", samples, " samples");
  }
  request.dtype = blosc2_grok::parse_dtype(dtype, static_cast<int32_t>(src.size() / samples));
  if (static_cast<size_t>(request.dtype.sample.bytes * request.dtype.parts) != src.size() / samples) {
    throw Error(ErrorCode::kInvalidParam, src.size(), " bytes are no block of ", samples, " samples of ", dtype);
  }
  if (!request.dtype.is_known) request.lossless_only = "the block's dtype is not known";
  const auto roles =
      blosc2_grok::resolve_roles({block.array_shape, dimensions}, request.params.layout, request.dtype.sample.bytes);
  std::vector<int32_t> extents(block_shape.begin(), block_shape.end());
  extents.push_back(request.dtype.parts);  // the two floats of a complex number are planes
  request.layout = blosc2_grok::make_layout(extents, roles);
  request.threads = std::max(request.params.num_threads, 1u);
  request.is_whole = block.is_whole != 0;
  return request;
}

Map describe_engine(const blosc2_grok::Engine& engine) {
  return {{"name", engine.name()}, {"version", dotted(engine.version())}, {"licence", engine.licence()}};
}

// docs/format.md, "describe".
// Entry by entry: GCC 12 destroys what it has not built yet when an element of a nested initializer list throws.
Map describe_codestream(const blosc2_grok::CodestreamHeader& header) {
  Map map;
  map.emplace_back("rows", header.height());
  map.emplace_back("columns", header.width());
  map.emplace_back("components", uint64_t{header.components.size()});
  map.emplace_back("bits", int{header.components[0].bits});
  map.emplace_back("signed", header.components[0].is_signed);
  map.emplace_back("tiles", header.tiles());
  map.emplace_back("tile_size", Array{header.tile_width, header.tile_height});
  map.emplace_back("tile_offset", Array{header.tile_x0, header.tile_y0});
  map.emplace_back("offset", Array{header.x0, header.y0});
  map.emplace_back("layers", int{header.layers});
  map.emplace_back("progression", int{header.progression});
  map.emplace_back("resolutions", header.decompositions + 1);
  map.emplace_back("codeblock_size", Array{header.codeblock_width, header.codeblock_height});
  map.emplace_back("mode", int{header.codeblock_style});
  map.emplace_back("irreversible", header.transform == 0);
  map.emplace_back("mct", int{header.mct});
  map.emplace_back("guard_bits", int{header.guard_bits});
  map.emplace_back("rsiz", int{header.rsiz});
  return map;
}

void describe_segment(Map& map, const blosc2_grok::Segment& segment, unsigned bits) {
  static constexpr const char* kEngineNames[] = {"auto", "openjpeg", "grok", "j2k"};
  map.emplace_back("dtype", blosc2_grok::format_dtype(segment.sample));
  map.emplace_back("lossy", segment.is_lossy);
  map.emplace_back("shuffled", int{segment.shuffled_typesize});
  map.emplace_back("row_of_bytes", segment.is_bytes);
  map.emplace_back("extents", Array(segment.layout.extents.begin(), segment.layout.extents.end()));
  const auto& roles = segment.layout.roles;
  map.emplace_back("roles", Array{roles.row, roles.column, roles.channel});
  if (segment.valid) {
    map.emplace_back("valid", Array{segment.valid->planes, segment.valid->rows, segment.valid->columns});
  }
  const size_t engine = std::min<size_t>(segment.engine.id, std::size(kEngineNames) - 1);
  map.emplace_back("engine", Value(kEngineNames[engine]));
  map.emplace_back("engine_version", dotted(segment.engine.engine_version));
  map.emplace_back("plugin_version", dotted(segment.engine.plugin_version));
  map.emplace_back("mapped", segment.mapping.has_value());
  if (segment.loss) {
    map.emplace_back("max_error", segment.loss->max_error);
    map.emplace_back("mse", segment.loss->mse);
    if (segment.sample.is_direct()) {
      const unsigned depth = segment.mapping ? segment.sample.bits() : bits;
      map.emplace_back("psnr", blosc2_grok::psnr(segment.loss->mse, depth));
    }
  }
  if (segment.samples_checksum)
    map.emplace_back("samples_checksum", blosc2_grok::text(std::hex, *segment.samples_checksum));
}

}  // namespace

extern "C" {

const char* blosc2_grok_version(void) { return kVersion; }

int64_t blosc2_grok_build_info(uint8_t* dst, size_t dst_capacity) {
  return blosc2_grok::guard([&]() -> int64_t {
    Array list;
    // Ours, OpenJPEG's and xxHash's, and Highway's.
    std::string licence = "BSD-3-Clause AND BSD-2-Clause AND Apache-2.0";
    for (const blosc2_grok::Engine* engine : blosc2_grok::engines()) {
      list.push_back(describe_engine(*engine));
      if (engine->licence().starts_with("AGPL")) licence = engine->licence();  // covers the whole
    }
    return copy_out(
        dst, dst_capacity,
        serialize(Map{{"version", kVersion}, {"engines", std::move(list)}, {"licence", std::move(licence)}}));
  });
}

int blosc2_grok_set_defaults(const uint8_t* packed, size_t packed_size, char* reason, size_t reason_capacity) {
  return blosc2_grok::guard([&] {
    return static_cast<int>(with_reason(reason, reason_capacity, [&] {
      blosc2_grok::set_default_params(blosc2_grok::parse_params(span_of(packed, packed_size)));
      return int64_t{0};
    }));
  });
}

int64_t blosc2_grok_normalize(uint8_t* dst, size_t dst_capacity, const uint8_t* packed, size_t packed_size,
                              char* reason, size_t reason_capacity) {
  return blosc2_grok::guard([&] {
    return with_reason(reason, reason_capacity, [&] {
      return copy_out(dst, dst_capacity, pack_params(blosc2_grok::parse_params(span_of(packed, packed_size))));
    });
  });
}

int64_t blosc2_grok_get_defaults(uint8_t* dst, size_t dst_capacity) {
  return blosc2_grok::guard(
      [&]() -> int64_t { return copy_out(dst, dst_capacity, pack_params(*blosc2_grok::default_params())); });
}

int64_t blosc2_grok_pack_params(uint8_t* dst, size_t dst_capacity, const blosc2_grok_params* params, char* reason,
                                size_t reason_capacity) {
  return blosc2_grok::guard([&] {
    return with_reason(reason, reason_capacity, [&] {
      if (params == nullptr) throw Error(ErrorCode::kInvalidParam, "params is NULL");
      const auto& checked = blosc2_grok::check_codec_params(params);
      return copy_out(dst, dst_capacity, pack_params(blosc2_grok::convert_params(checked.compressParams)));
    });
  });
}

void blosc2_grok_init(uint32_t, bool) {}

void blosc2_grok_destroy(void) {}

uint64_t blosc2_grok_message_serial(void) { return blosc2_grok::newest_message_serial(); }

int blosc2_grok_next_message(uint64_t since, int kind, blosc2_grok_message* message) {
  if (message == nullptr || message->struct_size != sizeof *message) return static_cast<int>(ErrorCode::kInvalidParam);
  const auto found = blosc2_grok::next_message(since, kind);
  if (found) *message = *found;
  return found ? 1 : 0;
}

int64_t blosc2_grok_encode(uint8_t* dst, size_t dst_capacity, const uint8_t* src, size_t src_size,
                           const blosc2_grok_block* block, const uint8_t* packed, size_t packed_size,
                           uint8_t codec_meta) {
  return blosc2_grok::guard([&]() -> int64_t {
    if (dst == nullptr || src == nullptr || block == nullptr) {
      throw Error(ErrorCode::kInvalidParam, "blosc2_grok_encode needs a source, a destination and a block");
    }
    Params params =
        packed_size == 0 ? *blosc2_grok::default_params() : blosc2_grok::parse_params({packed, packed_size});
    const auto request = make_request({src, src_size}, *block, with_codec_meta(std::move(params), codec_meta));
    return static_cast<int64_t>(blosc2_grok::encode_block({dst, dst_capacity}, request));
  });
}

int64_t blosc2_grok_decode(uint8_t* dst, size_t dst_size, const uint8_t* src, size_t src_size, int32_t threads) {
  return blosc2_grok::guard([&]() -> int64_t {
    if (dst == nullptr || src == nullptr) {
      throw Error(ErrorCode::kInvalidParam, "blosc2_grok_decode needs a source and a destination");
    }
    blosc2_grok::decode_block(
        {{src, src_size}, {dst, dst_size}, {static_cast<unsigned>(std::max(threads, 1))}, {}, {}});
    return static_cast<int64_t>(dst_size);
  });
}

int64_t blosc2_grok_decode_partly(uint8_t* dst, size_t dst_size, const uint8_t* src, size_t src_size, uint32_t reduce,
                                  uint32_t layers, int32_t threads) {
  return blosc2_grok::guard([&]() -> int64_t {
    if (dst == nullptr || src == nullptr) {
      throw Error(ErrorCode::kInvalidParam, "blosc2_grok_decode_partly needs a source and a destination");
    }
    const blosc2_grok::DecodeOptions options{static_cast<unsigned>(std::max(threads, 1)), reduce, layers};
    blosc2_grok::decode_block({{src, src_size}, {dst, dst_size}, options, {}, {}});
    return static_cast<int64_t>(dst_size);
  });
}

int64_t blosc2_grok_decode_reduced(uint8_t* dst, size_t dst_size, const uint8_t* chunk, size_t chunk_size,
                                   blosc2_grok_stored* blocks, int32_t count, int32_t ndim, const int32_t* block_shape,
                                   const int32_t* reduced_shape, uint32_t reduce, uint32_t layers) {
  return blosc2_grok::guard([&]() -> int64_t {
    if (dst == nullptr || chunk == nullptr || blocks == nullptr || block_shape == nullptr || reduced_shape == nullptr ||
        count < 1 || ndim < 1 || ndim > 16) {
      throw Error(ErrorCode::kInvalidParam, "blosc2_grok_decode_reduced needs a chunk, a destination, blocks (", count,
                  ") and shapes of 1 to 16 axes (", ndim, ")");
    }
    const size_t part = dst_size / static_cast<size_t>(count), axes = static_cast<size_t>(ndim);
    int64_t done = 0;
    for (blosc2_grok_stored& block : std::span(blocks, static_cast<size_t>(count))) {
      block.is_done = 0;
      if (block.start > chunk_size || block.size > chunk_size - block.start) continue;
      const std::span<uint8_t> samples(dst + static_cast<size_t>(&block - blocks) * part, part);
      const blosc2_grok::DecodeOptions options{1, reduce, layers};
      try {
        block.is_done = blosc2_grok::decode_reduced({{chunk + block.start, block.size}, samples, options, {}, {}},
                                                    {block_shape, axes}, {reduced_shape, axes});
        done += block.is_done;
      } catch (const Error&) {  // told when the caller decodes the block by itself
      }
    }
    return done;
  });
}

uint64_t blosc2_grok_checksum(const uint8_t* src, size_t src_size) {
  return blosc2_grok::checksum(span_of(src, src_size));
}

int64_t blosc2_grok_describe(uint8_t* dst, size_t dst_capacity, const uint8_t* src, size_t src_size) {
  return blosc2_grok::guard([&]() -> int64_t {
    const auto stored = blosc2_grok::open_stored_block(span_of(src, src_size));
    Map map;
    map.emplace_back("container", blosc2_grok::is_jp2({src, src_size}) ? "jp2" : "j2k");
    map.emplace_back("bytes", uint64_t{src_size});
    map.emplace_back("legacy", !stored.segment.has_value());
    map.emplace_back("codestream", describe_codestream(stored.header));
    if (stored.segment) describe_segment(map, *stored.segment, stored.header.components[0].bits);
    return copy_out(dst, dst_capacity, serialize(std::move(map)));
  });
}

}  // extern "C"
