// SPDX-License-Identifier: BSD-3-Clause
// C-Blosc2's structs on 64-bit machines, versions 2.x (blosc2 2.7.1 to 4.1.2) and 3.x (4.2.0 on), without its header.
#include "host.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "error.hpp"
#include "msgpack.hpp"

namespace blosc2_grok::host {
namespace {

// Offsets in bytes; checked against each host by tests/hosts.
namespace schunk_offset {
constexpr size_t kBlocksize = 12;
constexpr size_t kChunksize = 16;
struct Metalayers {
  size_t pointers, count;
};
constexpr Metalayers kVersion2{112, 240};
constexpr Metalayers kVersion3{120, 248};
}  // namespace schunk_offset

namespace cparams_offset {
constexpr size_t kTypesize = 8, kThreads = 12, kSchunk = 24, kFilters = 32, kFiltersMeta = 38, kCodecParams = 80;
}
namespace dparams_offset {
constexpr size_t kThreads = 0, kSchunk = 8;
}

constexpr uint64_t kMaxMetalayers = 16;
constexpr size_t kMaxDimensions = 16;

template <class T>
T load(const void* base, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const uint8_t*>(base) + offset, sizeof value);
  return value;
}

// blosc2_metalayer.
struct Metalayer {
  const char* name;
  const uint8_t* content;
  int32_t content_len;
};

// A count of 1 to 16 stands where this version keeps it; in the other version that word is a pointer or 0.
std::optional<schunk_offset::Metalayers> find_metalayers(const uint8_t* schunk) {
  for (const auto& layout : {schunk_offset::kVersion2, schunk_offset::kVersion3}) {
    const auto count = load<uint64_t>(schunk, layout.count);
    // The upper bytes of the 16-bit count are padding of a zeroed struct.
    if (count >= 1 && count <= kMaxMetalayers) return layout;
  }
  return std::nullopt;
}

template <class T>
std::vector<T> integers(const msgpack::Value& value) {
  const auto* elements = value.get_if<msgpack::Array>();
  if (elements == nullptr || elements->size() > kMaxDimensions) {
    throw Error(ErrorCode::kData, "metalayer b2nd holds no shape of at most ", kMaxDimensions, " axes");
  }
  std::vector<T> out;
  for (const msgpack::Value& element : *elements) {
    const auto* number = element.get_if<int64_t>();
    if (number == nullptr || *number < 0 || *number > std::numeric_limits<T>::max()) {
      throw Error(ErrorCode::kData, "metalayer b2nd holds ", describe(element), " where a number of samples belongs");
    }
    out.push_back(static_cast<T>(*number));
  }
  return out;
}

}  // namespace

int32_t Schunk::blocksize() const { return schunk_ ? load<int32_t>(schunk_, schunk_offset::kBlocksize) : 0; }
int32_t Schunk::chunksize() const { return schunk_ ? load<int32_t>(schunk_, schunk_offset::kChunksize) : 0; }

std::optional<std::span<const uint8_t>> Schunk::metalayer(std::string_view name) const {
  if (schunk_ == nullptr) return std::nullopt;
  const auto layout = find_metalayers(schunk_);
  if (!layout) return std::nullopt;
  const auto count = load<uint64_t>(schunk_, layout->count);
  for (uint64_t i = 0; i < count; ++i) {
    const auto* layer = load<const Metalayer*>(schunk_, layout->pointers + i * sizeof(void*));
    if (layer != nullptr && layer->name != nullptr && layer->name == name && layer->content_len >= 0) {
      return std::span(layer->content, static_cast<size_t>(layer->content_len));
    }
  }
  return std::nullopt;
}

EncodeParams read_encode_params(const void* cparams) {
  EncodeParams out;
  if (cparams == nullptr) return out;
  out.schunk = Schunk(load<const void*>(cparams, cparams_offset::kSchunk));
  out.codec_params = load<const void*>(cparams, cparams_offset::kCodecParams);
  out.typesize = load<int32_t>(cparams, cparams_offset::kTypesize);
  out.threads = std::max<int32_t>(load<int16_t>(cparams, cparams_offset::kThreads), 1);
  out.filters = load<std::array<uint8_t, kMaxFilters>>(cparams, cparams_offset::kFilters);
  out.filters_meta = load<std::array<uint8_t, kMaxFilters>>(cparams, cparams_offset::kFiltersMeta);
  return out;
}

DecodeParams read_decode_params(const void* dparams) {
  DecodeParams out;
  if (dparams == nullptr) return out;
  out.schunk = Schunk(load<const void*>(dparams, dparams_offset::kSchunk));
  out.threads = std::max<int32_t>(load<int16_t>(dparams, dparams_offset::kThreads), 1);
  return out;
}

std::optional<ArrayMeta> read_array_meta(const Schunk& schunk) {
  const auto content = schunk.metalayer("b2nd");
  if (!content) return std::nullopt;
  const msgpack::Value value = msgpack::parse(*content);
  // [version, ndim, shape, chunk shape, block shape, dtype format, dtype]; the last two since C-Blosc2 2.7.
  const auto* fields = value.get_if<msgpack::Array>();
  if (fields == nullptr || fields->size() < 5) throw Error(ErrorCode::kData, "metalayer b2nd has too few fields");
  ArrayMeta meta{integers<int64_t>((*fields)[2]), integers<int32_t>((*fields)[3]), integers<int32_t>((*fields)[4]), {}};
  if (meta.shape.size() != meta.block_shape.size() || meta.shape.size() != meta.chunk_shape.size()) {
    throw Error(ErrorCode::kData, "metalayer b2nd has shapes of ", meta.shape.size(), ", ", meta.chunk_shape.size(),
                " and ", meta.block_shape.size(), " axes");
  }
  if (fields->size() >= 7) {
    if (const auto* dtype = (*fields)[6].get_if<std::string>()) meta.dtype = *dtype;
  }
  return meta;
}

bool chunk_is_one_block(const Schunk& schunk, const std::optional<ArrayMeta>& array) {
  if (!array) return schunk && schunk.chunksize() > 0 && schunk.chunksize() <= schunk.blocksize();
  for (size_t axis = 0; axis < array->block_shape.size(); ++axis) {
    if (array->chunk_shape[axis] > array->block_shape[axis]) return false;
  }
  return true;
}

}  // namespace blosc2_grok::host
