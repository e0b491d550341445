// SPDX-License-Identifier: BSD-3-Clause
// The row kernels on vectors. They equal the plain ones bit for bit, so no multiply-add is used. Rows are worked on in
// whole vectors: what lies beyond their ends is padding.
#include <algorithm>

#include "row_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "row_kernels_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "sample_rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

// Lifting of x by its neighbours a and b (Annex F.3.8 and F.4.8); `kStep` counts from 0 in either direction.
template <bool kInverse, int kStep>
HWY_INLINE Vec<int32_t> lifted(Vec<int32_t> x, Vec<int32_t> a, Vec<int32_t> b) {
  const Tag<int32_t> d;
  constexpr bool kOdd = (kStep == 0) != kInverse;
  const auto sum = hn::Add(a, b);
  const auto change = kOdd ? hn::ShiftRight<1>(sum) : hn::ShiftRight<2>(hn::Add(sum, hn::Set(d, 2)));
  return kOdd != kInverse ? hn::Sub(x, change) : hn::Add(x, change);
}

template <bool kInverse, int kStep>
HWY_INLINE Vec<float> lifted(Vec<float> x, Vec<float> a, Vec<float> b) {
  constexpr float kForward[4] = {kAlpha, kBeta, kGamma, kDelta};
  constexpr float kFactor = kInverse ? -kForward[3 - kStep] : kForward[kStep];
  return hn::Add(x, hn::Mul(hn::Set(Tag<float>(), kFactor), hn::Add(a, b)));
}

template <bool kInverse, int kStep, class T>
void lift_rows(T* dst, const T* a, const T* b, std::size_t count) {
  const Tag<T> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(lifted<kInverse, kStep>(hn::LoadU(d, dst + i), hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, dst + i);
  }
}

void lift_53(bool inverse, int step, int32_t* dst, const int32_t* a, const int32_t* b, std::size_t count) {
  if (inverse) return step == 0 ? lift_rows<true, 0>(dst, a, b, count) : lift_rows<true, 1>(dst, a, b, count);
  step == 0 ? lift_rows<false, 0>(dst, a, b, count) : lift_rows<false, 1>(dst, a, b, count);
}

template <bool kInverse>
void lift_97_in(int step, float* dst, const float* a, const float* b, std::size_t count) {
  switch (step) {
    case 0:
      return lift_rows<kInverse, 0>(dst, a, b, count);
    case 1:
      return lift_rows<kInverse, 1>(dst, a, b, count);
    case 2:
      return lift_rows<kInverse, 2>(dst, a, b, count);
    default:
      return lift_rows<kInverse, 3>(dst, a, b, count);
  }
}

void lift_97(bool inverse, int step, float* dst, const float* a, const float* b, std::size_t count) {
  inverse ? lift_97_in<true>(step, dst, a, b, count) : lift_97_in<false>(step, dst, a, b, count);
}

// Half a row's neighbours in the other half: `other[i + first]` and the one after it. The ends are mirrored (F.3.7).
template <class T>
void mirror_ends(T* half, std::size_t count) {
  half[-1] = half[0];
  half[count] = half[count - 1];
}

template <bool kInverse, int kStep, class T>
void lift_half(T* half, std::size_t count, T* other, std::size_t other_count, std::ptrdiff_t first) {
  mirror_ends(other, other_count);
  lift_rows<kInverse, kStep>(half, other + first, other + first + 1, count);
}

template <class T>
void deinterleave(const T* row, std::size_t count, T* first, T* second) {
  const Tag<T> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; 2 * (i + lanes) <= count; i += lanes) {
    Vec<T> a, b;
    hn::LoadInterleaved2(d, row + 2 * i, a, b);
    hn::StoreU(a, d, first + i);
    hn::StoreU(b, d, second + i);
  }
  for (; 2 * i < count; ++i) {
    first[i] = row[2 * i];
    if (2 * i + 1 < count) second[i] = row[2 * i + 1];
  }
}

struct Halves {
  std::size_t low, high;
  std::ptrdiff_t high_first, low_first;  // where a high (low) sample's left neighbour is among the low (high) ones

  Halves(std::size_t count, int parity)
      : low((count + 1 - std::size_t(parity)) / 2),
        high((count + std::size_t(parity)) / 2),
        high_first(-parity),
        low_first(parity - 1) {}
};

