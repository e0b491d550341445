// SPDX-License-Identifier: BSD-3-Clause
// The HT cleanup pass encoder on vectors (ISO/IEC 15444-15 clause 7.3): a row of quads is analysed and looked up on
// all lanes, then its bits go into plain bit strings, which are stuffed at the end.
#include <bit>

#include "error.hpp"
#include "ht_bit_writers.hpp"
#include "ht_scratch.hpp"
#include "raw_bits.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ht_block_encoder_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd_math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

std::size_t encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out) {
  return plain_encode_block(job, scratch, out);
}

#else

// Beyond this a column's two samples do not fit a put of the bit writer.
constexpr int kLargestBound = 28;
// Up to here a whole quad does, and a column fits 32 bits.
constexpr int kLargestQuadBound = 14;

class Encoder {
 public:
  Encoder(const HtEncodeJob& job, HtScratch& s)
      : job_(job),
        lanes_(hn::Lanes(U32())),
        above_(s.exponents[0].begin()),
        below_(s.exponents[1].begin()),
        top_exponent_(reinterpret_cast<int32_t*>(s.columns[0].begin())),
        top_value_(s.columns[1].begin()),
        bottom_value_(s.columns[2].begin()),
        significance_(s.columns[3].begin()),
        bits_(s.columns[1].begin()),
        lengths_(s.columns[2].begin()),
        words_(s.columns[4].begin()),
        bottom_bits_(s.columns[5].begin()),
        magsgn_(s.magsgn_bits),
        vlc_(s.vlc_bits),
        mel_(s.mel),
        scratch_(s) {
    clear_margins();
    vlc_.put(0xF, 4);  // stands for Scup's low bits
  }

  std::size_t encode(uint8_t* out) {
    for (int y = 0; y < job_.height; y += 2) {
      analyse(y);
      if (y == 0) {
        look_up<true>() <= kLargestQuadBound ? pack_narrow<true>() : pack<true>();
      } else {
        look_up<false>() <= kLargestQuadBound ? pack_narrow<false>() : pack<false>();
      }
      std::swap(above_, below_);
    }
    if (!any_) return 0;
    return finish(out);
  }

 private:
  // Whole vectors are processed, so the row beyond the block must read as nothing.
  void clear_margins() {
    const std::size_t end = std::size_t(job_.width) + kLanePadding;
    std::fill(above_ - 8, above_ + end, 0);
    std::fill(below_ - 8, below_, 0);
    std::fill(significance_ - 8, significance_, 0);
  }

  template <class D>
  HWY_INLINE VecI load_samples(D d, int y, std::size_t x) const {
    if (y >= job_.height) return hn::Zero(d);
    const int32_t* at = job_.samples + std::size_t(y) * job_.stride + x;
    const std::size_t left = std::size_t(job_.width) - x;
    const VecI value = hn::LoadU(d, at);
    return left >= lanes_ ? value : hn::IfThenElseZero(hn::FirstN(d, left), value);
  }

  // Magnitude exponents, values 2 * (mu - 1) + sign, and significance of two rows of samples.
  void analyse(int y) {
    const I32 d;
    VecI all = hn::Zero(d);
    for (std::size_t x = 0; x < std::size_t(job_.width); x += lanes_) {
      const VecI top = load_samples(d, y, x), bottom = load_samples(d, y + 1, x);
      VecI significance = hn::Zero(d);
      all = hn::Or(all, analyse_row(top, x, 1, top_exponent_, top_value_, significance));
      all = hn::Or(all, analyse_row(bottom, x, 2, below_, bottom_value_, significance));
      hn::StoreU(significance, d, reinterpret_cast<int32_t*>(significance_) + x);
    }
    const std::size_t end = (std::size_t(job_.width) + lanes_ - 1) / lanes_ * lanes_;
    hn::StoreU(hn::Zero(d), d, below_ + end);
    check_magnitudes(all);
  }

  // Returns the magnitudes.
  HWY_INLINE VecI analyse_row(VecI value, std::size_t x, int bit, int32_t* exponents, uint32_t* values,
                              VecI& significance) {
    const I32 d;
    const VecI magnitude = hn::Abs(value);
    const auto nothing = hn::Eq(value, hn::Zero(d));
    const VecI doubled = hn::Add(magnitude, magnitude);
    const VecI exponent = bit_length(hn::Sub(doubled, hn::Set(d, 1)));
    hn::StoreU(hn::IfThenZeroElse(nothing, exponent), d, exponents + x);
    const VecI sign = hn::BitCast(d, hn::ShiftRight<31>(hn::BitCast(U32(), value)));
    hn::StoreU(hn::Add(hn::Sub(doubled, hn::Set(d, 2)), sign), d, reinterpret_cast<int32_t*>(values) + x);
    significance = hn::Or(significance, hn::IfThenZeroElse(nothing, hn::Set(d, bit)));
    return magnitude;
  }

