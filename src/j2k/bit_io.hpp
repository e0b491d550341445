// SPDX-License-Identifier: BSD-3-Clause
// Packet header bits (ISO/IEC 15444-1 B.10.1): most significant first, a zero bit stuffed after every byte 0xFF.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bytes.hpp"
#include "error.hpp"

namespace blosc2_grok::j2k {

class PacketBitWriter {
 public:
  explicit PacketBitWriter(Bytes& out) : out_(out) {}

  void put(uint32_t value, int bits) {
    while (bits-- > 0) put_bit(value >> bits & 1);
  }
  // Pads the last byte with zeros; a header never ends with 0xFF.
  void finish() {
    if (room_ != 8 || last_ == 0xFF) {
      if (room_ == 8) room_ = 7;
      flush();
    }
    if (last_ == 0xFF) out_.push_back(0), last_ = 0;
  }

 private:
  void put_bit(uint32_t bit) {
    if (room_ == 8 && last_ == 0xFF) room_ = 7;
    --room_;
    byte_ |= bit << room_;
    if (room_ == 0) flush();
  }
  void flush() {
    out_.push_back(uint8_t(byte_));
    last_ = byte_;
    byte_ = 0;
    room_ = 8;
  }

  Bytes& out_;
  uint32_t byte_ = 0;
  uint32_t last_ = 0;
  int room_ = 8;
};

class PacketBitReader {
 public:
  explicit PacketBitReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  uint32_t get(int bits) {
    uint32_t value = 0;
    while (bits-- > 0) value = value << 1 | get_bit();
    return value;
  }
  // Skips to the byte after the header; returns the bytes used.
  std::size_t finish() {
    if (byte_ == 0xFF && position_ < bytes_.size()) ++position_;
    left_ = 0, byte_ = 0;
    return position_;
  }

 private:
  uint32_t get_bit() {
    if (left_ == 0) {
      if (position_ >= bytes_.size()) fail("packet header runs past the end of its tile");
      left_ = byte_ == 0xFF ? 7 : 8;
      byte_ = bytes_[position_++];
    }
    --left_;
    return byte_ >> left_ & 1;
  }

  std::span<const uint8_t> bytes_;
  std::size_t position_ = 0;
  uint32_t byte_ = 0;
  int left_ = 0;
};

}  // namespace blosc2_grok::j2k
