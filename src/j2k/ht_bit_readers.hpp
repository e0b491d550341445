// SPDX-License-Identifier: BSD-3-Clause
// The bit streams of HT passes, read bit by bit or byte by byte (ISO/IEC 15444-15 clauses 7.1.2 to 7.1.5).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "ht_tables.hpp"

namespace blosc2_grok::j2k {

// Forward, lowest bit first, seven bits after 0xFF; past the end come `kFill` bytes: MagSgn ones, SigProp zeros.
template <uint8_t kFill>
class ForwardReader {
 public:
  explicit ForwardReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint64_t get(int bits) {
    uint64_t value = 0;
    for (int done = 0; done < bits;) {
      if (left_ == 0) next_byte();
      const int count = std::min(bits - done, left_);
      value |= uint64_t{rest_ & ((1u << count) - 1)} << done;
      rest_ >>= count, left_ -= count, done += count;
    }
    return value;
  }

 private:
  void next_byte() {
    left_ = byte_ == 0xFF ? 7 : 8;
    byte_ = position_ < bytes_.size() ? bytes_[position_++] : kFill;
    rest_ = byte_;
  }

  std::span<const uint8_t> bytes_;
  std::size_t position_ = 0;
  uint32_t byte_ = 0, rest_ = 0;
  int left_ = 0;
};
using MagSgnReader = ForwardReader<0xFF>;
using SigPropReader = ForwardReader<0x00>;

// Byte i of a cleanup pass's suffix with Scup's bits replaced by ones (modDcup).
inline uint32_t suffix_byte(std::span<const uint8_t> suffix, std::size_t i) {
  if (i + 1 == suffix.size()) return 0xFF;
  return i + 2 == suffix.size() ? suffix[i] | 0x0F : suffix[i];
}

class MelReader {
 public:
  explicit MelReader(std::span<const uint8_t> suffix) : suffix_(suffix) {}

  uint32_t get() {
    if (run_ == 0 && !one_) read_run();
    if (run_ != 0) return --run_, 0;
    one_ = false;
    return 1;
  }

 private:
  void read_run() {
    int exponent = kMelExponents[k_];
    if (bit() != 0) {
      run_ = 1u << exponent;
      k_ = std::min<uint32_t>(12, k_ + 1);
      return;
    }
    while (exponent-- > 0) run_ = 2 * run_ + bit();
    k_ = k_ == 0 ? 0 : k_ - 1;
    one_ = true;
  }
  uint32_t bit() {
    if (left_ == 0) {
      left_ = byte_ == 0xFF ? 7 : 8;
      byte_ = position_ < suffix_.size() ? suffix_byte(suffix_, position_++) : 0xFF;
    }
    return byte_ >> --left_ & 1;
  }

  std::span<const uint8_t> suffix_;
  std::size_t position_ = 0;
  uint32_t byte_ = 0, run_ = 0, k_ = 0;
  int left_ = 0;
  bool one_ = false;
};

// Backward, lowest bit first; seven bits where seven ones follow a byte above 0x8F; zeros past the end.
class BackwardReader {
 public:
  uint32_t get(int bits) {
    const uint32_t value = peek(bits);
    skip(bits);
    return value;
  }
  uint32_t peek(int bits) {
    while (held_ < bits) fill();
    return uint32_t(window_ & ((uint64_t{1} << bits) - 1));
  }
  void skip(int bits) { window_ >>= bits, held_ -= bits; }

 protected:
  // `last` stands behind the bytes; bytes are taken from `size` down, through `suffix_byte` for a cleanup suffix.
  BackwardReader(std::span<const uint8_t> bytes, std::size_t size, bool suffix)
      : bytes_(bytes), left_(size), suffix_(suffix) {}

  void fill() {
    uint32_t byte = 0;
    if (left_ != 0) --left_, byte = suffix_ ? suffix_byte(bytes_, left_) : bytes_[left_];
    const int bits = last_ > 0x8F && (byte & 0x7F) == 0x7F ? 7 : 8;
    window_ |= uint64_t{bits == 7 ? byte & 0x7F : byte} << held_;
    held_ += bits;
    last_ = byte;
  }

  std::span<const uint8_t> bytes_;
  std::size_t left_;
  bool suffix_;
  uint64_t window_ = 0;
  uint32_t last_ = 0xFF;
  int held_ = 0;
};

class VlcReader : public BackwardReader {
 public:
  explicit VlcReader(std::span<const uint8_t> suffix) : BackwardReader(suffix, suffix.size() - 1, true) {
    fill();
    skip(4);  // Scup's low bits
  }
};

class MagRefReader : public BackwardReader {
 public:
  explicit MagRefReader(std::span<const uint8_t> bytes) : BackwardReader(bytes, bytes.size(), false) {}
};

}  // namespace blosc2_grok::j2k
