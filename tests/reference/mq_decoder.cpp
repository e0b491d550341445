// SPDX-License-Identifier: BSD-3-Clause
/// MQ decoding as drawn in ISO/IEC 15444-1 Figures C.15 to C.20.
#include "mq_decoder.hpp"

namespace blosc2_grok::reference {

namespace {

struct State {
  uint32_t qe;
  int next_mps;
  int next_lps;
  bool switch_mps;
};

constexpr State kStates[47] = {
    // Table C.2
    {0x5601, 1, 1, true},    {0x3401, 2, 6, false},   {0x1801, 3, 9, false},   {0x0AC1, 4, 12, false},
    {0x0521, 5, 29, false},  {0x0221, 38, 33, false}, {0x5601, 7, 6, true},    {0x5401, 8, 14, false},
    {0x4801, 9, 14, false},  {0x3801, 10, 14, false}, {0x3001, 11, 17, false}, {0x2401, 12, 18, false},
    {0x1C01, 13, 20, false}, {0x1601, 29, 21, false}, {0x5601, 15, 14, true},  {0x5401, 16, 14, false},
    {0x5101, 17, 15, false}, {0x4801, 18, 16, false}, {0x3801, 19, 17, false}, {0x3401, 20, 18, false},
    {0x3001, 21, 19, false}, {0x2801, 22, 19, false}, {0x2401, 23, 20, false}, {0x2201, 24, 21, false},
    {0x1C01, 25, 22, false}, {0x1801, 26, 23, false}, {0x1601, 27, 24, false}, {0x1401, 28, 25, false},
    {0x1201, 29, 26, false}, {0x1101, 30, 27, false}, {0x0AC1, 31, 28, false}, {0x09C1, 32, 29, false},
    {0x08A1, 33, 30, false}, {0x0521, 34, 31, false}, {0x0441, 35, 32, false}, {0x02A1, 36, 33, false},
    {0x0221, 37, 34, false}, {0x0141, 38, 35, false}, {0x0111, 39, 36, false}, {0x0085, 40, 37, false},
    {0x0049, 41, 38, false}, {0x0025, 42, 39, false}, {0x0015, 43, 40, false}, {0x0009, 44, 41, false},
    {0x0005, 45, 42, false}, {0x0001, 45, 43, false}, {0x5601, 46, 46, false},
};

}  // namespace

std::array<MqContext, 19> initial_contexts() {
  std::array<MqContext, 19> contexts = {};
  contexts[0].index = 4;
  contexts[kRunLength].index = 3;
  contexts[kUniform].index = 46;
  return contexts;
}

MqDecoder::MqDecoder(Bytes bytes) : bytes_(std::move(bytes)) {  // INITDEC
  bytes_.insert(bytes_.end(), {0xFF, 0xFF});
  c_ = static_cast<uint32_t>(bytes_[0]) << 16;
  byte_in();
  c_ <<= 7;
  count_ -= 7;
}

void MqDecoder::byte_in() {  // BYTEIN
  if (bytes_[position_] != 0xFF) {
    c_ += static_cast<uint32_t>(bytes_[++position_]) << 8;
    count_ = 8;
  } else if (bytes_[position_ + 1] > 0x8F) {
    c_ += 0xFF00;
    count_ = 8;
  } else {
    c_ += static_cast<uint32_t>(bytes_[++position_]) << 9;
    count_ = 7;
  }
}

void MqDecoder::renormalize() {  // RENORMD
  do {
    if (count_ == 0) byte_in();
    a_ <<= 1;
    c_ <<= 1;
    --count_;
  } while (!(a_ & 0x8000));
}

/// The symbol and next state where the more or the less probable one was seen.
int MqDecoder::exchange(MqContext& context, bool less_probable) {
  const State& state = kStates[context.index];
  const int symbol = less_probable ? 1 - context.mps : context.mps;
  if (less_probable && state.switch_mps) context.mps = 1 - context.mps;
  context.index = less_probable ? state.next_lps : state.next_mps;
  return symbol;
}

int MqDecoder::get(MqContext& context) {  // DECODE
  const uint32_t qe = kStates[context.index].qe;
  a_ -= qe;
  if ((c_ >> 16) < qe) {  // the lower sub-interval, LPS_EXCHANGE
    const int symbol = exchange(context, a_ >= qe);
    a_ = qe;
    renormalize();
    return symbol;
  }
  c_ -= qe << 16;
  if (a_ & 0x8000) return context.mps;
  const int symbol = exchange(context, a_ < qe);  // MPS_EXCHANGE
  renormalize();
  return symbol;
}

int RawBitReader::get() {
  if (left_ == 0) {
    left_ = current_ == 0xFF ? 7 : 8;
    current_ = position_ < bytes_.size() ? bytes_[position_++] : 0xFF;
  }
  --left_;
  return (current_ >> left_) & 1;
}

}  // namespace blosc2_grok::reference
