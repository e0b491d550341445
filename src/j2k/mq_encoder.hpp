// SPDX-License-Identifier: BSD-3-Clause
// The MQ encoder (ISO/IEC 15444-1 Annex C.2) without branches: it writes one long binary fraction, carries resolved,
// that is cut into stuffed bytes afterwards.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "mq_bits.hpp"
#include "mq_select.hpp"
#include "mq_states.hpp"

namespace blosc2_grok::j2k {

// Where the encoder stood after some symbol: enough to tell, once the whole segment is known, how many of its bits a
// decoder needs up to there.
struct MqMark {
  uint32_t code = 0;      // the lowest 32 bits of C
  uint32_t interval = 0;  // A
  std::size_t shifts = 0;
};

// Copy it to a local variable around a loop, so that it lives in registers.
//
// code_ is C, with the place of A's lowest bit at bit 0; interval_ is A, in its top 16 bits. The fraction's first bit
// is bit 14 of the first C (INITENC leaves one place for a carry that can't come).
class MqEncoder {
 public:
  void start(uint8_t* bits) {
    begin_ = next_ = bits;
    code_ = 0;
    interval_ = uint64_t{0x8000} << 48;
    pending_ = 0;
  }

  // Codes the symbol in bit 63 of `symbol` with the context whose word is `word`; returns that word's successor.
  [[gnu::always_inline]] MqWord encode(MqWord word, uint64_t symbol) {
    const uint64_t qe = word << 48;
    const uint64_t upper = interval_ - qe;
    // The symbol takes the upper sub-interval, unless it is the MPS and that is the smaller one, or the LPS and that is
    // not. `lps` complements both sides for the second case.
    const auto lps = uint64_t(int64_t(word ^ symbol) >> 63);
    uint64_t interval = upper;
    const uint64_t in_lower = select_below(upper ^ lps, (qe ^ lps) - lps, &interval, qe);
    const uint64_t stays = uint64_t(int64_t(upper) >> 63) & ~in_lower;
    const MqWord after_mps = kMqWordTable[word >> 56];
    const MqWord after_lps = kMqWordTable[(word >> 48) & 0xFF];
    const MqWord renewed = select_last(after_mps, lps, after_lps, stays, word);
    const int shift = std::countl_zero(interval);
    code_ = (code_ + (word & 0xFFFF & ~in_lower)) << shift;
    interval_ = interval << shift;
    pending_ += unsigned(shift);
    if (pending_ >= 32) [[unlikely]]
      flush();
    return renewed;
  }

  MqMark mark() const { return {uint32_t(known_code()), uint32_t(interval_ >> 48), shifts()}; }
  std::size_t shifts() const { return std::size_t(next_ - begin_) * 8 + pending_; }

  // Ends the segment (C.2.9 leaves the choice of its last bits open), and returns how many bits it takes. As short as
  // can be, or, `predictable`, as D.4.2 wants it: all of C above A's top bit.
  std::size_t finish(bool predictable);

 private:
  // C together with the word written last, modulo 2^64.
  uint64_t known_code() const {
    return next_ == begin_ ? code_ : code_ + (uint64_t(load_big_endian(next_ - 4)) << (15 + pending_));
  }
  void flush() {
    pending_ -= 32;
    const uint64_t word = code_ >> (15 + pending_);
    code_ &= (uint64_t{1} << (15 + pending_)) - 1;
    if (word >> 32 != 0) carry(uint32_t(word >> 32));
    store_big_endian(next_, uint32_t(word));
    next_ += 4;
  }
  // By 1, or by 2: A reaches one bit higher than the bits that stay in C.
  void carry(uint32_t amount) {
    for (uint8_t* word = next_; word != begin_ && amount != 0;) {
      word -= 4;
      const uint32_t sum = load_big_endian(word) + amount;
      store_big_endian(word, sum);
      amount = sum < amount ? 1 : 0;
    }
  }

  uint64_t code_ = 0;
  uint64_t interval_ = 0;
  uint64_t pending_ = 0;  // bits of code_ from bit 15 up
  uint8_t* begin_ = nullptr;
  uint8_t* next_ = nullptr;
};

// The fewest bits of the fraction at `bits` that, followed by ones, decode right up to the mark.
std::size_t bits_needed(const uint8_t* bits, const MqMark& mark);

}  // namespace blosc2_grok::j2k
