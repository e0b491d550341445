// SPDX-License-Identifier: BSD-3-Clause
// The serial step of HT decoding: VLC and MEL streams into a word for each quad; compiled for every instruction set.
#if defined(BLOSC2_GROK_J2K_HT_SERIAL_STEP) == defined(HWY_TARGET_TOGGLE)
#ifdef BLOSC2_GROK_J2K_HT_SERIAL_STEP
#undef BLOSC2_GROK_J2K_HT_SERIAL_STEP
#else
#define BLOSC2_GROK_J2K_HT_SERIAL_STEP
#endif

#include "ht_bit_readers.hpp"
#include "ht_refinement.hpp"
#include "ht_scratch.hpp"
#include "ht_tables.hpp"
#include "raw_bits.hpp"
#include "simd_math-inl.hpp"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

constexpr std::size_t kQuadPadding = 16;
// A row of quads reads no more VLC bytes than this: 38 bits a pair, and the window.
constexpr std::size_t vlc_row_bytes(int width) { return std::size_t(width / 4 + 1) * 38 / 8 + 32; }

// A window over the VLC bits with at least 56 bits after `refill`.
class VlcWindow {
 public:
  VlcWindow(const uint8_t* bytes, std::size_t bits) : next_(bytes), end_(bytes + bits / 8 + 8) {}

  // Once a row: reading past the end stays among the zeros there.
  void clamp() { next_ = std::min(next_, end_); }
  HWY_INLINE void refill() {
    bits_ |= load_word(next_) << count_;
    next_ += (63 - count_) >> 3;
    count_ |= 56;
  }
  HWY_INLINE uint64_t bits() const { return bits_; }
  HWY_INLINE void skip(uint32_t count) { bits_ >>= count, count_ -= count; }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
  uint64_t bits_ = 0;
  uint32_t count_ = 0;
};

std::size_t quad_stride(int width) { return (std::size_t(width) + 15) / 16 * 16 + kQuadPadding; }

// Both quads of a word pair, each in two lanes.
HWY_INLINE void store_twice(uint32_t* to, uint32_t word) {
  store_word(reinterpret_cast<uint8_t*>(to), uint64_t{word} << 32 | word);
}

class SerialStep {
 public:
  SerialStep(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& s)
      : job_(job),
        mel_(job.cleanup.subspan(plan.prefix)),
        vlc_(s.vlc_bits, read_vlc(job, plan, s)),
        row_(s.quads + kQuadPadding),
        contexts_(s.columns[0].begin()),
        stride_(quad_stride(job.width)) {
    std::fill(s.quads, row_, 0);
    vlc_.refill();
    vlc_.skip(4);
  }

  void run() {
    for (int y = 0; y < job_.height; y += 2) {
      begin_row(y);
      y == 0 ? read_row<true>() : read_row<false>();
      end_row();
    }
  }

  // Both of one size.
  static void run_together(SerialStep& a, SerialStep& b) {
    for (int y = 0; y < a.job_.height; y += 2) {
      a.begin_row(y), b.begin_row(y);
      y == 0 ? read_rows<true>(a, b) : read_rows<false>(a, b);
      a.end_row(), b.end_row();
    }
  }

 private:
  static std::size_t read_vlc(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& s) {
    RawBitWriter out(s.vlc_bits);
    const uint8_t* begin = job.cleanup.data() + plan.prefix;
    const uint8_t* end = job.cleanup.data() + job.cleanup.size() - 2;
    const uint32_t first = *end | 0x0F;
    const bool short_byte = (first & 0x7F) == 0x7F;
    out.put(short_byte ? 0x7F : first, short_byte ? 7 : 8);
    return unstuff_backward(begin, end, first, vlc_row_bytes(job.width) + 32, out);
  }

  void begin_row(int y) {
    vlc_.clamp();
    if (y != 0) make_contexts(row_ - stride_);
  }
  void end_row() {
    const std::size_t lanes = std::size_t(job_.width + 1) / 2 * 2;
    std::fill(row_ + lanes, row_ + stride_, 0);
    row_ += stride_;
  }

