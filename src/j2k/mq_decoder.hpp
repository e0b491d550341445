// SPDX-License-Identifier: BSD-3-Clause
// The MQ decoder (ISO/IEC 15444-1 Annex C.3) without branches, over a codeword whose stuffed bits are added out.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "mq_bits.hpp"
#include "mq_select.hpp"
#include "mq_states.hpp"

namespace blosc2_grok::j2k {

// Copy it to a local variable around a loop, so that it lives in registers.
//
// code_ holds Chigh in its top 16 bits and as many bits of the codeword as there were below; interval_ is A, in its
// top 16 bits too. The four cases of DECODE (Figure C.15) differ in two answers only: does the codeword lie in the
// lower sub-interval, and is that the larger one (conditional exchange)?
class MqDecoder {
 public:
  // `words` is what unstuff() wrote, `end` what it returned.
  void start(const uint8_t* words, const uint8_t* end) {
    next_ = words;
    end_ = end;
    // INITDEC reads the first bit of the codeword to position 14 of Chigh.
    code_ = uint64_t(load_big_endian(next_)) << 31;
    spare_ = 32 - 15;
    interval_ = uint64_t{0x8000} << 48;
    next_ += next_ < end_ ? 4 : 0;
  }

  // Decodes one symbol, 0 or 1, with the context whose word is `word`, and replaces that by its successor.
  [[gnu::always_inline]] uint32_t decode(MqWord& word) {
    const MqWord old = word;
    const uint64_t qe = old << 48;
    const uint64_t upper = interval_ - qe;
    uint64_t code = code_ - qe, interval = upper;
    const uint64_t in_lower = select_below(code_, qe, &code, code_, &interval, qe);
    const uint64_t is_lps = in_lower ^ mask_below(upper, qe);
    // Nothing is renewed if A stays 0x8000 or more.
    const uint64_t stays = uint64_t(int64_t(upper) >> 63) & ~in_lower;
    const MqWord after_mps = kMqWordTable[old >> 56];
    const MqWord after_lps = kMqWordTable[(old >> 48) & 0xFF];
    word = select_last(after_mps, stays, old, is_lps, after_lps);
    const int shift = std::countl_zero(interval);
    code_ = code << shift;
    interval_ = interval << shift;
    spare_ -= shift;
    if (spare_ < 16) [[unlikely]]
      refill();
    return uint32_t(old >> 63) ^ uint32_t(is_lps & 1);
  }

 private:
  void refill() {
    code_ |= uint64_t(load_big_endian(next_)) << (16 - spare_);
    spare_ += 32;
    next_ += next_ < end_ ? 4 : 0;
  }

  uint64_t code_ = 0;
  uint64_t interval_ = 0;
  int64_t spare_ = 0;  // bits of the codeword in code_ below Chigh
  const uint8_t* next_ = nullptr;
  const uint8_t* end_ = nullptr;
};

// Reads the raw bits of the lazy style's passes (D.6), unstuffed likewise; past the end come ones.
class RawDecoder {
 public:
  void start(const uint8_t* words, const uint8_t* end) {
    next_ = words;
    end_ = end;
    bits_ = 0;
    spare_ = 0;
  }
  // The next bits, the first one in the lowest place; at most 32.
  [[gnu::always_inline]] uint32_t get(int count) {
    if (spare_ < count) {
      bits_ |= uint64_t(reversed(load_big_endian(next_))) << spare_;
      spare_ += 32;
      next_ += next_ < end_ ? 4 : 0;
    }
    const auto value = uint32_t(bits_ & ((uint64_t{1} << count) - 1));
    bits_ >>= count;
    spare_ -= count;
    return value;
  }

 private:
  static uint32_t reversed(uint32_t word) {
    word = (word >> 1 & 0x55555555) | (word & 0x55555555) << 1;
    word = (word >> 2 & 0x33333333) | (word & 0x33333333) << 2;
    word = (word >> 4 & 0x0F0F0F0F) | (word & 0x0F0F0F0F) << 4;
    return __builtin_bswap32(word);
  }

  uint64_t bits_ = 0;
  int spare_ = 0;
  const uint8_t* next_ = nullptr;
  const uint8_t* end_ = nullptr;
};

}  // namespace blosc2_grok::j2k
