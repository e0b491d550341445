// SPDX-License-Identifier: BSD-3-Clause
// Bit stuffing of codeword segments (ISO/IEC 15444-1 C.2.5 and D.6) put on and taken off in one go.
//
// The byte after FF carries seven new bits, and its top bit weighs as much as the FF's lowest. So a segment stands for
// one long binary fraction: seen that way, coders need not know of bytes at all.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace blosc2_grok::j2k {

inline uint32_t load_big_endian(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  return value;
}
inline uint64_t load_big_endian64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  return value;
}
inline void store_big_endian(uint8_t* bytes, uint32_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  std::memcpy(bytes, &value, sizeof value);
}
inline void store_big_endian(uint8_t* bytes, uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  std::memcpy(bytes, &value, sizeof value);
}

// What unstuff() writes beyond the segment's own length.
inline constexpr std::size_t kUnstuffSlack = 24;

// Writes the fraction that a segment stands for to `bits`, which has room for source_size + kUnstuffSlack bytes.
// Ones follow the end for ever (D.4.1): the reader takes words up to the returned address and that one again and
// again. Bytes from a marker on (FF, then more than 8F) are no part of a segment.
const uint8_t* unstuff(uint8_t* bits, const uint8_t* source, std::size_t source_size);

// Puts bits into bytes with the stuffing bits.
class Stuffer {
 public:
  // `bits` is readable 8 bytes beyond its last bit; `dst` has room for stuffed_bound() bytes.
  Stuffer(uint8_t* dst, const uint8_t* bits) : dst_(dst), bits_(bits) {}

  // Goes on until the first `bit_count` bits are written, and returns how many bytes they take. FF at the end is not
  // counted: ones are what a decoder takes there anyway.
  std::size_t advance(std::size_t bit_count);

 private:
  uint8_t* dst_;
  const uint8_t* bits_;
  std::size_t position_ = 0;
  std::size_t size_ = 0;
  bool after_ff_ = false;
};

constexpr std::size_t stuffed_bound(std::size_t bit_count) { return bit_count / 7 + 16; }

}  // namespace blosc2_grok::j2k
