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

// Signals of one sample: kept at an even coordinate, doubled at an odd one (F.3.6, F.4.6), without the 9/7's scale.
int32_t doubled(int32_t value) { return wrap_double(value); }
float doubled(float value) { return value * 2.0f; }
// Odd values come from truncated code only; towards zero, as OpenJPEG has it.
int32_t halved(int32_t value) { return value / 2; }
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

void split_row(const RowKernels& k, const int32_t* row, std::size_t count, int parity, float, int32_t* low,
               int32_t* high, int32_t* scratch) {
  k.split_53(row, count, parity, low, high, scratch);
}
void split_row(const RowKernels& k, const float* row, std::size_t count, int parity, float scale, float* low,
               float* high, float* scratch) {
  k.split_97(row, count, parity, scale * (1.0f / kScale), scale * kScale, low, high, scratch);
}
void join_row(const RowKernels& k, int32_t* low, int32_t* high, std::size_t count, int parity, float, int32_t* row,
              int32_t* scratch) {
  k.join_53(low, high, count, parity, row, scratch);
}
void join_row(const RowKernels& k, float* low, float* high, std::size_t count, int parity, float scale, float* row,
              float* scratch) {
  k.join_97(low, high, count, parity, scale * kScale, scale * (1.0f / kScale), row, scratch);
}

}  // namespace

template <class T>
void VerticalLifter<T>::start(const RowKernels& kernels, bool inverse, int64_t y0, int64_t y1, std::size_t width,
                              Arena& arena) {
  kernels_ = &kernels, inverse_ = inverse;
  y0_ = y0, y1_ = y1, next_in_ = y0, next_out_ = y0, ready_ = y0;
  width_ = width;
  for (T*& row : ring_) row = arena.take<T>(padded_row(width)) + kRowPadding;
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
T* VerticalLifter<T>::take(int64_t* y) {
  if (next_out_ >= ready_) return nullptr;
  *y = next_out_++;
  return ring_[*y & (kRing - 1)];
}

template <class T>
void Analysis<T>::start(const RowKernels& kernels, Tile& tile, std::size_t component, BandRows<T>& bands,
                        Arena& arena) {
  kernels_ = &kernels, bands_ = &bands;
  levels_ = tile.components[component].levels;
  bottom_band_ = std::size_t(tile.resolution(component, 0).first_band);
  scratch_ = arena.take<T>(2 * padded_row(std::size_t(tile.components[component].rect.width()))) + kRowPadding;
  for (int level = 0; level < levels_; ++level) {
    const Resolution& resolution = tile.resolution(component, levels_ - level);
    geometry_[level] = {resolution.rect, std::size_t(resolution.first_band)};
    lifters_[level].start(kernels, false, resolution.rect.y0, resolution.rect.y1, std::size_t(resolution.rect.width()),
                          arena);
  }
}

template <class T>
T* Analysis<T>::low_slot(int level) {
  return level + 1 < levels_ ? lifters_[level + 1].slot() : bands_->row(bottom_band_);
}

template <class T>
void Analysis<T>::low_commit(int level) {
  level + 1 < levels_ ? commit_level(level + 1) : bands_->commit_row(bottom_band_);
}

template <class T>
void Analysis<T>::commit() {
  levels_ == 0 ? bands_->commit_row(bottom_band_) : commit_level(0);
}

template <class T>
void Analysis<T>::commit_level(int level) {
  lifters_[level].commit();
  int64_t y = 0;
  while (T* row = lifters_[level].take(&y)) split(level, y, row);
}

template <class T>
void Analysis<T>::split(int level, int64_t y, T* row) {
  const Level& at = geometry_[level];
  const bool odd = (y & 1) != 0;
  const std::size_t count = std::size_t(at.rect.width());
  const int parity = int(at.rect.x0 & 1);
  const std::size_t low_band = at.first_band + 1, high_band = at.first_band + (odd ? 2 : 0);
  T* low = odd ? bands_->row(low_band) : low_slot(level);
  T* high = bands_->row(high_band);
  const float scale = vertical_scale(at.rect, y, false);
  if (count == 1) {
    copy_scaled(row, 1, parity == 0 ? scale : 2 * scale, parity == 0 ? low : high);
    if (parity != 0 && !std::is_same_v<T, float>) high[0] = doubled(row[0]);
  } else if (count > 1) {
    split_row(*kernels_, row, count, parity, scale, low, high, scratch_);
  }
  bands_->commit_row(high_band);
  odd ? bands_->commit_row(low_band) : low_commit(level);
}

template <class T>
void Synthesis<T>::start(const RowKernels& kernels, Tile& tile, std::size_t component, int reduce, BandRows<T>& bands,
                         Arena& arena) {
  kernels_ = &kernels, bands_ = &bands;
  levels_ = std::max(0, tile.components[component].levels - reduce);
  bottom_band_ = std::size_t(tile.resolution(component, 0).first_band);
  scratch_ = arena.take<T>(2 * padded_row(std::size_t(tile.components[component].rect.width()))) + kRowPadding;
  for (int level = 0; level < levels_; ++level) {
    const Resolution& resolution = tile.resolution(component, levels_ - level);
    geometry_[level] = {resolution.rect, std::size_t(resolution.first_band)};
    next_join_[level] = resolution.rect.y0;
    lifters_[level].start(kernels, true, resolution.rect.y0, resolution.rect.y1, std::size_t(resolution.rect.width()),
                          arena);
  }
}

template <class T>
T* Synthesis<T>::next_row(int level) {
  if (level == levels_) return bands_->row(bottom_band_);
  int64_t y = 0;
  for (;;) {
    if (T* row = lifters_[level].take(&y)) return row;
    join(level);
  }
}

template <class T>
void Synthesis<T>::join(int level) {
  const Level& at = geometry_[level];
  const int64_t y = next_join_[level]++;
  const bool odd = (y & 1) != 0;
  const std::size_t count = std::size_t(at.rect.width());
  const int parity = int(at.rect.x0 & 1);
  T* low = odd ? bands_->row(at.first_band + 1) : next_row(level + 1);
  T* high = bands_->row(at.first_band + (odd ? 2 : 0));
  T* row = lifters_[level].slot();
  const float scale = vertical_scale(at.rect, y, true);
  if (count == 1) {
    copy_scaled(parity == 0 ? low : high, 1, parity == 0 ? scale : 0.5f * scale, row);
    if (parity != 0 && !std::is_same_v<T, float>) row[0] = halved(high[0]);
  } else if (count > 1) {
    join_row(*kernels_, low, high, count, parity, scale, row, scratch_);
  }
  lifters_[level].commit();
}

template class VerticalLifter<int32_t>;
template class VerticalLifter<float>;
template class Analysis<int32_t>;
template class Analysis<float>;
template class Synthesis<int32_t>;
template class Synthesis<float>;

}  // namespace blosc2_grok::j2k
