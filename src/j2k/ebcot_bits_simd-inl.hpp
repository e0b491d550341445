// SPDX-License-Identifier: BSD-3-Clause
// The word operations of the Part 1 block coder by vectors; included once per target, see Highway's -inl.h files.
#if defined(BLOSC2_GROK_EBCOT_BITS_SIMD_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef BLOSC2_GROK_EBCOT_BITS_SIMD_INL
#undef BLOSC2_GROK_EBCOT_BITS_SIMD_INL
#else
#define BLOSC2_GROK_EBCOT_BITS_SIMD_INL
#endif

#include <hwy/highway.h>
#if HWY_ARCH_X86
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstdint>

#include "ebcot_bits_plain.hpp"

HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#undef BLOSC2_GROK_HAS_BMI2
#define BLOSC2_GROK_HAS_BMI2 (HWY_TARGET <= HWY_AVX2 && HWY_ARCH_X86_64)

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
using plain::count_ones;
using plain::join_word;
using plain::magnitudes_or;
using plain::sign_index;
using plain::split_word;
using plain::spread_bits;
using plain::write_symbols;
#else

static_assert(std::endian::native == std::endian::little, "words are written as mask bytes");

inline int count_ones(uint64_t word) { return __builtin_popcountll(word); }

#if BLOSC2_GROK_HAS_BMI2
inline uint64_t pack_bits(uint64_t word, uint64_t mask) { return _pext_u64(word, mask); }
inline uint64_t spread_bits(uint64_t word, uint64_t mask) { return _pdep_u64(word, mask); }
inline uint32_t sign_index(uint32_t flags, int row) { return _pext_u32(flags, kSignMasks[std::size_t(row)]); }
#endif

using Bytes = hn::CappedTag<uint8_t, 64>;

#if BLOSC2_GROK_HAS_BMI2
// Slices of packed symbols to bytes.
inline void write_packed(uint8_t* out, int count, const uint64_t (&slices)[5], int base) {
  const Bytes d;
  const int lanes = int(hn::Lanes(d));
  for (int i = 0; i < count; i += lanes) {
    const auto mask = [&](int k) HWY_ATTR {
      return hn::LoadMaskBits(d, reinterpret_cast<const uint8_t*>(&slices[k]) + i / 8);
    };
    auto bytes = hn::Set(d, uint8_t(base));
    bytes = hn::Add(bytes, hn::IfThenElseZero(mask(0), hn::Set(d, 1)));
    bytes = hn::Add(bytes, hn::IfThenElseZero(mask(1), hn::Set(d, 2)));
    bytes = hn::Add(bytes, hn::IfThenElseZero(mask(2), hn::Set(d, 4)));
    bytes = hn::Add(bytes, hn::IfThenElseZero(mask(3), hn::Set(d, 8)));
    bytes = hn::Or(bytes, hn::IfThenElseZero(mask(4), hn::Set(d, 128)));
    hn::StoreU(bytes, d, out + i);
  }
}

inline uint8_t* write_symbols(uint8_t* out, uint64_t members, const Labels& labels, uint64_t decisions, int base) {
  const uint64_t slices[5] = {pack_bits(labels.bit[0], members), pack_bits(labels.bit[1], members),
                              pack_bits(labels.bit[2], members), pack_bits(labels.bit[3], members),
                              pack_bits(decisions, members)};
  const int count = count_ones(members);
  write_packed(out, count, slices, base);
  return out + count;
}

// 32 samples with two places each.
inline uint8_t* write_half(uint8_t* out, uint32_t members, const uint32_t (&zero)[5], uint32_t fresh,
                           const uint32_t (&sign)[5]) {
  constexpr uint64_t kEven = 0x5555555555555555;
  const auto weave = [](uint32_t a, uint32_t b) HWY_ATTR { return spread_bits(a, kEven) | spread_bits(b, ~kEven); };
  const uint64_t places = weave(members, fresh);
  uint64_t slices[5];
  for (int k = 0; k < 5; ++k) slices[k] = pack_bits(weave(zero[k], sign[k]), places);
  const int count = count_ones(places);
  write_packed(out, count, slices, 0);
  return out + count;
}

inline uint8_t* write_symbols(uint8_t* out, uint64_t members, const Labels& labels, uint64_t decisions, uint64_t fresh,
                              const Labels& sign_labels, uint64_t sign_decisions) {
  if (fresh == 0) return write_symbols(out, members, labels, decisions, 0);
  for (int half = 0; half < 64; half += 32) {
    uint32_t zero[5], sign[5];
    for (int k = 0; k < 4; ++k)
      zero[k] = uint32_t(labels.bit[k] >> half), sign[k] = uint32_t(sign_labels.bit[k] >> half);
    zero[4] = uint32_t(decisions >> half), sign[4] = uint32_t(sign_decisions >> half);
    out = write_half(out, uint32_t(members >> half), zero, uint32_t(fresh >> half), sign);
  }
  return out;
}
#else
using plain::sign_index;
using plain::spread_bits;
using plain::write_symbols;
#endif