  void check_magnitudes(VecI all) {
    const I32 d;
    HWY_ALIGN int32_t lanes[HWY_MAX_BYTES / 4];
    hn::Store(all, d, lanes);
    uint32_t bits = 0;
    for (std::size_t i = 0; i < lanes_; ++i) bits |= uint32_t(lanes[i]);
    any_ = any_ || bits != 0;
    if (bits >> job_.magnitude_bits != 0) {
      fail("coefficients of ", bits, " need more than ", job_.magnitude_bits, " bits");
    }
  }

  // Contexts (Equations 1 and 2), bounds U, and the codewords; leaves bits and lengths of the MagSgn stream.
  // Returns the largest U.
  template <bool kFirstRow>
  int look_up() {
    const I32 d;
    const U32 du;
    const uint32_t* table = &kHtTables.encode[kFirstRow ? 0 : 1][0].packed;
    const VecI one = hn::Set(d, 1), zero = hn::Zero(d);
    const VecU known_top = left_right(1u << 10, 1u << 12), known_bottom = left_right(2u << 10, 2u << 12);
    const int32_t* significance = reinterpret_cast<const int32_t*>(significance_);
    VecI largest = zero;
    for (std::size_t x = 0; x < std::size_t(job_.width); x += lanes_) {
      const VecI s = hn::LoadU(d, significance + x);
      const VecI rho = quad_bits(s);
      const VecI before = hn::LoadU(d, significance + x - 1);
      VecI context;
      VecI kappa = one;
      if constexpr (kFirstRow) {
        const VecI far = hn::LoadU(d, significance + x - 2);
        context = hn::Or(hn::IfThenElseZero(hn::Ne(far, zero), one), hn::Add(before, before));
      } else {
        const VecI north_west = hn::Or(hn::LoadU(d, above_ + x - 1), hn::LoadU(d, above_ + x));
        const VecI north_east = hn::Or(hn::LoadU(d, above_ + x + 1), hn::LoadU(d, above_ + x + 2));
        context = hn::IfThenElseZero(hn::Ne(north_west, zero), one);
        context = hn::Or(context, hn::IfThenElseZero(hn::Ne(before, zero), hn::Set(d, 2)));
        context = hn::Or(context, hn::IfThenElseZero(hn::Ne(north_east, zero), hn::Set(d, 4)));
        const auto single = hn::Eq(hn::And(rho, hn::Sub(rho, one)), zero);
        kappa = hn::IfThenElse(single, one, kappa_above(above_, x));
      }
      const VecI top = hn::LoadU(d, top_exponent_ + x), bottom = hn::LoadU(d, below_ + x);
      const VecI bound = hn::Max(pair_max(hn::Max(top, bottom)), kappa);
      const VecI u = hn::Sub(bound, kappa);
      VecI epsilon =
          hn::Or(hn::IfThenElseZero(hn::Eq(top, bound), one), hn::IfThenElseZero(hn::Eq(bottom, bound), hn::Set(d, 2)));
      epsilon = hn::IfThenElseZero(hn::Gt(u, zero), quad_bits(epsilon));
      const VecI index = hn::DupEven(hn::Or(hn::Or(hn::ShiftLeft<8>(context), hn::ShiftLeft<4>(rho)), epsilon));
      const VecU entry = hn::GatherIndex(du, table, index);
      // The serial step's word: codeword and length, u from bit 16, and whether a MEL symbol is due, and which.
      const VecU mel_zero = hn::IfThenElseZero(hn::Lt(hn::BitCast(du, index), hn::Set(du, 256)), hn::Set(du, 1u << 30));
      const VecU mel_one = hn::IfThenElseZero(hn::RebindMask(du, hn::Ne(rho, zero)), hn::Set(du, 1u << 31));
      hn::StoreU(hn::Or(hn::Or(entry, hn::BitCast(du, hn::ShiftLeft<16>(u))), hn::Or(mel_zero, mel_one)), du,
                 words_ + x);
      largest = hn::Max(largest, bound);
      put_columns(x, bound, hn::TestBit(entry, known_top), hn::TestBit(entry, known_bottom), top, bottom);
    }
    const int bound = int(hn::GetLane(hn::MaxOfLanes(d, largest)));
    if (bound <= kLargestQuadBound) merge_columns();
    return bound;
  }

  // Both samples' bits of a column as one string.
  void merge_columns() {
    const U32 d;
    for (std::size_t x = 0; x < std::size_t(job_.width); x += lanes_) {
      const VecU lengths = hn::LoadU(d, lengths_ + x);
      const VecU top = hn::And(lengths, hn::Set(d, 0xFFFF)), bottom = hn::ShiftRight<16>(lengths);
      const VecU bits = hn::Or(hn::LoadU(d, bits_ + x), hn::Shl(hn::LoadU(d, bottom_bits_ + x), top));
      hn::StoreU(bits, d, bits_ + x);
      hn::StoreU(hn::Add(top, bottom), d, lengths_ + x);
    }
  }

