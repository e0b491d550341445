// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block coder as ISO/IEC 15444-1 Annexes C and D draw it, flow chart by flow chart and bit by bit: a
// witness.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

#include "ebcot_block.hpp"
#include "mq_states.hpp"

namespace blosc2_grok::j2k::reference {

struct Context {
  int index = 0;
  int mps = 0;
};

// The figures number contexts from 0 here too: zero 0-8, sign 9-13, refinement 14-16, run 17, uniform 18.
struct Contexts {
  Context at[19];
  Contexts() {
    at[0].index = 4;
    at[17].index = 3;
    at[18].index = 46;
  }
};

// C.3, software conventions apart.
class MqDecoder {
 public:
  explicit MqDecoder(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {
    bytes_.push_back(0xFF);
    bytes_.push_back(0xFF);
    c_ = uint32_t(bytes_[0]) << 16;
    byte_in();
    c_ <<= 7;
    ct_ -= 7;
    a_ = 0x8000;
  }

  int decode(Context& cx) {  // Figure C.15
    const MqState& s = kMqStateTable[cx.index];
    int d;
    a_ -= s.qe;
    if ((c_ >> 16) < s.qe) {
      d = exchange_lps(cx, s);
      renormalize();
    } else {
      c_ -= uint32_t(s.qe) << 16;
      if (a_ & 0x8000) return cx.mps;
      d = exchange_mps(cx, s);
      renormalize();
    }
    return d;
  }

 private:
  int exchange_mps(Context& cx, const MqState& s) {  // Figure C.16
    int d = cx.mps;
    if (a_ < s.qe) {
      d = 1 - cx.mps;
      if (s.switches) cx.mps = 1 - cx.mps;
      cx.index = s.next_lps;
    } else {
      cx.index = s.next_mps;
    }
    return d;
  }
  int exchange_lps(Context& cx, const MqState& s) {  // Figure C.17
    int d = cx.mps;
    if (a_ < s.qe) {
      cx.index = s.next_mps;
    } else {
      d = 1 - cx.mps;
      if (s.switches) cx.mps = 1 - cx.mps;
      cx.index = s.next_lps;
    }
    a_ = s.qe;
    return d;
  }
  void renormalize() {  // Figure C.18
    do {
      if (ct_ == 0) byte_in();
      a_ <<= 1;
      c_ <<= 1;
      --ct_;
    } while ((a_ & 0x8000) == 0);
  }
  void byte_in() {  // Figure C.19
    if (bytes_[at_] == 0xFF) {
      if (at_ + 1 >= bytes_.size() || bytes_[at_ + 1] > 0x8F) {
        c_ += 0xFF00;
        ct_ = 8;
      } else {
        ++at_;
        c_ += uint32_t(bytes_[at_]) << 9;
        ct_ = 7;
      }
    } else {
      ++at_;
      c_ += uint32_t(bytes_[at_]) << 8;
      ct_ = 8;
    }
  }

  std::vector<uint8_t> bytes_;
  std::size_t at_ = 0;
  uint32_t c_ = 0, a_ = 0;
  int ct_ = 0;
};

// C.2.
class MqEncoder {
 public:
  void encode(Context& cx, int d) {
    const MqState& s = kMqStateTable[cx.index];
    a_ -= s.qe;
    if (d == cx.mps) {  // Figure C.7
      if (a_ & 0x8000) {
        c_ += s.qe;
        return;
      }
      if (a_ < s.qe)
        a_ = s.qe;
      else
        c_ += s.qe;
      cx.index = s.next_mps;
    } else {  // Figure C.6
      if (a_ < s.qe)
        c_ += s.qe;
      else
        a_ = s.qe;
      if (s.switches) cx.mps = 1 - cx.mps;
      cx.index = s.next_lps;
    }
    do {  // Figure C.8
      a_ <<= 1;
      c_ <<= 1;
      if (--ct_ == 0) byte_out();
    } while ((a_ & 0x8000) == 0);
  }

