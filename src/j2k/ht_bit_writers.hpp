// SPDX-License-Identifier: BSD-3-Clause
// The three bit streams of a cleanup pass, written bit by bit or byte by byte (ISO/IEC 15444-15 clause 7.1).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "ht_tables.hpp"

namespace blosc2_grok::j2k {

// Forward, first bit lowest; the byte after 0xFF has seven bits.
class MagSgnWriter {
 public:
  explicit MagSgnWriter(uint8_t* out) : out_(out) {}

  void put(uint64_t value, int bits) {
    while (bits > 0) {
      const int count = std::min(bits, limit_ - used_);
      byte_ |= (uint32_t(value) & ((1u << count) - 1)) << used_;
      value >>= count, bits -= count, used_ += count;
      if (used_ == limit_) flush();
    }
  }
  // Pads with ones, as the decoder does past the end; a last 0xFF need not be written.
  std::size_t finish() {
    if (used_ != 0) {
      byte_ |= (0xFFu << used_) & ((1u << limit_) - 1);
      flush();
    }
    if (size_ != 0 && out_[size_ - 1] == 0xFF) --size_;
    return size_;
  }

 private:
  void flush() {
    out_[size_++] = uint8_t(byte_);
    limit_ = byte_ == 0xFF ? 7 : 8;
    byte_ = 0, used_ = 0;
  }

  uint8_t* out_;
  std::size_t size_ = 0;
  uint32_t byte_ = 0;
  int used_ = 0, limit_ = 8;
};

// The adaptive run-length coder (clause 7.3.3); bits forward, first bit highest, a zero bit stuffed after 0xFF.
class MelWriter {
 public:
  explicit MelWriter(uint8_t* out) : out_(out) {}

  void put(uint32_t symbol) {
    if (symbol == 0) {
      if (++run_ == 1u << kMelExponents[k_]) {
        put_bit(1);
        run_ = 0;
        k_ = std::min<uint32_t>(12, k_ + 1);
      }
      return;
    }
    put_bit(0);
    for (int i = kMelExponents[k_]; i-- > 0;) put_bit(run_ >> i & 1);
    run_ = 0;
    k_ = k_ == 0 ? 0 : k_ - 1;
  }
  // A run that has not come to its end is said to have: nobody asks beyond.
  void finish_run() {
    if (run_ != 0) put_bit(1);
    run_ = 0;
  }

  std::size_t size() const { return size_; }
  const uint8_t* bytes() const { return out_; }
  // The unfinished byte: its bits so far, highest first, and which of them matter (a stuffed one does).
  uint8_t partial() const { return uint8_t(byte_); }
  uint8_t partial_mask() const { return uint8_t(0xFF00 >> (8 - room_)); }

 private:
  void put_bit(uint32_t bit) {
    byte_ |= bit << --room_;
    if (room_ != 0) return;
    out_[size_++] = uint8_t(byte_);
    room_ = byte_ == 0xFF ? 7 : 8;
    byte_ = 0;
  }

  uint8_t* out_;
  std::size_t size_ = 0;
  uint32_t byte_ = 0, run_ = 0, k_ = 0;
  int room_ = 8;
};

// Backward, first bit lowest; after a byte above 0x8F, seven ones are followed by a stuffed zero.
// `end` is one past the last byte of the cleanup pass; the last twelve bits are Scup's.
class VlcWriter {
 public:
  explicit VlcWriter(uint8_t* end) : next_(end - 1), end_(end) {}

  void put(uint64_t value, int bits) {
    for (int i = 0; i < bits; ++i) {
      byte_ |= uint32_t(value >> i & 1) << used_++;
      if (used_ == 8 || (used_ == 7 && byte_ == 0x7F && last_ > 0x8F)) flush();
    }
  }

  const uint8_t* begin() const { return next_; }
  std::size_t size() const { return std::size_t(end_ - next_); }
  uint8_t partial() const { return uint8_t(byte_); }
  uint8_t partial_mask() const { return uint8_t((1u << used_) - 1); }

 private:
  void flush() {
    *--next_ = uint8_t(byte_);
    last_ = byte_;
    byte_ = 0, used_ = 0;
  }

  uint8_t* next_;
  uint8_t* end_;
  uint32_t byte_ = 0x0F, last_ = 0xFF;
  int used_ = 4;
};

// A cleanup pass's suffix in pieces: finished MEL bytes, finished VLC bytes (one past the end of them is where Scup's
// byte goes) and the two unfinished bytes with masks of the bits that matter.
struct HtSuffix {
  const uint8_t* mel = nullptr;
  std::size_t mel_size = 0;
  uint8_t mel_partial = 0, mel_mask = 0;
  const uint8_t* vlc = nullptr;
  std::size_t vlc_size = 0;  // with Scup's byte
  uint8_t vlc_partial = 0, vlc_mask = 0;
};

// Appends the suffix at `out`: the two unfinished bytes share one where their bits allow it, without making a marker
// (0xFF and a byte above 0x8F: after a MEL byte 0xFF the mask holds at least the stuffed zero); then Scup goes into the
// last twelve bits. Returns Scup.
inline std::size_t write_suffix(const HtSuffix& s, uint8_t* out) {
  std::size_t size = s.mel_size;
  std::memcpy(out, s.mel, s.mel_size);
  const uint8_t fused = s.mel_partial | s.vlc_partial;
  const bool fits = (fused & s.mel_mask) == s.mel_partial && (fused & s.vlc_mask) == s.vlc_partial;
  if (fits && fused != 0xFF && s.vlc_mask != 0) {
    out[size++] = fused;
  } else {
    if (s.mel_mask != 0) out[size++] = s.mel_partial;
    if (s.vlc_mask != 0) out[size++] = s.vlc_partial;
  }
  std::memcpy(out + size, s.vlc, s.vlc_size);
  size += s.vlc_size;
  out[size - 1] = uint8_t(size >> 4);
  out[size - 2] = uint8_t((out[size - 2] & 0xF0) | (size & 0x0F));
  return size;
}

}  // namespace blosc2_grok::j2k
