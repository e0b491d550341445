// SPDX-License-Identifier: BSD-3-Clause
// The line-based transforms: vertical first in analysis (F.4.2), horizontal first in synthesis (F.3.2).
#include "wavelet.hpp"

#include <algorithm>

#include "wrap_math.hpp"

namespace blosc2_grok::j2k {
namespace {

void lift_rows(const RowKernels& k, bool inverse, int step, int32_t* dst, const int32_t* a, const int32_t* b,
               std::size_t count) {
  k.lift_53(inverse, step, dst, a, b, count);
}
void lift_rows(const RowKernels& k, bool inverse, int step, float* dst, const float* a, const float* b,
               std::size_t count) {
  k.lift_97(inverse, step, dst, a, b, count);
}

void lift_rows(const RowKernels&, bool inverse, int step, int64_t* dst, const int64_t* a, const int64_t* b,
               std::size_t count) {
  wide_row_kernels().lift_53(inverse, step, dst, a, b, count);
}

// Signals of one sample: kept at an even coordinate, doubled at an odd one (F.3.6, F.4.6), without the 9/7's scale.
template <class T>
T doubled(T value) {
  return wrap_double(value);
}
float doubled(float value) { return value * 2.0f; }
// Odd values come from truncated code only; towards zero, as OpenJPEG has it.
template <class T>
T halved(T value) {
  return value / 2;
}
float halved(float value) { return value * 0.5f; }

// The 9/7's scaling steps of the vertical transform, done together with the horizontal ones.
float vertical_scale(const Rect& rect, int64_t y, bool inverse) {
  if (rect.height() == 1) return 1.0f;
  return ((y & 1) != 0) != inverse ? kScale : 1.0f / kScale;
}

template <class T>
void copy_scaled(const T* from, std::size_t count, float scale, T* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = std::is_same_v<T, float> ? T(float(from[i]) * scale) : from[i];
}

void split_row(const RowKernels& k, int32_t* row, std::size_t count, int parity, float, int32_t* low,
               int32_t* high, int32_t* scratch) {
  k.split_53(row, count, parity, low, high, scratch);
}
void split_row(const RowKernels& k, const float* row, std::size_t count, int parity, float scale, float* low,
               float* high, float* scratch) {
  k.split_97(row, count, parity, scale * (1.0f / kScale), scale * kScale, low, high, scratch);
}
void split_row(const RowKernels&, int64_t* row, std::size_t count, int parity, float, int64_t* low, int64_t* high,
               int64_t* scratch) {
  wide_row_kernels().split_53(row, count, parity, low, high, scratch);
}
void join_row(const RowKernels& k, int32_t* low, int32_t* high, std::size_t count, int parity, float, int32_t* row,
              int32_t* scratch) {
  k.join_53(low, high, count, parity, row, scratch);
}
void join_row(const RowKernels& k, float* low, float* high, std::size_t count, int parity, float scale, float* row,
              float* scratch) {
  k.join_97(low, high, count, parity, scale * kScale, scale * (1.0f / kScale), row, scratch);
}

void join_row(const RowKernels&, int64_t* low, int64_t* high, std::size_t count, int parity, float, int64_t* row,
              int64_t* scratch) {
  wide_row_kernels().join_53(low, high, count, parity, row, scratch);
}

}  // namespace

template <class T>
void split_halves(const RowKernels& kernels, const Rect& rect, int64_t y, T* row, T* low, T* high, T* scratch) {
  const std::size_t count = std::size_t(rect.width());
  const int parity = int(rect.x0 & 1);
  const float scale = vertical_scale(rect, y, false);
  if (count == 1) {
    copy_scaled(row, 1, parity == 0 ? scale : 2 * scale, parity == 0 ? low : high);
    if (parity != 0 && !std::is_same_v<T, float>) high[0] = doubled(row[0]);
  } else if (count > 1) {
    split_row(kernels, row, count, parity, scale, low, high, scratch);
  }
}

template <class T>
void join_halves(const RowKernels& kernels, const Rect& rect, int64_t y, T* low, T* high, T* row, T* scratch) {
  const std::size_t count = std::size_t(rect.width());
  const int parity = int(rect.x0 & 1);
  const float scale = vertical_scale(rect, y, true);
  if (count == 1) {
    copy_scaled(parity == 0 ? low : high, 1, parity == 0 ? scale : 0.5f * scale, row);
    if (parity != 0 && !std::is_same_v<T, float>) row[0] = halved(high[0]);
  } else if (count > 1) {
    join_row(kernels, low, high, count, parity, scale, row, scratch);
  }
}

template <class T>
void VerticalLifter<T>::start(const RowKernels& kernels, bool inverse, int64_t y0, int64_t y1, std::size_t width,
                              Arena& arena) {
  kernels_ = &kernels, inverse_ = inverse;
  y0_ = y0, y1_ = y1, next_in_ = y0, next_out_ = y0, ready_ = y0;
  width_ = width;
  for (T*& row : own_) row = arena.take<T>(padded_row(width)) + kRowPadding;
}

template <class T>
void VerticalLifter<T>::lift(int step, int64_t y) {
  if (y < y0_ || y >= y1_) return;
  const int64_t above = y == y0_ ? y + 1 : y - 1, below = y + 1 == y1_ ? y - 1 : y + 1;
  lift_rows(*kernels_, inverse_, step, ring_[y & (kRing - 1)], ring_[above & (kRing - 1)], ring_[below & (kRing - 1)],
            width_);
}

// Row y (of the trigger's parity, perhaps past the end) has come: each step can go one row further.
template <class T>
void VerticalLifter<T>::advance(int64_t y) {
  constexpr int kSteps = kLiftingSteps<T>;
  for (int s = 0; s < kSteps; ++s) lift(s, y - 1 - s);
  ready_ = std::min(y1_, y - kSteps + 2);
}

template <class T>
void VerticalLifter<T>::commit() {
  const int64_t y = next_in_++;
  const bool trigger = ((y & 1) != 0) == inverse_;
  if (y1_ - y0_ == 1) {
    T* row = ring_[y & (kRing - 1)];
    if ((y & 1) != 0) {
      for (std::size_t i = 0; i < width_; ++i) row[i] = inverse_ ? halved(row[i]) : doubled(row[i]);
    }
    ready_ = y1_;
    return;
  }
  if (trigger) advance(y);
  if (!complete()) return;
  for (int64_t past = trigger ? y + 2 : y + 1; ready_ < y1_; past += 2) advance(past);
}

template <class T>
T* VerticalLifter<T>::take(int64_t* y, int64_t end) {
  if (next_out_ >= ready_ || next_out_ >= end) return nullptr;
  *y = next_out_++;
  return ring_[*y & (kRing - 1)];
}

template void split_halves(const RowKernels&, const Rect&, int64_t, int32_t*, int32_t*, int32_t*, int32_t*);
template void split_halves(const RowKernels&, const Rect&, int64_t, float*, float*, float*, float*);
template void split_halves(const RowKernels&, const Rect&, int64_t, int64_t*, int64_t*, int64_t*, int64_t*);
template void join_halves(const RowKernels&, const Rect&, int64_t, int64_t*, int64_t*, int64_t*, int64_t*);
template void join_halves(const RowKernels&, const Rect&, int64_t, int32_t*, int32_t*, int32_t*, int32_t*);
template void join_halves(const RowKernels&, const Rect&, int64_t, float*, float*, float*, float*);
template class VerticalLifter<int32_t>;
template class VerticalLifter<float>;
template class VerticalLifter<int64_t>;

}  // namespace blosc2_grok::j2k
