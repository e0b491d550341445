// SPDX-License-Identifier: BSD-3-Clause
// Packet header bits (ISO/IEC 15444-1 B.10.1): most significant first, a zero bit stuffed after every byte 0xFF.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "bytes.hpp"
#include "error.hpp"

namespace blosc2_grok::j2k {

class PacketBitWriter {
 public:
  explicit PacketBitWriter(Bytes& out) : out_(out) {}

  // At most 32 bits.
  void put(uint32_t value, int bits) {
    pending_ = pending_ << bits | (value & ((uint64_t{1} << bits) - 1));
    for (count_ += bits; count_ >= room(); flush()) {
    }
  }
  void put_zeros(uint32_t count) {
    for (; count > 32; count -= 32) put(0, 32);
    put(0, int(count));
  }
  // Pads the last byte with zeros; a header never ends with 0xFF.
  void finish() {
    if (count_ != 0 || last_ == 0xFF) put(0, room() - count_);
  }

 private:
  int room() const { return last_ == 0xFF ? 7 : 8; }
  void flush() {
    count_ -= room();
    last_ = uint32_t(pending_ >> count_) & ((1u << room()) - 1);
    out_.push_back(uint8_t(last_));
  }

  Bytes& out_;
  uint64_t pending_ = 0;  // the lowest `count_` bits are not written yet
  int count_ = 0;
  uint32_t last_ = 0;
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
  // Zeros up to a one, which is skipped, or `most`.
  uint32_t get_zeros(uint32_t most) {
    for (uint32_t zeros = 0;;) {
      if (left_ == 0) load();
      const uint32_t rest = byte_ & ((1u << left_) - 1), room = uint32_t(left_);
      const uint32_t here = std::min(room - uint32_t(std::bit_width(rest)), most - zeros);
      zeros += here;
      const bool has_one = zeros < most && here < room;
      left_ -= int(here + has_one);
      if (has_one || zeros == most) return zeros;
    }
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