// The 5/3 of a row in one go: every vector lifts its neighbours, too, which costs less than to wait for what was just
// stored.
HWY_INLINE Vec<int32_t> high_53(Vec<int32_t> x, Vec<int32_t> a, Vec<int32_t> b) { return lifted<false, 0>(x, a, b); }
HWY_INLINE Vec<int32_t> low_53(Vec<int32_t> x, Vec<int32_t> a, Vec<int32_t> b) { return lifted<false, 1>(x, a, b); }
HWY_INLINE Vec<int32_t> even_53(Vec<int32_t> x, Vec<int32_t> a, Vec<int32_t> b) { return lifted<true, 0>(x, a, b); }
HWY_INLINE Vec<int32_t> odd_53(Vec<int32_t> x, Vec<int32_t> a, Vec<int32_t> b) { return lifted<true, 1>(x, a, b); }

// Two samples beyond each end (F.4.7), of a row of two or more.
void extend_row(int32_t* row, std::size_t count) {
  row[-1] = row[1], row[count] = row[count - 2];
  row[-2] = row[2], row[count + 1] = row[std::ptrdiff_t(count) - 3];
}

void split_53(int32_t* row, std::size_t count, int parity, int32_t* low, int32_t* high, int32_t*) {
  const Tag<int32_t> d;
  extend_row(row, count);
  const auto pairs_at = [&](std::size_t i, std::ptrdiff_t at, Vec<int32_t>& a, Vec<int32_t>& b) HWY_ATTR {
    hn::LoadInterleaved2(d, row + std::ptrdiff_t(2 * i) + at, a, b);
  };
  for (std::size_t i = 0; 2 * i < count; i += hn::Lanes(d)) {
    Vec<int32_t> before, left, middle, right, after;
    pairs_at(i, -2, before, left);
    pairs_at(i, 0, middle, right);
    if (parity == 0) {
      // Even ones in the middle.
      pairs_at(i, 1, right, after);
      const auto h = high_53(right, middle, after);
      hn::StoreU(h, d, high + i);
      hn::StoreU(low_53(middle, high_53(left, before, middle), h), d, low + i);
    } else {
      // Odd ones in the middle.
      Vec<int32_t> next, beyond;
      pairs_at(i, 2, next, beyond);
      const auto h = high_53(middle, left, right);
      hn::StoreU(h, d, high + i);
      hn::StoreU(low_53(right, h, high_53(next, right, beyond)), d, low + i);
    }
  }
}

void scale(float* row, std::size_t count, float factor) {
  const Tag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(hn::LoadU(d, row + i), hn::Set(d, factor)), d, row + i);
  }
}

void split_97(const float* row, std::size_t count, int parity, float low_scale, float high_scale, float* low,
              float* high, float*) {
  const Halves n(count, parity);
  parity == 0 ? deinterleave(row, count, low, high) : deinterleave(row, count, high, low);
  lift_half<false, 0>(high, n.high, low, n.low, n.high_first);
  lift_half<false, 1>(low, n.low, high, n.high, n.low_first);
  lift_half<false, 2>(high, n.high, low, n.low, n.high_first);
  lift_half<false, 3>(low, n.low, high, n.high, n.low_first);
  scale(low, n.low, low_scale);
  scale(high, n.high, high_scale);
}

// The last odd-coordinate step of synthesis and the interleaving of both halves.
template <int kStep, class T>
void finish_join(const Halves& n, int parity, T* even, const T* odd, T* row) {
  const Tag<T> d;
  mirror_ends(even, n.low);
  for (std::size_t i = 0; i < std::max(n.low, n.high); i += hn::Lanes(d)) {
    const T* left = even + std::ptrdiff_t(i) + n.high_first;
    const Vec<T> o = lifted<true, kStep>(hn::LoadU(d, odd + i), hn::LoadU(d, left), hn::LoadU(d, left + 1));
    const Vec<T> e = hn::LoadU(d, even + i);
    parity == 0 ? hn::StoreInterleaved2(e, o, d, row + 2 * i) : hn::StoreInterleaved2(o, e, d, row + 2 * i);
  }
}

