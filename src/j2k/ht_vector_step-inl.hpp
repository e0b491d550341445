// SPDX-License-Identifier: BSD-3-Clause
// The vector step of HT decoding: a row of quads' words and the MagSgn bits into samples; compiled for every
// instruction set.
#if defined(BLOSC2_GROK_J2K_HT_VECTOR_STEP) == defined(HWY_TARGET_TOGGLE)
#ifdef BLOSC2_GROK_J2K_HT_VECTOR_STEP
#undef BLOSC2_GROK_J2K_HT_VECTOR_STEP
#else
#define BLOSC2_GROK_J2K_HT_VECTOR_STEP
#endif

#include "ht_serial_step-inl.hpp"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

// A column's two samples fit a 57-bit window up to here, and a whole quad's four up to the second bound.
constexpr int kLargestBound = kMostSimdBits + 1;
constexpr int kLargestQuadBound = 14;
class VectorStep {
 public:
  VectorStep(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& s)
      : job_(job),
        plan_(plan),
        most_(std::min(plan.largest_bound, kLargestBound)),
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

  // False if there are samples of more bits than the windows take, or than there may be.
  bool run(const uint32_t* quads) {
    for (int y = 0; y < job_.height; y += 2, quads += quad_stride(job_.width)) {
      const int bound = y == 0 ? measure<true>(quads) : measure<false>(quads);
      if (HWY_UNLIKELY(bound > most_)) return false;
      bound <= kLargestQuadBound ? fetch_quads() : fetch_columns();
      bound <= kLargestQuadBound ? make_samples<true>(y, quads) : make_samples<false>(y, quads);
      std::swap(above_, below_);
    }
    return true;
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
    exponent = hn::BitCast(
        di, hn::IfThenElseZero(significant, hn::BitCast(d, bit_length(hn::BitCast(di, hn::Or(coded, one))))));
    const VecU magnitude = hn::Or(hn::ShiftLeftSame(hn::Add(hn::ShiftRight<1>(coded), one), plan_.shift),
                                  hn::Set(d, uint32_t(plan_.half)));
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
  int most_;
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

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
