// SPDX-License-Identifier: BSD-3-Clause
// What C-Blosc2 hands to a codec, read by offset: the only file that knows the host's memory layout.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blosc2_grok::host {

constexpr size_t kMaxFilters = 6;
constexpr uint8_t kShuffleFilter = 1;

// The super-chunk that a block belongs to; every answer is empty when the host has none.
class Schunk {
 public:
  explicit Schunk(const void* schunk) : schunk_(static_cast<const uint8_t*>(schunk)) {}
  explicit operator bool() const { return schunk_ != nullptr; }
  int32_t blocksize() const;
  int32_t chunksize() const;
  // The content of a metalayer; empty optional when there is none of that name.
  std::optional<std::span<const uint8_t>> metalayer(std::string_view name) const;

 private:
  const uint8_t* schunk_;
};

// The fields of blosc2_cparams and blosc2_dparams that a codec needs.
struct EncodeParams {
  Schunk schunk{nullptr};
  const void* codec_params = nullptr;
  int32_t typesize = 0;
  int32_t threads = 1;
  std::array<uint8_t, kMaxFilters> filters{};
  std::array<uint8_t, kMaxFilters> filters_meta{};
};

struct DecodeParams {
  Schunk schunk{nullptr};
  int32_t threads = 1;
};

EncodeParams read_encode_params(const void* cparams);
DecodeParams read_decode_params(const void* dparams);

// What the metalayer `b2nd` says of an array.
struct ArrayMeta {
  std::vector<int64_t> shape;
  std::vector<int32_t> chunk_shape;
  std::vector<int32_t> block_shape;
  std::string dtype;  // NumPy's type string; empty when the array is older than that field
};

std::optional<ArrayMeta> read_array_meta(const Schunk& schunk);

// Whether a chunk of the array is one block: then the host's threads idle, and may work inside the block.
bool chunk_is_one_block(const Schunk& schunk, const std::optional<ArrayMeta>& array);

}  // namespace blosc2_grok::host