  // Both columns' two bits as the quad's four, right in even lanes.
  static HWY_INLINE VecI quad_bits(VecI column_bits) {
    return hn::Or(column_bits, hn::ShiftLeft<2>(hn::Shuffle2301(column_bits)));
  }

  // Lengths m_n = U - k_n, and a column's bits: the bottom sample's above the top one's (or apart, for wide ones).
  template <class Mask>
  HWY_INLINE void put_columns(std::size_t x, VecI bound, Mask known_top, Mask known_bottom, VecI top, VecI bottom) {
    const I32 d;
    const U32 du;
    const VecU one = hn::Set(du, 1);
    const VecI zero = hn::Zero(d);
    const VecU u = hn::BitCast(du, bound);
    const VecU minus_one = hn::Set(du, ~0u);
    const VecU top_length =
        hn::IfThenZeroElse(hn::RebindMask(du, hn::Eq(top, zero)), hn::Add(u, hn::IfThenElseZero(known_top, minus_one)));
    const VecU bottom_length = hn::IfThenZeroElse(hn::RebindMask(du, hn::Eq(bottom, zero)),
                                                  hn::Add(u, hn::IfThenElseZero(known_bottom, minus_one)));
    const VecU top_bits = hn::And(hn::LoadU(du, top_value_ + x), hn::Sub(hn::Shl(one, top_length), one));
    const VecU bottom_bits = hn::And(hn::LoadU(du, bottom_value_ + x), hn::Sub(hn::Shl(one, bottom_length), one));
    // bits_ and lengths_ take the place of the values, which are not needed again.
    hn::StoreU(top_bits, du, bits_ + x);
    hn::StoreU(bottom_bits, du, bottom_bits_ + x);
    hn::StoreU(hn::Or(top_length, hn::ShiftLeft<16>(bottom_length)), du, lengths_ + x);
  }

  // The writers are copied to locals: through members every store would make the compiler reload them.
  template <bool kFirstRow>
  HWY_NOINLINE void pack() {
    RawBitWriter magsgn = magsgn_, vlc = vlc_;
    const uint32_t* words = words_;
    const Columns columns{bits_, bottom_bits_, lengths_};
    const std::size_t width = std::size_t(job_.width);
    for (std::size_t x = 0; x < width; x += 4) {
      const uint32_t first = words[x];
      uint32_t second = 0;
      put_column(columns, x, magsgn);
      put_column(columns, x + 1, magsgn);
      if (x + 2 < width) {
        put_column(columns, x + 2, magsgn);
        put_column(columns, x + 3, magsgn);
        second = words[x + 2];
      }
      put_vlc<kFirstRow>(first, second, vlc);
    }
    magsgn_ = magsgn, vlc_ = vlc;
  }

  // Where all bounds are small a quad's bits go in at once.
  template <bool kFirstRow>
  HWY_NOINLINE void pack_narrow() {
    RawBitWriter magsgn = magsgn_, vlc = vlc_;
    const uint32_t* words = words_;
    const Columns columns{bits_, bottom_bits_, lengths_};
    const std::size_t width = std::size_t(job_.width);
    for (std::size_t x = 0; x < width; x += 4) {
      const uint32_t first = words[x];
      uint32_t second = 0;
      put_quad(columns, x, magsgn);
      if (x + 2 < width) {
        put_quad(columns, x + 2, magsgn);
        second = words[x + 2];
      }
      put_vlc<kFirstRow>(first, second, vlc);
    }
    magsgn_ = magsgn, vlc_ = vlc;
  }

  struct Columns {
    const uint32_t* top;
    const uint32_t* bottom;
    const uint32_t* lengths;
  };

  static HWY_INLINE void put_column(const Columns& columns, std::size_t x, RawBitWriter& magsgn) {
    const uint32_t lengths = columns.lengths[x];
    const uint32_t top = lengths & 0xFFFF, bottom = lengths >> 16;
    magsgn.put(columns.top[x] | uint64_t{columns.bottom[x]} << top, top + bottom);
  }

  // Narrow rows have both samples' bits of a column in `top`, and their sum in `lengths`.
  static HWY_INLINE void put_quad(const Columns& columns, std::size_t x, RawBitWriter& magsgn) {
    const uint32_t first = columns.lengths[x];
    magsgn.put(columns.top[x] | uint64_t{columns.top[x + 1]} << first, first + columns.lengths[x + 1]);
  }

