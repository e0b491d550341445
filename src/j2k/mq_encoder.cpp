// SPDX-License-Identifier: BSD-3-Clause
// The ends of MQ codeword segments: termination, and the shortest prefix for a truncation point.
#include "mq_encoder.hpp"

#include <algorithm>

namespace blosc2_grok::j2k {
namespace {

// How many of the lowest bits of `value` may become ones so that it stays less than `interval` above `code`.
unsigned spare_bits(uint32_t value, uint32_t code, uint32_t interval, unsigned most) {
  unsigned count = 0;
  while (count < most && (value | ((uint32_t{2} << count) - 1)) - code < interval) ++count;
  return count;
}

}  // namespace

std::size_t MqEncoder::finish(bool predictable) {
  const std::size_t all = shifts() + 15;
  unsigned spare = 15;
  if (!predictable) {
    // With too few bits in C, the last word is taken back.
    if (pending_ < 16 && next_ != begin_) code_ = known_code(), next_ -= 4, pending_ += 32;
    const auto known = unsigned(std::min<uint64_t>(pending_ + 15, 31));
    spare = spare_bits(uint32_t(code_), uint32_t(code_), uint32_t(interval_ >> 48), known);
    code_ |= (uint64_t{1} << spare) - 1;
  }
  // Three flushes at most empty C; what follows it is read as ones.
  if (pending_ >= 32) flush();
  code_ = (code_ + 1) << 15, code_ -= 1, pending_ += 15;
  if (pending_ >= 32) flush();
  const auto left = unsigned(pending_);
  if (left < 32) code_ = code_ << (32 - left) | ((uint64_t{1} << (32 - left)) - 1), pending_ = 32;
  flush();
  store_big_endian(next_, ~uint64_t{0});
  return all - spare;
}

std::size_t bits_needed(const uint8_t* bits, const MqMark& mark) {
  const std::size_t all = mark.shifts + 15;
  uint32_t value;
  if (all >= 32) {
    const std::size_t first = all - 32;
    value = uint32_t((load_big_endian64(bits + first / 8) << first % 8) >> 32);
  } else {
    value = load_big_endian(bits) >> (32 - all);
  }
  return all - spare_bits(value, mark.code, mark.interval, unsigned(std::min<std::size_t>(all, 31)));
}

}  // namespace blosc2_grok::j2k