// What a row's extension (F.3.7) would be split into: `last` is the half that the row ends with.
void extend_halves(const Halves& n, std::size_t count, int parity, int32_t* low, int32_t* high) {
  const bool ends_high = (std::size_t(parity) + count - 1) % 2 != 0;
  low[n.low] = low[n.low - 1];
  high[n.high] = ends_high && n.high > 1 ? high[n.high - 2] : high[n.high - 1];
  low[-1] = low[0];
  high[-1] = parity != 0 ? high[1] : high[0];
}

void join_53(int32_t* low, int32_t* high, std::size_t count, int parity, int32_t* row, int32_t*) {
  const Tag<int32_t> d;
  extend_halves(Halves(count, parity), count, parity, low, high);
  const auto at = [&](const int32_t* half, std::size_t i, std::ptrdiff_t by) HWY_ATTR {
    return hn::LoadU(d, half + std::ptrdiff_t(i) + by);
  };
  for (std::size_t i = 0; 2 * i < count; i += hn::Lanes(d)) {
    const auto h = at(high, i, 0);
    if (parity == 0) {
      const auto next = at(high, i, 1);
      const auto e = even_53(at(low, i, 0), at(high, i, -1), h);
      hn::StoreInterleaved2(e, odd_53(h, e, even_53(at(low, i, 1), h, next)), d, row + 2 * i);
    } else {
      const auto e = even_53(at(low, i, 0), h, at(high, i, 1));
      const auto before = even_53(at(low, i, -1), at(high, i, -1), h);
      hn::StoreInterleaved2(odd_53(h, before, e), e, d, row + 2 * i);
    }
  }
}

void copy_scaled(const float* from, std::size_t count, float factor, float* to) {
  const Tag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(hn::LoadU(d, from + i), hn::Set(d, factor)), d, to + i);
  }
}

void join_97(float* low, float* high, std::size_t count, int parity, float low_scale, float high_scale, float* row,
             float* scratch) {
  const Halves n(count, parity);
  float* even = scratch;
  float* odd = scratch + padded_row(count);
  copy_scaled(low, n.low, low_scale, even);
  copy_scaled(high, n.high, high_scale, odd);
  lift_half<true, 0>(even, n.low, odd, n.high, n.low_first);
  lift_half<true, 1>(odd, n.high, even, n.low, n.high_first);
  lift_half<true, 2>(even, n.low, odd, n.high, n.low_first);
  finish_join<3>(n, parity, even, odd, row);
}

// Equations G-3 to G-8.
void rct_forward(int32_t* const from[3], std::size_t count, int32_t* const to[3]) {
  const Tag<int32_t> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto r = hn::LoadU(d, from[0] + i), g = hn::LoadU(d, from[1] + i), b = hn::LoadU(d, from[2] + i);
    hn::StoreU(hn::ShiftRight<2>(hn::Add(hn::Add(r, hn::Add(g, g)), b)), d, to[0] + i);
    hn::StoreU(hn::Sub(b, g), d, to[1] + i);
    hn::StoreU(hn::Sub(r, g), d, to[2] + i);
  }
}

void rct_inverse(int32_t* const from[3], std::size_t count, int32_t* const to[3]) {
  const Tag<int32_t> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto y = hn::LoadU(d, from[0] + i), u = hn::LoadU(d, from[1] + i), v = hn::LoadU(d, from[2] + i);
    const auto g = hn::Sub(y, hn::ShiftRight<2>(hn::Add(u, v)));
    hn::StoreU(hn::Add(v, g), d, to[0] + i);
    hn::StoreU(g, d, to[1] + i);
    hn::StoreU(hn::Add(u, g), d, to[2] + i);
  }
}

HWY_INLINE Vec<float> weighted(Vec<float> a, float wa, Vec<float> b, float wb) {
  const Tag<float> d;
  return hn::Add(hn::Mul(hn::Set(d, wa), a), hn::Mul(hn::Set(d, wb), b));
}

HWY_INLINE Vec<float> plus(Vec<float> sum, Vec<float> c, float wc) {
  return hn::Add(sum, hn::Mul(hn::Set(Tag<float>(), wc), c));
}