  std::vector<uint8_t> flush() {  // Figure C.11
    const uint32_t limit = c_ + a_;
    c_ |= 0xFFFF;
    if (c_ >= limit) c_ -= 0x8000;
    c_ <<= ct_;
    byte_out();
    c_ <<= ct_;
    byte_out();
    return without_last_ff();
  }

  std::vector<uint8_t> flush_predictably() {  // D.4.2
    for (int k = 11 - ct_ + 1; k > 0; k -= ct_) {
      c_ <<= ct_;
      ct_ = 0;
      byte_out();
    }
    return without_last_ff();
  }

 private:
  std::vector<uint8_t> without_last_ff() {
    if (bytes_.size() > 1 && bytes_.back() == 0xFF) bytes_.pop_back();
    return {bytes_.begin() + 1, bytes_.end()};
  }
  void byte_out() {  // Figure C.9
    if (bytes_.back() != 0xFF) {
      if (c_ >= 0x8000000) {
        ++bytes_.back();
        if (bytes_.back() == 0xFF) c_ &= 0x7FFFFFF;
      }
    }
    if (bytes_.back() == 0xFF) {
      bytes_.push_back(uint8_t(c_ >> 20));
      c_ &= 0xFFFFF;
      ct_ = 7;
    } else {
      bytes_.push_back(uint8_t(c_ >> 19));
      c_ &= 0x7FFFF;
      ct_ = 8;
    }
  }

  std::vector<uint8_t> bytes_{0};
  uint32_t a_ = 0x8000, c_ = 0;
  int ct_ = 12;
};

// D.6: a 0 bit goes in after each FF.
class RawReader {
 public:
  explicit RawReader(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  int get() {
    if (left_ == 0) {
      const bool stuffed = byte_ == 0xFF;
      byte_ = at_ < bytes_.size() ? bytes_[at_++] : 0xFF;
      left_ = stuffed && byte_ != 0xFF ? 7 : 8;
    }
    return byte_ >> --left_ & 1;
  }

 private:
  std::vector<uint8_t> bytes_;
  std::size_t at_ = 0;
  int byte_ = 0, left_ = 0;
};

class RawWriter {
 public:
  void put(int bit) {
    byte_ = byte_ << 1 | bit;
    if (--left_ > 0) return;
    bytes_.push_back(uint8_t(byte_));
    left_ = byte_ == 0xFF ? 7 : 8;
    byte_ = 0;
  }
  std::vector<uint8_t> flush() {
    const int full = !bytes_.empty() && bytes_.back() == 0xFF ? 7 : 8;
    for (int fill = 0; left_ != full || byte_ != 0; fill ^= 1) {
      put(fill);
      if (byte_ == 0 && left_ >= 7) break;
    }
    if (!bytes_.empty() && bytes_.back() == 0xFF) bytes_.pop_back();
    return bytes_;
  }

 private:
  std::vector<uint8_t> bytes_;
  int byte_ = 0, left_ = 8;
};

// Annex D's scan, where `code(context, bit)` codes a bit or, decoding, says which it was. Context -1 is a raw bit.
class BlockModel {
 public:
  using Code = std::function<int(int context, int bit)>;

  BlockModel(int width, int height, EbcotBand band, unsigned style)
      : width_(width),
        height_(height),
        band_(band),
        style_(style),
        magnitude(std::size_t(width * height)),
        negative(std::size_t(width * height)),
        lowest_plane(std::size_t(width * height), 99),
        significant_(std::size_t(width * height)),
        visited_(std::size_t(width * height)),
        refined_(std::size_t(width * height)) {}

  // `source` holds the samples when encoding, and is null when decoding.
  void pass(int number, int plane, const BlockModel* source, const Code& code) {
    plane_ = plane, source_ = source, code_ = &code;
    raw_ = is_raw(number, style_);
    if (number % 3 == 1) scan([&](int x, int y) { propagate(x, y); });
    if (number % 3 == 2) scan([&](int x, int y) { refine(x, y); });
    if (number % 3 == 0) clean_up();
  }

