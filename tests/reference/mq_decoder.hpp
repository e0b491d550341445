// SPDX-License-Identifier: BSD-3-Clause
/// The MQ decoder of Part 1 (ISO/IEC 15444-1 Annex C), and its raw bits (D.6).
#pragma once

#include <array>
#include <cstddef>

#include "reference.hpp"

namespace blosc2_grok::reference {

/// Probability state of one context: I(CX) and MPS(CX).
struct MqContext {
  int index = 0;
  int mps = 0;
};

/// The 19 contexts of Table D.7 in their initial states.
constexpr int kRunLength = 17;
constexpr int kUniform = 18;
std::array<MqContext, 19> initial_contexts();

class MqDecoder {
 public:
  explicit MqDecoder(Bytes bytes);
  int get(MqContext& context);

 private:
  void byte_in();
  void renormalize();
  int exchange(MqContext& context, bool less_probable);

  Bytes bytes_;  // with two bytes 0xFF behind them, which count as a marker
  size_t position_ = 0;
  uint32_t a_ = 0x8000;
  uint32_t c_ = 0;
  int count_ = 0;
};

/// Bits as they are, most significant first; a byte behind 0xFF holds seven.
class RawBitReader {
 public:
  explicit RawBitReader(Bytes bytes) : bytes_(std::move(bytes)) {}
  int get();

 private:
  Bytes bytes_;
  size_t position_ = 0;
  int current_ = 0;
  int left_ = 0;
};

}  // namespace blosc2_grok::reference
