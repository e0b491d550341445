// SPDX-License-Identifier: BSD-3-Clause
/// The MEL coder (ISO/IEC 15444-15 clauses 7.1 and 7.3): runs of zeros, with an adaptive length.
#include <algorithm>

#include "ht_streams.hpp"

namespace blosc2_grok::reference {

namespace {
constexpr int kExponent[13] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5};  // MEL_E of clause 7.3
}

int MelReader::get_bit() {
  if (left_ == 0) {
    left_ = current_ == 0xFF ? 7 : 8;
    current_ = position_ < bytes_.size() ? bytes_[position_++] : 0xFF;
  }
  --left_;
  return (current_ >> left_) & 1;
}

/// A bit 1 stands for 2^e zeros; a bit 0 and e more bits for that many zeros and a one.
int MelReader::get() {
  if (run_ == 0 && !one_) {
    const int e = kExponent[k_];
    if (get_bit()) {
      run_ = 1 << e;
      k_ = std::min(12, k_ + 1);
    } else {
      for (int i = 0; i < e; ++i) run_ = 2 * run_ + get_bit();
      k_ = std::max(0, k_ - 1);
      one_ = true;
    }
  }
  if (run_ > 0) {
    --run_;
    return 0;
  }
  one_ = false;
  return 1;
}

void MelWriter::put_bit(int bit) {
  current_ = 2 * current_ + bit;
  if (--left_ > 0) return;
  bytes_.push_back(static_cast<uint8_t>(current_));
  capacity_ = left_ = current_ == 0xFF ? 7 : 8;
  current_ = 0;
}

void MelWriter::put(int symbol) {
  const int e = kExponent[k_];
  if (symbol == 0) {
    if (++run_ < (1 << e)) return;
    put_bit(1);
    k_ = std::min(12, k_ + 1);
  } else {
    put_bit(0);
    for (int i = e - 1; i >= 0; --i) put_bit((run_ >> i) & 1);
    k_ = std::max(0, k_ - 1);
  }
  run_ = 0;
}

/// An open run may be closed as a full one: the symbols too many are never read. Never ends in 0xFF.
Bytes MelWriter::finish() {
  if (run_ > 0) put_bit(1);
  while (left_ != capacity_) put_bit(0);
  if (!bytes_.empty() && bytes_.back() == 0xFF) bytes_.push_back(0);
  return bytes_;
}

}  // namespace blosc2_grok::reference
