// SPDX-License-Identifier: BSD-3-Clause
// Big-endian numbers and LEB128 counts in byte strings: reading doubts every length, writing appends.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace blosc2_grok {

using ByteSpan = std::span<const uint8_t>;

inline uint64_t load_big_endian(ByteSpan bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

inline void append_big_endian(std::vector<uint8_t>& out, uint64_t value, size_t bytes) {
  while (bytes-- > 0) out.push_back(static_cast<uint8_t>(value >> (8 * bytes)));
}

inline void append(std::vector<uint8_t>& out, ByteSpan bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

inline void append_count(std::vector<uint8_t>& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

// Walks over a byte string; every read beyond its end throws Error(kData) naming what was being read.
class ByteReader {
 public:
  ByteReader(ByteSpan bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }
  bool at_end() const { return left() == 0; }

  ByteSpan take(uint64_t count) {
    if (count > left()) {
      throw Error(ErrorCode::kData, what_, " ends early: ", count, " bytes wanted at ", position_, ", ", left(),
                  " left");
    }
    const ByteSpan taken = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return taken;
  }

  uint64_t big_endian(size_t bytes) { return load_big_endian(take(bytes)); }
  uint8_t byte() { return take(1)[0]; }

  uint64_t count() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const uint8_t part = byte();
      value |= uint64_t{part & 0x7fu} << shift;
      if (part < 0x80) return value;
    }
    throw Error(ErrorCode::kData, what_, " holds a count of more than 63 bits");
  }

 private:
  ByteSpan bytes_;
  std::string_view what_;
  size_t position_ = 0;
};

}  // namespace blosc2_grok
