// SPDX-License-Identifier: BSD-3-Clause
// Big-endian numbers out of bytes that nobody vouches for.
#pragma once

#include <cstdint>
#include <span>

#include "error.hpp"

namespace blosc2_grok::j2k {

class ByteReader {
 public:
  ByteReader(std::span<const uint8_t> bytes, const char* what) : bytes_(bytes), what_(what) {}

  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t position() const { return position_; }
  uint32_t u8() { return number(1); }
  uint32_t u16() { return number(2); }
  uint32_t u32() { return number(4); }

  std::span<const uint8_t> take(std::size_t count) {
    if (count > remaining()) fail(what_, " ends early: ", count, " bytes wanted, ", remaining(), " left");
    position_ += count;
    return bytes_.subspan(position_ - count, count);
  }

 private:
  uint32_t number(int count) {
    uint32_t value = 0;
    for (uint8_t byte : take(std::size_t(count))) value = value << 8 | byte;
    return value;
  }

  std::span<const uint8_t> bytes_;
  const char* what_;
  std::size_t position_ = 0;
};

}  // namespace blosc2_grok::j2k
