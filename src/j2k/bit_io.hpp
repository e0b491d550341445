// SPDX-License-Identifier: BSD-3-Clause
// Packet header bits (ISO/IEC 15444-1 B.10.1): most significant first, a zero bit stuffed after every byte 0xFF.
#pragma once

#include <algorithm>
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
    while (bits > 0) {
      if (room_ == 8 && last_ == 0xFF) room_ = 7;
      const int count = std::min(bits, room_);
      room_ -= count, bits -= count;
      byte_ |= (value >> bits & ((1u << count) - 1)) << room_;
      if (room_ == 0) flush();
    }
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
    while (bits > 0) {
      if (left_ == 0) load();
      const int count = std::min(bits, left_);
      left_ -= count, bits -= count;
      value = value << count | (byte_ >> left_ & ((1u << count) - 1));
    }
    return value;
  }
  // Skips to the byte after the header; returns the bytes used.
  std::size_t finish() {
    if (byte_ == 0xFF && position_ < bytes_.size()) ++position_;
    left_ = 0, byte_ = 0;
    return position_;
  }

 private:
  void load() {
    if (position_ >= bytes_.size()) fail("packet header runs past the end of its tile");
    left_ = byte_ == 0xFF ? 7 : 8;
    byte_ = bytes_[position_++];
  }

  std::span<const uint8_t> bytes_;
  std::size_t position_ = 0;
  uint32_t byte_ = 0;
  int left_ = 0;
};

}  // namespace blosc2_grok::j2k