 private:
  int width_, height_;
  EbcotBand band_;
  unsigned style_;

 public:
  std::vector<uint32_t> magnitude;
  std::vector<uint8_t> negative;
  std::vector<int> lowest_plane;  // the last one decoded

 private:
  template <class Visit>
  void scan(Visit visit) {
    for (int y0 = 0; y0 < height_; y0 += 4) {
      for (int x = 0; x < width_; ++x) {
        for (int y = y0; y < y0 + 4 && y < height_; ++y) visit(x, y);
      }
    }
  }

  std::size_t at(int x, int y) const { return std::size_t(y) * std::size_t(width_) + std::size_t(x); }

  // Significance of a neighbour, `dy` rows off; with vertically causal contexts the next stripe counts for nothing.
  int sigma(int x, int y, int dx, int dy) const {
    if (x + dx < 0 || x + dx >= width_ || y + dy < 0 || y + dy >= height_) return 0;
    if ((style_ & kStyleCausal) && dy == 1 && y % 4 == 3) return 0;
    return significant_[at(x + dx, y + dy)];
  }
  int chi(int x, int y, int dx, int dy) const {
    if (!sigma(x, y, dx, dy)) return 0;
    return negative[at(x + dx, y + dy)] ? -1 : 1;
  }

  int zero_context(int x, int y) const {  // Table D.1
    int h = sigma(x, y, -1, 0) + sigma(x, y, 1, 0), v = sigma(x, y, 0, -1) + sigma(x, y, 0, 1);
    const int d = sigma(x, y, -1, -1) + sigma(x, y, 1, -1) + sigma(x, y, -1, 1) + sigma(x, y, 1, 1);
    if (band_ == EbcotBand::kHh) {
      if (d >= 3) return 8;
      if (d == 2) return h + v >= 1 ? 7 : 6;
      if (d == 1) return h + v >= 2 ? 5 : h + v == 1 ? 4 : 3;
      return h + v >= 2 ? 2 : h + v == 1 ? 1 : 0;
    }
    if (band_ == EbcotBand::kHl) std::swap(h, v);
    if (h == 2) return 8;
    if (h == 1) return v >= 1 ? 7 : d >= 1 ? 6 : 5;
    if (v == 2) return 4;
    if (v == 1) return 3;
    return d >= 2 ? 2 : d == 1 ? 1 : 0;
  }

  bool bit_of_source(int x, int y) const { return source_ && (source_->magnitude[at(x, y)] >> plane_ & 1); }
  int code(int context, int bit) const { return (*code_)(raw_ ? -1 : context, bit); }

  void code_sign(int x, int y) {  // D.3.2
    const auto clamp = [](int s) { return s > 0 ? 1 : s < 0 ? -1 : 0; };
    const int h = clamp(chi(x, y, -1, 0) + chi(x, y, 1, 0)), v = clamp(chi(x, y, 0, -1) + chi(x, y, 0, 1));
    static const int kContext[3][3] = {{13, 12, 11}, {10, 9, 10}, {11, 12, 13}};  // [h + 1][v + 1]
    static const int kFlip[3][3] = {{1, 1, 1}, {1, 0, 0}, {0, 0, 0}};
    const int flip = raw_ ? 0 : kFlip[h + 1][v + 1];
    const int sign = source_ ? source_->negative[at(x, y)] : 0;
    negative[at(x, y)] = uint8_t(code(kContext[h + 1][v + 1], sign ^ flip) ^ flip);
    significant_[at(x, y)] = 1;
    magnitude[at(x, y)] |= uint32_t{1} << plane_;
  }
  void code_zero(int x, int y) {
    lowest_plane[at(x, y)] = plane_;
    if (code(zero_context(x, y), bit_of_source(x, y))) code_sign(x, y);
  }