  // The contexts' share of the row above (Equation 2), as table index.
  void make_contexts(const uint32_t* above) {
    const U32 d;
    const VecU one = hn::Set(d, 1);
    for (std::size_t x = 0; x < std::size_t(job_.width); x += hn::Lanes(d)) {
      const VecU west = hn::LoadU(d, above + x - 2), here = hn::LoadU(d, above + x), east = hn::LoadU(d, above + x + 2);
      const VecU left = hn::And(hn::Or(hn::ShiftRight<6>(west), hn::ShiftRight<4>(here)), one);
      const VecU right = hn::And(hn::Or(hn::ShiftRight<6>(here), hn::ShiftRight<4>(east)), one);
      hn::StoreU(hn::ShiftLeft<7>(hn::Or(left, hn::ShiftLeft<2>(right))), d, contexts_ + x);
    }
  }

  template <bool kFirstRow>
  HWY_INLINE uint32_t read_quad(uint32_t context, uint32_t west, VlcWindow& vlc) {
    context |= kFirstRow ? west >> 18 & 0x380 : west >> 16 & 0x100;
    if (HWY_UNLIKELY(context == 0) && mel_.get() == 0) return 0;
    const uint32_t word = kHtTables.decode[kFirstRow ? 0 : 1][context | (vlc.bits() & 127)].packed;
    vlc.skip(word & 7);
    return word;
  }

  // The window is a local: through a member every store would make the compiler reload it.
  template <bool kFirstRow>
  void read_row() {
    VlcWindow vlc = vlc_;
    uint32_t west = 0;
    const std::size_t width = std::size_t(job_.width);
    std::size_t x = 0;
    for (; x + 2 < width; x += 4) read_pair<kFirstRow, true>(x, west, vlc);
    if (x < width) read_pair<kFirstRow, false>(x, west, vlc);
    vlc_ = vlc;
  }

  template <bool kFirstRow>
  static void read_rows(SerialStep& a, SerialStep& b) {
    VlcWindow vlc_a = a.vlc_, vlc_b = b.vlc_;
    uint32_t west_a = 0, west_b = 0;
    const std::size_t width = std::size_t(a.job_.width);
    std::size_t x = 0;
    for (; x + 2 < width; x += 4) {
      a.read_pair<kFirstRow, true>(x, west_a, vlc_a);
      b.read_pair<kFirstRow, true>(x, west_b, vlc_b);
    }
    if (x < width) {
      a.read_pair<kFirstRow, false>(x, west_a, vlc_a);
      b.read_pair<kFirstRow, false>(x, west_b, vlc_b);
    }
    a.vlc_ = vlc_a, b.vlc_ = vlc_b;
  }

  template <bool kFirstRow, bool kBoth>
  HWY_INLINE void read_pair(std::size_t x, uint32_t& west, VlcWindow& vlc) {
    uint32_t* row = row_;
    vlc.refill();
    uint32_t first = read_quad<kFirstRow>(kFirstRow ? 0 : contexts_[x], west, vlc);
    uint32_t second = kBoth ? read_quad<kFirstRow>(kFirstRow ? 0 : contexts_[x + 2], first, vlc) : 0;
    west = second;
    read_residuals<kFirstRow>(first, second, vlc);
    store_twice(row + x, first);
    store_twice(row + x + 2, second);
  }

  // 7.3.6.
  template <bool kFirstRow>
  HWY_INLINE void read_residuals(uint32_t& first, uint32_t& second, VlcWindow& vlc) {
    uint32_t kind = (first >> 15 & 1) | (second >> 14 & 2);
    if (kFirstRow && kind == 3) kind = 4 + mel_.get();
    const UVlcPrefix prefix = kHtTables.u_vlc_decode[kind << 6 | (vlc.bits() & 63)];
    const uint64_t tail = vlc.bits() >> prefix.prefix_length();
    vlc.skip(prefix.total_length());
    const uint32_t suffix0 = uint32_t(tail) & ((1u << prefix.first_suffix()) - 1);
    const uint32_t suffix1 = uint32_t(tail >> prefix.first_suffix()) & ((1u << prefix.second_suffix()) - 1);
    uint32_t u0 = prefix.first_u() + suffix0, u1 = prefix.second_u() + suffix1;
    if (HWY_UNLIKELY((suffix0 | suffix1) > 27)) {
      if (suffix0 > 27) u0 += 4 * extension(vlc);
      if (suffix1 > 27) u1 += 4 * extension(vlc);
    }
    first |= u0 << 16;
    second |= u1 << 16;
  }

  static uint32_t extension(VlcWindow& vlc) {
    const uint32_t value = uint32_t(vlc.bits() & 15);
    vlc.skip(4);
    return value;
  }

  const HtDecodeJob& job_;
  MelReader mel_;
  VlcWindow vlc_;
  uint32_t* row_;
  uint32_t* contexts_;
  std::size_t stride_;
};

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
