// SPDX-License-Identifier: BSD-3-Clause
// Bit stuffing of codeword segments, off and on.
#include "mq_bits.hpp"

namespace blosc2_grok::j2k {
namespace {

bool has_ff(uint32_t word) {
  const uint32_t inverse = ~word;
  return ((inverse - 0x01010101u) & word & 0x80808080u) != 0;
}

// Bits waiting to be written, 32 at a time.
class BitSink {
 public:
  explicit BitSink(uint8_t* bytes) : begin_(bytes), next_(bytes) {}

  // `value` may be one bit wider than `count`: that bit is added to what was put before.
  void put(uint32_t value, int count) {
    pending_ = (pending_ << count) + value;
    pending_count_ += count;
    if (pending_ >> pending_count_ != 0) carry();
    flush();
  }
  void put_word(uint32_t word) {
    pending_ = pending_ << 32 | word;
    pending_count_ += 32;
    flush();
  }
  // Fills up with ones; returns where only ones stand.
  const uint8_t* finish() {
    put_word(~0u);
    store_big_endian(next_, ~uint64_t{0});
    store_big_endian(next_, uint32_t(pending_ << (32 - pending_count_) | ~0u >> pending_count_));
    return next_ + 4;
  }

 private:
  void carry() {
    pending_ &= (uint64_t{1} << pending_count_) - 1;
    for (uint8_t* byte = next_; byte != begin_ && ++*--byte == 0;) {
    }
  }
  void flush() {
    if (pending_count_ < 32) return;
    pending_count_ -= 32;
    store_big_endian(next_, uint32_t(pending_ >> pending_count_));
    next_ += 4;
    pending_ &= (uint64_t{1} << pending_count_) - 1;
  }

  uint8_t* begin_;
  uint8_t* next_;
  uint64_t pending_ = 0;
  int pending_count_ = 0;
};

}  // namespace

const uint8_t* unstuff(uint8_t* bits, const uint8_t* source, std::size_t source_size) {
  BitSink sink(bits);
  const uint8_t* end = source + source_size;
  bool after_ff = false;
  while (source != end) {
    if (!after_ff && end - source >= 4) {
      const uint32_t word = load_big_endian(source);
      if (!has_ff(word)) {
        sink.put_word(word);
        source += 4;
        continue;
      }
    }
    const uint8_t byte = *source++;
    if (after_ff && byte > 0x8F) break;
    sink.put(byte, after_ff ? 7 : 8);
    after_ff = byte == 0xFF;
  }
  return sink.finish();
}

std::size_t Stuffer::advance(std::size_t bit_count) {
  while (position_ < bit_count) {
    const uint64_t window = load_big_endian64(bits_ + position_ / 8) << position_ % 8;
    const auto word = uint32_t(window >> 32);
    if (!after_ff_ && position_ + 32 <= bit_count && !has_ff(word)) {
      store_big_endian(dst_ + size_, word);
      size_ += 4;
      position_ += 32;
      continue;
    }
    const int taken = after_ff_ ? 7 : 8;
    const auto byte = uint8_t(window >> (64 - taken));
    dst_[size_++] = byte;
    position_ += std::size_t(taken);
    after_ff_ = byte == 0xFF;
  }
  return size_ - (after_ff_ ? 1 : 0);
}

}  // namespace blosc2_grok::j2k
