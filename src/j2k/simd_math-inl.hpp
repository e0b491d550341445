// SPDX-License-Identifier: BSD-3-Clause
// Vector helpers of the HT block coder, compiled once for every instruction set (no include guard by design).
#if defined(BLOSC2_GROK_J2K_SIMD_MATH) == defined(HWY_TARGET_TOGGLE)
#ifdef BLOSC2_GROK_J2K_SIMD_MATH
#undef BLOSC2_GROK_J2K_SIMD_MATH
#else
#define BLOSC2_GROK_J2K_SIMD_MATH
#endif

#include <hwy/highway.h>

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using U32 = hn::ScalableTag<uint32_t>;
using I32 = hn::ScalableTag<int32_t>;
using F32 = hn::ScalableTag<float>;
using VecU = hn::Vec<U32>;
using VecI = hn::Vec<I32>;

// Bits of values from 1 to 2^31 - 1: the float's exponent, after clearing every bit below a set one so that nothing
// rounds up.
HWY_INLINE VecI bit_length(VecI value) {
  const I32 d;
  const VecI top = hn::AndNot(hn::ShiftRight<1>(value), value);
  return hn::Sub(hn::ShiftRight<23>(hn::BitCast(d, hn::ConvertTo(F32(), top))), hn::Set(d, 126));
}

// In both lanes of each pair of columns: the larger of the two.
HWY_INLINE VecI pair_max(VecI value) { return hn::Max(value, hn::Shuffle2301(value)); }

// Exponents' bound kappa (Equation 5) but for the number of significant samples, from the row above; x is even.
HWY_INLINE VecI kappa_above(const int32_t* above, std::size_t x) {
  const I32 d;
  const VecI near = hn::Max(hn::LoadU(d, above + x - 1), hn::LoadU(d, above + x + 1));
  return hn::Max(hn::Sub(pair_max(near), hn::Set(d, 1)), hn::Set(d, 1));
}

// A constant of the left column's samples in even lanes, the right column's in odd ones.
HWY_INLINE VecU left_right(uint32_t left, uint32_t right) {
  const U32 d;
  const auto odd = hn::TestBit(hn::Iota(d, 0), hn::Set(d, 1));
  return hn::IfThenElse(odd, hn::Set(d, right), hn::Set(d, left));
}

}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#endif
