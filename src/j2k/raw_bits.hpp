// SPDX-License-Identifier: BSD-3-Clause
// Bit strings without stuffing, 64 bits at a time, and their change into the stuffed streams of HT and back.
// Lowest bit first throughout; little-endian machines only move words, others swap them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace blosc2_grok::j2k {

inline uint64_t load_word(const uint8_t* from) {
  uint64_t word;
  std::memcpy(&word, from, 8);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

inline void store_word(uint8_t* to, uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(to, &word, 8);
}

// At least 57 bits from any position.
inline uint64_t load_bits(const uint8_t* from, std::size_t position) {
  return load_word(from + (position >> 3)) >> (position & 7);
}

// Appends up to 56 bits at a time; writes up to 8 bytes past its end.
class RawBitWriter {
 public:
  explicit RawBitWriter(uint8_t* out) : begin_(out), next_(out) {}

  // Bits above `count` must be zero.
  void put(uint64_t bits, uint32_t count) {
    held_ |= bits << used_;
    used_ += count;
    store_word(next_, held_);
    const uint32_t whole = used_ >> 3;
    next_ += whole;
    held_ >>= whole * 8;
    used_ &= 7;
  }
  std::size_t size() const { return std::size_t(next_ - begin_) * 8 + used_; }
  uint8_t* next() const { return next_; }

 private:
  uint8_t* begin_;
  uint8_t* next_;
  uint64_t held_ = 0;
  uint32_t used_ = 0;
};

inline constexpr uint64_t kEachByte = 0x0101010101010101;

// MagSgn stuffing (ISO/IEC 15444-15 7.1.3): seven bits after a byte 0xFF. `bits` is followed by ones. Returns bytes.
inline std::size_t stuff_forward(const uint8_t* bits, std::size_t count, uint8_t* out) {
  std::size_t position = 0, size = 0;
  uint32_t last = 0;
  while (position < count) {
    const uint64_t word = load_bits(bits, position);
    // Seven bytes at once where none of them is 0xFF.
    const uint64_t inverted = ~word & 0x00FFFFFFFFFFFFFF;
    const bool has_ff = ((inverted - (kEachByte >> 8)) & ~inverted & 0x0080808080808080) != 0;
    if (!has_ff && last != 0xFF && position + 56 <= count) {
      store_word(out + size, word);
      size += 7, position += 56;
      last = uint32_t(word >> 48 & 0xFF);
      continue;
    }
    const bool short_byte = last == 0xFF;
    last = uint32_t(word & (short_byte ? 0x7F : 0xFF));
    out[size++] = uint8_t(last);
    position += short_byte ? 7 : 8;
  }
  return size;
}

struct BackwardPart {
  uint8_t* begin;    // of the bytes written
  uint32_t partial;  // bits of the unfinished byte
  int used;
};

// VLC stuffing (7.1.5): bytes go down from `end`; seven ones after a byte above 0x8F get a zero on top.
inline BackwardPart stuff_backward(const uint8_t* bits, std::size_t count, uint8_t* end) {
  std::size_t position = 0;
  uint32_t last = 0xFF;
  while (count - position >= 8) {
    const uint64_t word = load_bits(bits, position);
    const uint64_t sevens = (word & 0x007F7F7F7F7F7F7F) + (kEachByte >> 8);
    if ((sevens & 0x0080808080808080) == 0 && count - position >= 56) {
      end -= 7;
      store_word(end - 1, __builtin_bswap64(word));  // the eighth byte is below the end and comes later
      last = uint32_t(word >> 48 & 0xFF);
      position += 56;
      continue;
    }
    const bool short_byte = last > 0x8F && (word & 0x7F) == 0x7F;
    last = uint32_t(word & (short_byte ? 0x7F : 0xFF));
    *--end = uint8_t(last);
    position += short_byte ? 7 : 8;
  }
  const int left = int(count - position);
  const uint32_t partial = uint32_t(load_bits(bits, position) & ((uint64_t{1} << left) - 1));
  if (left == 7 && partial == 0x7F && last > 0x8F) {
    *--end = 0x7F;
    return {end, 0, 0};
  }
  return {end, partial, left};
}

// The inverse of stuff_forward: all bits of `size` bytes, then ones. Returns the bits; writes 32 bytes past them.
inline std::size_t unstuff_forward(const uint8_t* bytes, std::size_t size, uint8_t* out) {
  uint8_t* next = out;
  uint64_t held = 0;
  uint32_t used = 0, last = 0;
  std::size_t i = 0;
  while (i < size) {
    if (i + 8 <= size) {
      const uint64_t word = load_word(bytes + i);
      const uint64_t inverted = ~word;
      if (((inverted - kEachByte) & word & 0x8080808080808080) == 0 && last != 0xFF) {
        store_word(next, held | word << used);
        held = word >> 1 >> (63 - used);
        next += 8, i += 8;
        last = uint32_t(word >> 56);
        continue;
      }
    }
    const uint32_t count = last == 0xFF ? 7 : 8;
    last = bytes[i++];
    held |= uint64_t{last & ((1u << count) - 1)} << used;
    used += count;
    if (used >= 8) *next++ = uint8_t(held), held >>= 8, used -= 8;
  }
  store_word(next, held | ~uint64_t{0} << used);
  for (int k = 1; k < 4; ++k) store_word(next + 8 * k, ~uint64_t{0});
  return std::size_t(next - out) * 8 + used;
}

// The inverse of stuff_backward, from `end` down to `begin`: bits, then `zeros` zero bytes. `last` is what stands
// behind. Returns the bits.
inline std::size_t unstuff_backward(const uint8_t* begin, const uint8_t* end, uint32_t last, std::size_t zeros,
                                    RawBitWriter& out) {
  while (end > begin) {
    if (end - begin >= 8) {
      const uint64_t word = __builtin_bswap64(load_word(end - 8)) & 0x00FFFFFFFFFFFFFF;
      if ((((word & 0x007F7F7F7F7F7F7F) + (kEachByte >> 8)) & 0x0080808080808080) == 0) {
        out.put(word, 56);
        end -= 7;
        last = *end;
        continue;
      }
    }
    const uint32_t byte = *--end;
    const bool short_byte = last > 0x8F && (byte & 0x7F) == 0x7F;
    out.put(short_byte ? byte & 0x7F : byte, short_byte ? 7 : 8);
    last = byte;
  }
  const std::size_t bits = out.size();
  std::memset(out.next() + 1, 0, zeros);
  return bits;
}

}  // namespace blosc2_grok::j2k