  template <bool kFirstRow>
  HWY_INLINE void put_vlc(uint32_t first, uint32_t second, RawBitWriter& vlc) {
    if (HWY_UNLIKELY(((first | second) & 1u << 30) != 0)) {
      if ((first & 1u << 30) != 0) mel_.put(first >> 31);
      if ((second & 1u << 30) != 0) mel_.put(second >> 31);
    }
    const uint32_t first_length = first >> 7 & 7, second_length = second >> 7 & 7;
    uint64_t bits = (first & 127) | (second & 127) << first_length;
    uint32_t length = first_length + second_length;
    const uint32_t u0 = first >> 16 & 31, u1 = second >> 16 & 31;
    if (kFirstRow && u0 != 0 && u1 != 0) {
      put_first_row_pair(u0, u1, bits, length);
    } else {
      const uint32_t pair = kHtTables.u_vlc_pair[u0 | u1 << 5];
      bits |= uint64_t{pair & 0xFFFFFF} << length;
      length += pair >> 24;
    }
    vlc.put(bits, length);
  }

  // 7.3.6.2: one MEL symbol tells whether both residuals are above 2.
  void put_first_row_pair(uint32_t u0, uint32_t u1, uint64_t& bits, uint32_t& length) {
    const bool both = u0 > 2 && u1 > 2;
    mel_.put(both ? 1 : 0);
    if (!both && u0 > 2) {
      const UVlcCode& code = kHtTables.u_vlc[u0];
      const uint64_t tail =
          code.prefix | (u1 - 1) << code.prefix_length | uint32_t(code.suffix) << (code.prefix_length + 1);
      bits |= tail << length;
      length += code.prefix_length + 1u + code.suffix_length;
      return;
    }
    const uint32_t pair = kHtTables.u_vlc_pair[both ? (u0 - 2) | (u1 - 2) << 5 : u0 | u1 << 5];
    bits |= uint64_t{pair & 0xFFFFFF} << length;
    length += pair >> 24;
  }

  std::size_t finish(uint8_t* out) {
    mel_.finish_run();
    const std::size_t bits = magsgn_.size();
    for (int i = 0; i < 3; ++i) magsgn_.put((uint64_t{1} << 56) - 1, 56);
    std::size_t prefix = stuff_forward(scratch_.magsgn_bits, bits, out);
    if (prefix != 0 && out[prefix - 1] == 0xFF) --prefix;
    const std::size_t vlc_bits = vlc_.size();
    vlc_.put(0, 56), vlc_.put(0, 56);
    uint8_t* end = scratch_.vlc + sizeof scratch_.vlc;
    const BackwardPart vlc = stuff_backward(scratch_.vlc_bits, vlc_bits, end - 1);
    return prefix + write_suffix({mel_.bytes(), mel_.size(), mel_.partial(), mel_.partial_mask(), vlc.begin,
                                  std::size_t(end - vlc.begin), uint8_t(vlc.partial), uint8_t((1u << vlc.used) - 1)},
                                 out + prefix);
  }

  const HtEncodeJob& job_;
  std::size_t lanes_;
  int32_t* above_;
  int32_t* below_;
  int32_t* top_exponent_;
  uint32_t* top_value_;
  uint32_t* bottom_value_;
  uint32_t* significance_;
  uint32_t* bits_;
  uint32_t* lengths_;
  uint32_t* words_;
  uint32_t* bottom_bits_;
  RawBitWriter magsgn_;
  RawBitWriter vlc_;
  MelWriter mel_;
  HtScratch& scratch_;
  bool any_ = false;
};

std::size_t encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out) {
  return Encoder(job, scratch).encode(out);
}

#endif

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blosc2_grok::j2k {

HWY_EXPORT(encode_block);

namespace {

// Its bits, or more.
uint32_t largest_magnitude(const HtEncodeJob& job) {
  uint32_t all = 0;
  for (int y = 0; y < job.height; ++y) {
    const int32_t* row = job.samples + std::size_t(y) * job.stride;
    for (int x = 0; x < job.width; ++x) all |= row[x] < 0 ? 0 - uint32_t(row[x]) : uint32_t(row[x]);
  }
  return all;
}

}  // namespace

std::size_t simd_encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out) {
  if (job.magnitude_bits <= kMostSimdBits) return HWY_DYNAMIC_DISPATCH(encode_block)(job, scratch, out);
  // Deeper blocks than the bit writer takes are rare enough for the plain coder.
  if (largest_magnitude(job) >> kMostSimdBits != 0) return plain_encode_block(job, scratch, out);
  HtEncodeJob narrow = job;
  narrow.magnitude_bits = kMostSimdBits;
  return HWY_DYNAMIC_DISPATCH(encode_block)(narrow, scratch, out);
}

}  // namespace blosc2_grok::j2k
#endif
