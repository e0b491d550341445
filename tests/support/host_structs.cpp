// SPDX-License-Identifier: BSD-3-Clause
// Offsets from docs/design.md, "The host", written out a second time on purpose.
#include "host_structs.hpp"

#include <cstring>

namespace blosc2_grok::test {
namespace {

template <class Memory, class T>
void store(Memory& memory, size_t offset, const T& value) {
  std::memcpy(memory.data() + offset, &value, sizeof value);
}

void append(std::vector<uint8_t>& out, uint64_t value, size_t bytes) {
  while (bytes-- > 0) out.push_back(static_cast<uint8_t>(value >> (8 * bytes)));
}

template <class T>
void append_shape(std::vector<uint8_t>& out, const std::vector<T>& shape) {
  append(out, shape.size() < 16 ? 0x90 | shape.size() : 0xdc, 1);
  if (shape.size() >= 16) append(out, shape.size(), 2);
  for (const T extent : shape) {
    append(out, sizeof(T) == 8 ? 0xd3 : 0xd2, 1);
    append(out, static_cast<uint64_t>(extent), sizeof(T));
  }
}

}  // namespace

FakeSchunk::FakeSchunk(HostVersion version, int32_t typesize, int32_t block_bytes, int32_t chunk_bytes)
    : pointers_at_(version == HostVersion::k2 ? 112 : 120), count_at_(pointers_at_ + 128), memory_(65'900) {
  store(memory_, 8, typesize);
  store(memory_, 12, block_bytes);
  store(memory_, 16, chunk_bytes);
  // What stands around the metalayers is neither 0 nor a count: pointers, as in the host.
  const uint64_t pointer = reinterpret_cast<uint64_t>(this);
  store(memory_, 24, pointer), store(memory_, 80, pointer), store(memory_, 96, pointer);
}

void FakeSchunk::add_metalayer(const std::string& name, const std::vector<uint8_t>& content) {
  Owned& owned = owned_.emplace_back(Owned{name, content, {}});
  owned.layer = {owned.name.data(), owned.content.data(), static_cast<int32_t>(content.size())};
  store(memory_, pointers_at_ + (owned_.size() - 1) * sizeof(void*), &owned.layer);
  store(memory_, count_at_, static_cast<int16_t>(owned_.size()));
}

FakeCparams::FakeCparams(const void* schunk, int32_t typesize, int16_t threads) {
  store(memory_, 0, uint8_t{37});
  store(memory_, 2, uint8_t{5});
  store(memory_, 8, typesize);
  store(memory_, 12, threads);
  store(memory_, 24, schunk);
}

void FakeCparams::set_filter(size_t slot, uint8_t filter, uint8_t meta) {
  store(memory_, 32 + slot, filter);
  store(memory_, 38 + slot, meta);
}

void FakeCparams::set_codec_params(const void* params) { store(memory_, 80, params); }

FakeDparams::FakeDparams(const void* schunk, int16_t threads) {
  store(memory_, 0, threads);
  store(memory_, 8, schunk);
}

std::vector<uint8_t> make_b2nd(const std::vector<int64_t>& shape, const std::vector<int32_t>& chunk_shape,
                               const std::vector<int32_t>& block_shape, const std::string& dtype) {
  std::vector<uint8_t> out{static_cast<uint8_t>(dtype.empty() ? 0x95 : 0x97), 0, static_cast<uint8_t>(shape.size())};
  append_shape(out, shape);
  append_shape(out, chunk_shape);
  append_shape(out, block_shape);
  if (dtype.empty()) return out;
  append(out, 0, 1);  // dtype format: NumPy
  append(out, 0xdb, 1);
  append(out, dtype.size(), 4);
  out.insert(out.end(), dtype.begin(), dtype.end());
  return out;
}

}  // namespace blosc2_grok::test