inline uint32_t magnitudes_or(const int32_t* samples, std::size_t stride, int width, int height) {
  const hn::CappedTag<int32_t, 16> d;
  const int lanes = int(hn::Lanes(d));
  const int vector_width = width / lanes * lanes;
  auto all = hn::Zero(d);
  for (int y = 0; y < height; ++y) {
    const int32_t* row = samples + std::size_t(y) * stride;
    for (int x = 0; x < vector_width; x += lanes) all = hn::Or(all, hn::Abs(hn::LoadU(d, row + x)));
  }
  HWY_ALIGN int32_t parts[16];
  hn::Store(all, d, parts);
  uint32_t result = plain::magnitudes_or(samples + vector_width, stride, width - vector_width, height);
  for (int i = 0; i < lanes; ++i) result |= uint32_t(parts[i]);
  return result;
}

// The byte `index` of four rows' words: lane by lane, that is scan order.
template <class D, class V>
HWY_INLINE V interleave_rows(D d, int index, V row0, V row1, V row2, V row3) {
  const auto byte = hn::Set(d, 0xFF);
  const auto at = [&](V row) HWY_ATTR { return hn::And(hn::ShiftRightSame(row, 8 * index), byte); };
  return hn::Or(hn::Or(at(row0), hn::ShiftLeft<8>(at(row1))),
                hn::Or(hn::ShiftLeft<16>(at(row2)), hn::ShiftLeft<24>(at(row3))));
}

inline void split_word(const int32_t* samples, std::size_t stride, int plane_count, uint64_t* planes,
                       std::size_t plane_pitch, uint64_t* negative) {
  const hn::CappedTag<int32_t, 16> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::Repartition<int8_t, decltype(d)> d8;
  const int lanes = int(hn::Lanes(d));
  for (int x = 0; x < 16; x += lanes) {
    const auto load = [&](std::size_t row) HWY_ATTR { return hn::LoadU(d, samples + row * stride + x); };
    const auto row0 = load(0), row1 = load(1), row2 = load(2), row3 = load(3);
    const auto u = [&](auto v) HWY_ATTR { return hn::BitCast(du, v); };
    const auto store_top_bits = [&](auto bytes, uint64_t* word) HWY_ATTR {
      hn::StoreMaskBits(d8, hn::Lt(hn::BitCast(d8, bytes), hn::Zero(d8)), reinterpret_cast<uint8_t*>(word) + x / 2);
    };
    store_top_bits(interleave_rows(du, 3, u(row0), u(row1), u(row2), u(row3)), negative);
    const auto m0 = u(hn::Abs(row0)), m1 = u(hn::Abs(row1)), m2 = u(hn::Abs(row2)), m3 = u(hn::Abs(row3));
    for (int first = 0; first < plane_count; first += 8) {
      auto bytes = hn::BitCast(d8, interleave_rows(du, first / 8, m0, m1, m2, m3));
      for (int k = first + 7; k >= first; --k, bytes = hn::Add(bytes, bytes)) {
        if (k < plane_count) store_top_bits(bytes, planes + std::size_t(k) * plane_pitch);
      }
    }
  }
}

inline void join_word(const JoinJob& job, int32_t* samples, std::size_t stride) {
  const hn::CappedTag<uint32_t, 8> d;
  const hn::RebindToSigned<decltype(d)> di;
  const int lanes = int(hn::Lanes(d));
  const auto one = hn::Set(d, 1);
  const auto place = hn::ShiftLeft<2>(hn::Iota(d, 0));  // a lane's column starts at this bit
  for (int x = 0; x < 16; x += lanes) {
    const auto columns = [&](uint64_t word) HWY_ATTR { return hn::Shr(hn::Set(d, uint32_t(word >> 4 * x)), place); };
    auto v0 = hn::Zero(d), v1 = v0, v2 = v0, v3 = v0;
    for (int k = job.plane_count - 1; k >= 0; --k) {
      const auto bits = columns(job.planes[std::size_t(k) * job.plane_pitch]);
      v0 = hn::Or(hn::Add(v0, v0), hn::And(bits, one));
      v1 = hn::Or(hn::Add(v1, v1), hn::And(hn::ShiftRight<1>(bits), one));
      v2 = hn::Or(hn::Add(v2, v2), hn::And(hn::ShiftRight<2>(bits), one));
      v3 = hn::Or(hn::Add(v3, v3), hn::And(hn::ShiftRight<3>(bits), one));
    }
    const auto negative = columns(job.negative), complete = columns(job.complete);
    const auto half = hn::Set(d, (uint32_t{1} << job.shift) >> 1), whole = hn::Set(d, uint32_t{1} << job.shift);
    const auto finish = [&](auto value, auto sign, auto done, std::size_t row) HWY_ATTR {
      const auto none = hn::Eq(value, hn::Zero(d));
      const auto open = hn::IfThenElse(hn::Eq(hn::And(done, one), one), half, whole);
      const auto magnitude =
          hn::BitCast(di, hn::IfThenZeroElse(none, hn::Or(hn::ShiftLeftSame(value, job.shift), open)));
      const auto minus = hn::BitCast(di, hn::Sub(hn::Zero(d), hn::And(sign, one)));
      hn::StoreU(hn::Sub(hn::Xor(magnitude, minus), minus), di, samples + row * stride + x);
    };
    finish(v0, negative, complete, 0);
    finish(v1, hn::ShiftRight<1>(negative), hn::ShiftRight<1>(complete), 1);
    finish(v2, hn::ShiftRight<2>(negative), hn::ShiftRight<2>(complete), 2);
    finish(v3, hn::ShiftRight<3>(negative), hn::ShiftRight<3>(complete), 3);
  }
}

#endif
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
