// SPDX-License-Identifier: BSD-3-Clause
/// Bits of packet headers: most significant first, a zero bit stuffed after each byte 0xFF (ISO/IEC 15444-1 B.10.1).
#pragma once

#include <cstddef>

#include "reference.hpp"

namespace blosc2_grok::reference {

class PacketBitReader {
 public:
  PacketBitReader(const Bytes& bytes, size_t position) : bytes_(bytes), position_(position) {}

  int get() {
    if (left_ == 0) next_byte();
    --left_;
    return (current_ >> left_) & 1;
  }

  int64_t get(int count) {
    int64_t value = 0;
    for (int i = 0; i < count; ++i) value = 2 * value + get();
    return value;
  }

  /// Where the header ends: at the next byte, and past a stuffed byte that follows 0xFF.
  size_t finish() {
    if (current_ == 0xFF) next_byte();
    return position_;
  }

 private:
  void next_byte() {
    if (position_ >= bytes_.size()) throw Error("packet header runs past the end of the tile");
    left_ = current_ == 0xFF ? 7 : 8;
    current_ = bytes_[position_++];
  }

  const Bytes& bytes_;
  size_t position_;
  int current_ = 0;
  int left_ = 0;
};

class PacketBitWriter {
 public:
  void put(int bit) {
    current_ = 2 * current_ + bit;
    if (--left_ == 0) flush();
  }

  void put(int64_t value, int count) {
    for (int i = count - 1; i >= 0; --i) put((value >> i) & 1);
  }

  /// Zero bits up to the end of the byte; a header never ends in 0xFF.
  Bytes finish() {
    while (left_ != 8) put(0);
    return bytes_;
  }

 private:
  void flush() {
    bytes_.push_back(static_cast<uint8_t>(current_));
    left_ = current_ == 0xFF ? 7 : 8;
    current_ = 0;
  }

  Bytes bytes_;
  int current_ = 0;
  int left_ = 8;
};

}  // namespace blosc2_grok::reference
