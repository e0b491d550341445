// SPDX-License-Identifier: BSD-3-Clause
/// MagSgn, SigProp, VLC and MagRef bits (ISO/IEC 15444-15 clause 7.1), one at a time.
#include "ht_streams.hpp"

#include <algorithm>

namespace blosc2_grok::reference {

int ForwardBitReader::get() {
  if (left_ == 0) {
    left_ = last_ == 0xFF ? 7 : 8;
    current_ = position_ < bytes_.size() ? bytes_[position_++] : fill_;
    last_ = current_;
  }
  const int bit = current_ & 1;
  current_ >>= 1;
  --left_;
  return bit;
}

void ForwardBitWriter::put(int bit) {
  current_ |= bit << used_;
  if (++used_ < capacity_) return;
  bytes_.push_back(static_cast<uint8_t>(current_));
  capacity_ = current_ == 0xFF ? 7 : 8;
  current_ = 0;
  used_ = 0;
}

Bytes ForwardBitWriter::finish_magsgn() {
  while (used_ != 0) put(1);
  if (!bytes_.empty() && bytes_.back() == 0xFF) bytes_.pop_back();
  return bytes_;
}

Bytes ForwardBitWriter::finish_sigprop() {
  while (used_ != 0) put(0);
  if (!bytes_.empty() && bytes_.back() == 0xFF) bytes_.push_back(0);
  return bytes_;
}

BackwardBitReader BackwardBitReader::for_magref(Bytes bytes) {
  BackwardBitReader reader;
  reader.bytes_ = std::move(bytes);
  return reader;
}

/// The last byte and the low half of the one before it hold Scup, and count as ones.
BackwardBitReader BackwardBitReader::for_vlc(Bytes bytes) {
  BackwardBitReader reader;
  bytes.pop_back();
  reader.last_ = bytes.back() | 0x0F;
  reader.current_ = bytes.back() >> 4;
  reader.left_ = (reader.current_ & 7) < 7 ? 4 : 3;
  bytes.pop_back();
  reader.bytes_ = std::move(bytes);
  return reader;
}

int BackwardBitReader::get() {
  if (left_ == 0) {
    current_ = bytes_.empty() ? 0 : bytes_.back();
    if (!bytes_.empty()) bytes_.pop_back();
    left_ = last_ > 0x8F && (current_ & 0x7F) == 0x7F ? 7 : 8;
    last_ = current_;
  }
  const int bit = current_ & 1;
  current_ >>= 1;
  --left_;
  return bit;
}

BackwardBitWriter BackwardBitWriter::for_vlc() {
  BackwardBitWriter writer;
  writer.current_ = 0x0F;  // where the low bits of Scup go
  writer.used_ = 4;
  return writer;
}

void BackwardBitWriter::put(int bit) {
  current_ |= bit << used_;
  ++used_;
  const bool stuffed = used_ == 7 && last_ > 0x8F && current_ == 0x7F;
  if (stuffed || used_ == 8) flush();
}

void BackwardBitWriter::flush() {
  bytes_.push_back(static_cast<uint8_t>(current_));
  last_ = current_;
  current_ = 0;
  used_ = 0;
}

Bytes BackwardBitWriter::finish() {
  if (used_ > 0) flush();
  return Bytes(bytes_.rbegin(), bytes_.rend());
}

}  // namespace blosc2_grok::reference