// Equations G-9 to G-14.
void ict_forward(float* const from[3], std::size_t count, float* const to[3]) {
  const Tag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto r = hn::LoadU(d, from[0] + i), g = hn::LoadU(d, from[1] + i), b = hn::LoadU(d, from[2] + i);
    hn::StoreU(plus(weighted(r, 0.299f, g, 0.587f), b, 0.114f), d, to[0] + i);
    hn::StoreU(plus(weighted(r, -0.168736f, g, -0.331264f), b, 0.5f), d, to[1] + i);
    hn::StoreU(plus(weighted(r, 0.5f, g, -0.418688f), b, -0.081312f), d, to[2] + i);
  }
}

void ict_inverse(float* const from[3], std::size_t count, float* const to[3]) {
  const Tag<float> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto y = hn::LoadU(d, from[0] + i), cb = hn::LoadU(d, from[1] + i), cr = hn::LoadU(d, from[2] + i);
    hn::StoreU(plus(y, cr, 1.402f), d, to[0] + i);
    hn::StoreU(plus(plus(y, cb, -0.344136f), cr, -0.714136f), d, to[1] + i);
    hn::StoreU(plus(y, cb, 1.772f), d, to[2] + i);
  }
}

void quantize(const float* row, std::size_t count, float inverse_step, int32_t* out) {
  const Tag<float> d;
  const Tag<int32_t> di;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(hn::ConvertTo(di, hn::Mul(hn::LoadU(d, row + i), hn::Set(d, inverse_step))), di, out + i);
  }
}

double quantization_error(const float* row, std::size_t count, float step, float inverse_step) {
  const hn::CappedTag<float, 16> d;
  const hn::Rebind<int32_t, decltype(d)> di;
  const std::size_t lanes = hn::Lanes(d);
  const auto half = hn::Set(d, 0.5f), zero = hn::Zero(d);
  HWY_ALIGN float sums[16] = {};
  for (std::size_t i = 0; i < count; i += 16) {
    for (std::size_t k = 0; k < 16 && i + k < count; k += lanes) {
      const std::size_t left = count - i - k;
      auto x = hn::LoadU(d, row + i + k);
      if (left < lanes) x = hn::IfThenElseZero(hn::FirstN(d, left), x);
      const auto magnitude = hn::Abs(x);
      const auto bin = hn::ConvertTo(d, hn::ConvertTo(di, hn::Mul(magnitude, hn::Set(d, inverse_step))));
      const auto middle = hn::Mul(hn::Add(bin, half), hn::Set(d, step));
      const auto error = hn::Sub(magnitude, hn::IfThenElseZero(hn::Gt(bin, zero), middle));
      hn::Store(hn::Add(hn::Load(d, sums + k), hn::Mul(error, error)), d, sums + k);
    }
  }
  double sum = 0;
  for (const float lane : sums) sum += lane;
  return sum;
}

void requantize(const float* row, std::size_t count, float step, float inverse_step, float* out) {
  const Tag<float> d;
  const Tag<int32_t> di;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto bin = hn::ConvertTo(di, hn::Mul(hn::LoadU(d, row + i), hn::Set(d, inverse_step)));
    const auto middle = hn::IfThenElse(hn::Gt(bin, hn::Zero(di)), hn::Set(di, 1), hn::Set(di, -1));
    const auto doubled = hn::IfThenZeroElse(hn::Eq(bin, hn::Zero(di)), hn::Add(hn::Add(bin, bin), middle));
    hn::StoreU(hn::Mul(hn::ConvertTo(d, doubled), hn::Set(d, 0.5f * step)), d, out + i);
  }
}

void dequantize(const int32_t* row, std::size_t count, float step, float* out) {
  const Tag<float> d;
  const Tag<int32_t> di;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(hn::Mul(hn::ConvertTo(d, hn::LoadU(di, row + i)), hn::Set(d, step)), d, out + i);
  }
}

const RowKernels* row_kernels() {
  static constexpr RowKernels kKernels{
      lift_53,     lift_97,     split_53,    split_97,           join_53,    join_97,    rct_forward, rct_inverse,
      ict_forward, ict_inverse, quantize,    quantization_error, requantize, dequantize, read_int,    read_float,
      write_int,   write_float, sample_loss};
  return &kKernels;
}

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blosc2_grok::j2k {

HWY_EXPORT(row_kernels);

const RowKernels& simd_row_kernels() { return *HWY_DYNAMIC_DISPATCH(row_kernels)(); }

}  // namespace blosc2_grok::j2k
#endif
