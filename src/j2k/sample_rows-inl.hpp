// SPDX-License-Identifier: BSD-3-Clause
// Rows of samples in the caller's types to rows of coefficients and back; compiled for every instruction set.
#if defined(BLOSC2_GROK_J2K_SAMPLE_ROWS) == defined(HWY_TARGET_TOGGLE)
#ifdef BLOSC2_GROK_J2K_SAMPLE_ROWS
#undef BLOSC2_GROK_J2K_SAMPLE_ROWS
#else
#define BLOSC2_GROK_J2K_SAMPLE_ROWS
#endif

#include <hwy/highway.h>

#include "row_kernels.hpp"

HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;
template <class T>
using Vec = hn::Vec<Tag<T>>;

HWY_INLINE Vec<int32_t> as(Tag<int32_t>, Vec<int32_t> value) { return value; }
HWY_INLINE Vec<float> as(Tag<float> d, Vec<int32_t> value) { return hn::ConvertTo(d, value); }

// Contiguous samples in whole vectors; returns how many are done.
template <class Sample, class T>
std::size_t read_contiguous(const std::byte* from, int32_t shift, std::size_t count, T* row) {
  const Tag<int32_t> d;
  const hn::Rebind<Sample, Tag<int32_t>> narrow;
  const Sample* samples = reinterpret_cast<const Sample*>(from);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto value = hn::Sub(hn::PromoteTo(d, hn::LoadU(narrow, samples + i)), hn::Set(d, shift));
    hn::StoreU(as(Tag<T>(), value), Tag<T>(), row + i);
  }
  return i;
}

template <class T>
std::size_t read_vectors(const std::byte* from, const SampleRow& layout, std::size_t count, T* row) {
  const int32_t shift = layout.is_signed ? 0 : int32_t{1} << (layout.bits - 1);
  if (layout.stride != 1) return 0;
  switch (layout.bytes * 2 + (layout.is_signed ? 1 : 0)) {
    case 2:
      return read_contiguous<uint8_t>(from, shift, count, row);
    case 3:
      return read_contiguous<int8_t>(from, shift, count, row);
    case 4:
      return read_contiguous<uint16_t>(from, shift, count, row);
    case 5:
      return read_contiguous<int16_t>(from, shift, count, row);
    default:
      return 0;
  }
}

void read_int(const std::byte* from, const SampleRow& layout, std::size_t count, int32_t* row) {
  const std::size_t done = read_vectors(from, layout, count, row);
  plain_row_kernels().read_int(from + std::ptrdiff_t(done) * layout.stride * layout.bytes, layout, count - done,
                               row + done);
}

void read_float(const std::byte* from, const SampleRow& layout, std::size_t count, float* row) {
  const std::size_t done = read_vectors(from, layout, count, row);
  plain_row_kernels().read_float(from + std::ptrdiff_t(done) * layout.stride * layout.bytes, layout, count - done,
                                 row + done);
}

HWY_INLINE Vec<int32_t> rounded(Vec<int32_t> value) { return value; }
HWY_INLINE Vec<int32_t> rounded(Vec<float> value) {
  const Tag<float> d;
  return hn::NearestInt(hn::Min(hn::Max(value, hn::Set(d, -2147483520.0f)), hn::Set(d, 2147483520.0f)));
}

template <class Sample, class T>
std::size_t write_contiguous(const T* row, std::size_t count, int32_t half, int32_t shift, std::byte* to) {
  const Tag<int32_t> d;
  const hn::Rebind<Sample, Tag<int32_t>> narrow;
  Sample* samples = reinterpret_cast<Sample*>(to);
  const auto low = hn::Set(d, -half), high = hn::Set(d, half - 1), add = hn::Set(d, shift);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto value = hn::Add(hn::Min(hn::Max(rounded(hn::LoadU(Tag<T>(), row + i)), low), high), add);
    hn::StoreU(hn::DemoteTo(narrow, value), narrow, samples + i);
  }
  return i;
}

template <class T>
std::size_t write_vectors(const T* row, std::size_t count, const SampleRow& layout, std::byte* to) {
  if (layout.stride != 1 || layout.bytes > 2) return 0;
  const int32_t half = int32_t{1} << (layout.bits - 1), shift = layout.is_signed ? 0 : half;
  switch (layout.bytes * 2 + (layout.is_signed ? 1 : 0)) {
    case 2:
      return write_contiguous<uint8_t>(row, count, half, shift, to);
    case 3:
      return write_contiguous<int8_t>(row, count, half, shift, to);
    case 4:
      return write_contiguous<uint16_t>(row, count, half, shift, to);
    default:
      return write_contiguous<int16_t>(row, count, half, shift, to);
  }
}

void write_int(const int32_t* row, std::size_t count, const SampleRow& layout, std::byte* to) {
  const std::size_t done = write_vectors(row, count, layout, to);
  plain_row_kernels().write_int(row + done, count - done, layout,
                                to + std::ptrdiff_t(done) * layout.stride * layout.bytes);
}

void write_float(const float* row, std::size_t count, const SampleRow& layout, std::byte* to) {
  const std::size_t done = write_vectors(row, count, layout, to);
  plain_row_kernels().write_float(row + done, count - done, layout,
                                  to + std::ptrdiff_t(done) * layout.stride * layout.bytes);
}

#if HWY_TARGET == HWY_SCALAR
uint64_t sample_loss(const float* row, const int32_t* samples, std::size_t count, int bits, uint32_t& greatest) {
  return plain_row_kernels().sample_loss(row, samples, count, bits, greatest);
}
#else
uint64_t sample_loss(const float* row, const int32_t* samples, std::size_t count, int bits, uint32_t& greatest) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<int32_t, decltype(d)> di;
  const hn::Rebind<uint32_t, decltype(d)> du;
  const hn::Repartition<uint64_t, decltype(du)> du64;
  const std::size_t lanes = hn::Lanes(d);
  const auto low = hn::Set(di, -(int32_t{1} << (bits - 1))), high = hn::Set(di, (int32_t{1} << (bits - 1)) - 1);
  auto most = hn::Set(du, greatest);
  auto squares = hn::Zero(du64);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto value = hn::Min(hn::Max(rounded(hn::LoadU(d, row + i)), low), high);
    const auto loss = hn::BitCast(du, hn::Abs(hn::Sub(value, hn::LoadU(di, samples + i))));
    const auto odd = hn::BitCast(du, hn::ShiftRight<32>(hn::BitCast(du64, loss)));
    most = hn::Max(most, loss);
    squares = hn::Add(squares, hn::Add(hn::MulEven(loss, loss), hn::MulEven(odd, odd)));
  }
  greatest = hn::GetLane(hn::MaxOfLanes(du, most));
  const uint64_t rest = plain_row_kernels().sample_loss(row + i, samples + i, count - i, bits, greatest);
  return rest + hn::GetLane(hn::SumOfLanes(du64, squares));
}
#endif

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
