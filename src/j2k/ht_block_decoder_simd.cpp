// SPDX-License-Identifier: BSD-3-Clause
// The HT cleanup pass decoder in two steps (ISO/IEC 15444-15 clause 7.3): a serial one reads the VLC and MEL streams
// into a word for each quad; a vector one makes exponents, bit lengths and samples of a row of them.
#include <bit>

#include "error.hpp"
#include "ht_bit_readers.hpp"
#include "ht_refinement.hpp"
#include "ht_scratch.hpp"
#include "ht_tables.hpp"
#include "raw_bits.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ht_block_decoder_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) { plain_decode_blocks(jobs, scratch); }

#else

// A column's two samples fit a 57-bit window up to here, and a whole quad's four up to the second bound.
constexpr int kLargestBound = 28;
constexpr int kLargestQuadBound = 14;
constexpr std::size_t kQuadPadding = 16;
// A row of quads reads no more VLC bytes than this.
constexpr std::size_t kVlcRowBytes = kMaxBlockSide / 4 * 38 / 8 + 64;

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
HWY_INLINE void store_twice(uint32_t* to, uint32_t word) { store_word(reinterpret_cast<uint8_t*>(to), uint64_t{word} << 32 | word); }

class SerialStep {
 public:
  SerialStep(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& s)
      : job_(job),
        mel_(job.cleanup.subspan(plan.prefix)),
        vlc_(s.vlc_bits, read_vlc(job.cleanup.subspan(plan.prefix), s)),
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
  static std::size_t read_vlc(std::span<const uint8_t> suffix, HtScratch& s) {
    RawBitWriter out(s.vlc_bits);
    const uint8_t* begin = suffix.data();
    const uint8_t* end = begin + suffix.size() - 2;
    const uint32_t first = *end | 0x0F;
    const bool short_byte = (first & 0x7F) == 0x7F;
    out.put(short_byte ? 0x7F : first, short_byte ? 7 : 8);
    return unstuff_backward(begin, end, first, kVlcRowBytes + 32, out);
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

class VectorStep {
 public:
  VectorStep(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& s)
      : job_(job),
        plan_(plan),
        bytes_(s.magsgn_bits),
        limit_(unstuff_forward(job.cleanup.data(), plan.prefix, s.magsgn_bits) + 64),
        above_(s.exponents[0].begin()),
        below_(s.exponents[1].begin()),
        top_length_(s.columns[1].begin()),
        bottom_length_(s.columns[2].begin()),
        column_length_(s.columns[3].begin()),
        top_bits_(s.columns[4].begin()),
        bottom_bits_(s.columns[5].begin()) {
    const std::size_t end = std::size_t(job.width) + kLanePadding;
    std::fill(above_ - 8, above_ + end, 0);
    std::fill(below_ - 8, below_ + end, 0);
  }

  void run(const uint32_t* quads) {
    for (int y = 0; y < job_.height; y += 2, quads += quad_stride(job_.width)) {
      const int bound = y == 0 ? measure<true>(quads) : measure<false>(quads);
      check_bound(plan_, bound);
      bound <= kLargestQuadBound ? fetch_quads() : fetch_columns();
      bound <= kLargestQuadBound ? make_samples<true>(y, quads) : make_samples<false>(y, quads);
      std::swap(above_, below_);
    }
  }

 private:
  // Bounds U and the lengths m_n = U - k_n; returns the largest U.
  template <bool kFirstRow>
  int measure(const uint32_t* quads) {
    const I32 d;
    const U32 du;
    const VecI one = hn::Set(d, 1);
    const VecU top_bit = left_right(8, 32), bottom_bit = left_right(16, 64);
    const VecU top_known = left_right(128, 512), bottom_known = left_right(256, 1024);
    const VecU minus_one = hn::Set(du, ~0u);
    VecI largest = one;
    for (std::size_t x = 0; x < std::size_t(job_.width); x += hn::Lanes(d)) {
      const VecU word = hn::LoadU(du, quads + x);
      VecI bound = hn::BitCast(d, hn::And(hn::ShiftRight<16>(word), hn::Set(du, 127)));
      if constexpr (kFirstRow) {
        bound = hn::Add(bound, one);
      } else {
        const VecI rho = hn::BitCast(d, hn::And(word, hn::Set(du, 0x78)));
        const auto single = hn::Eq(hn::And(rho, hn::Sub(rho, one)), hn::Zero(d));
        bound = hn::Add(bound, hn::IfThenElse(single, one, kappa_above(above_, x)));
      }
      largest = hn::Max(largest, bound);
      const VecU u = hn::BitCast(du, bound);
      const VecU top = hn::IfThenElseZero(hn::TestBit(word, top_bit),
                                          hn::Add(u, hn::IfThenElseZero(hn::TestBit(word, top_known), minus_one)));
      const VecU bottom = hn::IfThenElseZero(
          hn::TestBit(word, bottom_bit), hn::Add(u, hn::IfThenElseZero(hn::TestBit(word, bottom_known), minus_one)));
      hn::StoreU(top, du, top_length_ + x);
      hn::StoreU(bottom, du, bottom_length_ + x);
      hn::StoreU(hn::Add(top, bottom), du, column_length_ + x);
    }
    return int(hn::GetLane(hn::MaxOfLanes(d, largest)));
  }

  // A quad's bits, right-shifted to each of its columns.
  void fetch_quads() {
    std::size_t position = position_;
    const std::size_t width = std::size_t(job_.width), limit = limit_;
    const uint32_t* lengths = column_length_;
    const uint8_t* bytes = bytes_;
    uint32_t* out = top_bits_;
    for (std::size_t x = 0; x < width; x += 2) {
      position = std::min(position, limit);
      const uint64_t bits = load_bits(bytes, position);
      const uint32_t first = lengths[x];
      out[x] = uint32_t(bits);
      out[x + 1] = uint32_t(bits >> first);
      position += first + lengths[x + 1];
    }
    position_ = position;
  }

  void fetch_columns() {
    for (std::size_t x = 0; x < (std::size_t(job_.width) + 1) / 2 * 2; ++x) {
      position_ = std::min(position_, limit_);
      const uint64_t bits = load_bits(bytes_, position_);
      top_bits_[x] = uint32_t(bits);
      bottom_bits_[x] = uint32_t(bits >> top_length_[x]);
      position_ += column_length_[x];
    }
  }

  template <bool kNarrow>
  void make_samples(int y, const uint32_t* quads) {
    const U32 d;
    const VecU top_bit = left_right(8, 32), bottom_bit = left_right(16, 64);
    const VecU top_one = left_right(2048, 8192), bottom_one = left_right(4096, 16384);
    int32_t* top_row = job_.samples + std::size_t(y) * job_.stride;
    int32_t* bottom_row = y + 1 < job_.height ? top_row + job_.stride : nullptr;
    for (std::size_t x = 0; x < std::size_t(job_.width); x += hn::Lanes(d)) {
      const VecU word = hn::LoadU(d, quads + x);
      const VecU top_length = hn::LoadU(d, top_length_ + x);
      const VecU column = hn::LoadU(d, top_bits_ + x);
      const VecU rest = kNarrow ? hn::Shr(column, top_length) : hn::LoadU(d, bottom_bits_ + x);
      VecI exponent;
      store(make_sample(column, top_length, hn::TestBit(word, top_bit), hn::TestBit(word, top_one), exponent), x,
            top_row);
      const VecI bottom = make_sample(rest, hn::LoadU(d, bottom_length_ + x), hn::TestBit(word, bottom_bit),
                                      hn::TestBit(word, bottom_one), exponent);
      hn::StoreU(exponent, I32(), below_ + x);
      if (bottom_row != nullptr) store(bottom, x, bottom_row);
    }
  }

  // 7.3.8: value and sign from the coded bits, and the magnitude exponent.
  template <class Mask>
  HWY_INLINE VecI make_sample(VecU bits, VecU length, Mask significant, Mask known_one, VecI& exponent) const {
    const U32 d;
    const I32 di;
    const VecU one = hn::Set(d, 1);
    const VecU top = hn::Shl(one, length);
    const VecU coded = hn::Or(hn::And(bits, hn::Sub(top, one)), hn::IfThenElseZero(known_one, top));
    exponent = hn::BitCast(di, hn::IfThenElseZero(significant, hn::BitCast(d, bit_length(hn::BitCast(di, hn::Or(coded, one))))));
    const VecU magnitude = hn::Or(hn::ShiftLeftSame(hn::Add(hn::ShiftRight<1>(coded), one), plan_.shift),
                                  hn::Set(d, plan_.half));
    const VecI sign = hn::BitCast(di, hn::Sub(hn::Zero(d), hn::And(coded, one)));
    const VecI value = hn::Sub(hn::Xor(hn::BitCast(di, magnitude), sign), sign);
    return hn::IfThenElseZero(hn::RebindMask(di, significant), value);
  }

  // The last vector of a row may not touch the block to the right.
  HWY_INLINE void store(VecI value, std::size_t x, int32_t* row) const {
    const I32 d;
    const std::size_t left = std::size_t(job_.width) - x;
    if (left >= hn::Lanes(d)) return hn::StoreU(value, d, row + x);
    HWY_ALIGN int32_t lanes[HWY_MAX_BYTES / 4];
    hn::Store(value, d, lanes);
    std::memcpy(row + x, lanes, left * 4);
  }

  const HtDecodeJob& job_;
  const CleanupPlan& plan_;
  const uint8_t* bytes_;
  std::size_t limit_;
  std::size_t position_ = 0;
  int32_t* above_;
  int32_t* below_;
  uint32_t* top_length_;
  uint32_t* bottom_length_;
  uint32_t* column_length_;
  uint32_t* top_bits_;
  uint32_t* bottom_bits_;
};

// Deeper blocks than the windows take, and streams longer than any encoder's, are left to the plain coder.
bool fits_windows(const CleanupPlan& plan) {
  return plan.largest_bound <= kLargestBound && plan.prefix <= 31 * kMaxBlockArea / 8;
}

void finish_block(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& scratch) {
  VectorStep(job, plan, scratch).run(scratch.quads + kQuadPadding);
  if (job.passes > 1) refine_block(job, plan, scratch);
}

void decode_block(const HtDecodeJob& job, HtScratch& scratch) {
  const CleanupPlan plan = plan_cleanup(job);
  if (!fits_windows(plan)) return plain_decode_blocks({&job, 1}, &scratch);
  SerialStep(job, plan, scratch).run();
  finish_block(job, plan, scratch);
}

void decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  if (jobs.size() == 2 && jobs[0].width == jobs[1].width && jobs[0].height == jobs[1].height) {
    const CleanupPlan plans[2] = {plan_cleanup(jobs[0]), plan_cleanup(jobs[1])};
    if (fits_windows(plans[0]) && fits_windows(plans[1])) {
      SerialStep a(jobs[0], plans[0], scratch[0]), b(jobs[1], plans[1], scratch[1]);
      SerialStep::run_together(a, b);
      finish_block(jobs[0], plans[0], scratch[0]);
      return finish_block(jobs[1], plans[1], scratch[1]);
    }
  }
  for (const HtDecodeJob& job : jobs) decode_block(job, *scratch);
}

#endif

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blosc2_grok::j2k {

HWY_EXPORT(decode_blocks);

void simd_decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  HWY_DYNAMIC_DISPATCH(decode_blocks)(jobs, scratch);
}

}  // namespace blosc2_grok::j2k
#endif