  void propagate(int x, int y) {  // D.3.1
    if (significant_[at(x, y)] || zero_context(x, y) == 0) return;
    visited_[at(x, y)] = 1;
    code_zero(x, y);
  }
  void refine(int x, int y) {  // D.3.3
    if (!significant_[at(x, y)] || visited_[at(x, y)]) return;
    const int context = refined_[at(x, y)] ? 16 : zero_context(x, y) != 0 ? 15 : 14;
    refined_[at(x, y)] = 1;
    lowest_plane[at(x, y)] = plane_;
    if (code(context, bit_of_source(x, y))) magnitude[at(x, y)] |= uint32_t{1} << plane_;
  }
  bool member(int x, int y) const { return !significant_[at(x, y)] && !visited_[at(x, y)]; }

  void clean_up() {  // D.3.4 and Table D.5
    for (int y0 = 0; y0 < height_; y0 += 4) {
      for (int x = 0; x < width_; ++x) clean_up_column(x, y0);
    }
    std::fill(visited_.begin(), visited_.end(), uint8_t{0});
    if (style_ & kStyleSegmentation) {  // D.5
      for (int bit : {1, 0, 1, 0}) code(18, bit);
    }
  }
  void clean_up_column(int x, int y0) {
    int y = y0;
    bool run = y0 + 4 <= height_;
    for (int k = y0; run && k < y0 + 4; ++k) run = member(x, k) && zero_context(x, k) == 0;
    if (run) {
      int first = 0;
      while (first < 4 && !bit_of_source(x, y0 + first)) ++first;
      for (int k = y0; k < y0 + 4; ++k) lowest_plane[at(x, k)] = plane_;
      if (!code(17, first < 4)) return;
      const int high = code(18, first >> 1 & 1);
      first = high << 1 | code(18, first & 1);
      y = y0 + first;
      code_sign(x, y++);
    }
    for (; y < y0 + 4 && y < height_; ++y) {
      if (member(x, y)) code_zero(x, y);
    }
  }

  std::vector<uint8_t> significant_, visited_, refined_;
  int plane_ = 0;
  const BlockModel* source_ = nullptr;
  const Code* code_ = nullptr;
  bool raw_ = false;
};

struct Segment {
  std::vector<uint8_t> bytes;
  int passes = 0;
};

// All bit-planes, in the segments that the style asks for.
inline std::vector<Segment> encode(const BlockModel& source, int planes, BlockModel model, unsigned style) {
  std::vector<Segment> segments;
  Contexts contexts;
  MqEncoder mq;
  RawWriter raw;
  const BlockModel::Code code = [&](int context, int bit) {
    if (context < 0)
      raw.put(bit);
    else
      mq.encode(contexts.at[context], bit);
    return bit;
  };
  int in_segment = 0;
  for (int pass = 0; pass < 3 * planes - 2; ++pass) {
    model.pass(pass, planes - 1 - (pass + 2) / 3, &source, code);
    ++in_segment;
    if (style & kStyleReset) contexts = Contexts();
    if (!ends_segment(pass, style) && pass != 3 * planes - 3) continue;
    segments.push_back({is_raw(pass, style) ? raw.flush() : mq.flush(), in_segment});
    mq = MqEncoder(), raw = RawWriter(), in_segment = 0;
  }
  return segments;
}

// Decodes what the segments hold into `model`.
inline void decode(const std::vector<Segment>& segments, int planes, BlockModel& model, unsigned style) {
  Contexts contexts;
  int pass = 0;
  for (const Segment& segment : segments) {
    MqDecoder mq(segment.bytes);
    RawReader raw(segment.bytes);
    const BlockModel::Code code = [&](int context, int) {
      return context < 0 ? raw.get() : mq.decode(contexts.at[context]);
    };
    for (int i = 0; i < segment.passes; ++i, ++pass) {
      model.pass(pass, planes - 1 - (pass + 2) / 3, nullptr, code);
      if (style & kStyleReset) contexts = Contexts();
    }
  }
}

}  // namespace blosc2_grok::j2k::reference
