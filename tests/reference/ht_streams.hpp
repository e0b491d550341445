// SPDX-License-Identifier: BSD-3-Clause
/// The bit streams inside an HT code-block: MagSgn, MEL, VLC, SigProp and MagRef (ISO/IEC 15444-15 clause 7.1).
#pragma once

#include <cstddef>

#include "reference.hpp"

namespace blosc2_grok::reference {

/// Bytes from the front, least significant bit first; after 0xFF a byte holds 7 bits. MagSgn (7.1) goes on with
/// 0xFF after its end, SigProp (7.1) with 0.
class ForwardBitReader {
 public:
  ForwardBitReader(Bytes bytes, int fill) : bytes_(std::move(bytes)), fill_(fill) {}
  int get();

 private:
  Bytes bytes_;
  int fill_;
  size_t position_ = 0;
  int current_ = 0;
  int left_ = 0;
  int last_ = 0;
};

class ForwardBitWriter {
 public:
  void put(int bit);
  /// MagSgn: fills up with ones and leaves out a last 0xFF, which the reader supplies.
  Bytes finish_magsgn();
  /// SigProp: fills up with zeros and never ends in 0xFF.
  Bytes finish_sigprop();

 private:
  Bytes bytes_;
  int current_ = 0;
  int used_ = 0;
  int capacity_ = 8;
};

/// Bytes from the back, least significant bit first; below a byte above 0x8F, a byte whose low seven bits are ones
/// holds only those. MagRef (7.1), and VLC (7.1) after its first four bits. Zeros after the end.
class BackwardBitReader {
 public:
  static BackwardBitReader for_magref(Bytes bytes);
  /// `bytes` are the last Scup bytes of the cleanup segment.
  static BackwardBitReader for_vlc(Bytes bytes);
  int get();

 private:
  Bytes bytes_;  // what is left, in memory order
  int current_ = 0;
  int left_ = 0;
  int last_ = 0xFF;
};

class BackwardBitWriter {
 public:
  static BackwardBitWriter for_magref() { return {}; }
  static BackwardBitWriter for_vlc();
  void put(int bit);
  /// In memory order.
  Bytes finish();

 private:
  void flush();
  Bytes bytes_;  // in the order of writing
  int current_ = 0;
  int used_ = 0;
  int last_ = 0xFF;
};

/// The adaptive run-length code of MEL symbols (7.1): most significant bit first, stuffed like a packet header.
class MelReader {
 public:
  explicit MelReader(Bytes bytes) : bytes_(std::move(bytes)) {}
  int get();

 private:
  int get_bit();
  Bytes bytes_;
  size_t position_ = 0;
  int current_ = 0;
  int left_ = 0;
  int k_ = 0;
  int run_ = 0;
  bool one_ = false;
};

class MelWriter {
 public:
  void put(int symbol);
  Bytes finish();

 private:
  void put_bit(int bit);
  Bytes bytes_;
  int current_ = 0;
  int left_ = 8;
  int capacity_ = 8;
  int k_ = 0;
  int run_ = 0;
};

}  // namespace blosc2_grok::reference
