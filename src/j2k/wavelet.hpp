// SPDX-License-Identifier: BSD-3-Clause
// Wavelet transforms by rows (ISO/IEC 15444-1 Annex F): the vertical lifting, and the horizontal one of a row.
#pragma once

#include <cstdint>
#include <vector>

#include "memory.hpp"
#include "row_kernels.hpp"
#include "tile.hpp"

namespace blosc2_grok::j2k {

template <class T>
constexpr int kLiftingSteps = sizeof(T) == sizeof(int32_t) && std::is_same_v<T, float> ? 4 : 2;

// Vertical lifting over a ring of rows. `trigger` is the parity of the rows whose arrival sets the steps off:
// even in analysis, odd in synthesis; step s then acts s + 1 rows above.
template <class T>
class VerticalLifter {
 public:
  void start(const RowKernels& kernels, bool inverse, int64_t y0, int64_t y1, std::size_t width, Arena& arena);

  // The place for the next row, which is the caller's `row` if there is one; `commit` says it is there. It is lifted
  // in place.
  T* slot(T* row = nullptr) {
    const std::size_t i = std::size_t(next_in_) & (kRing - 1);
    return ring_[i] = row != nullptr ? row : own_[i];
  }
  void commit();
  bool complete() const { return next_in_ == y1_; }

  // The next finished row, null if more rows must come first or it is not before `end`. Valid until the commit after
  // the next.
  T* take(int64_t* y, int64_t end = INT64_MAX);

 private:
  static constexpr int kRing = 8;

  void advance(int64_t y);
  void lift(int step, int64_t y);

  const RowKernels* kernels_ = nullptr;
  bool inverse_ = false;
  int64_t y0_ = 0, y1_ = 0, next_in_ = 0, next_out_ = 0, ready_ = 0;
  std::size_t width_ = 0;
  T* own_[kRing] = {};
  T* ring_[kRing] = {};
};

// One row, whose first sample is at coordinate `x0`, into its low and high half and back. `scale` brings in what the
// vertical 9/7 leaves to the horizontal one; `scratch` is two padded rows. Of what is read only the padding may change,
// in `join_halves` all.
template <class T>
void split_halves(const RowKernels& kernels, const Rect& rect, int64_t y, T* row, T* low, T* high, T* scratch);
template <class T>
void join_halves(const RowKernels& kernels, const Rect& rect, int64_t y, T* low, T* high, T* row, T* scratch);

}  // namespace blosc2_grok::j2k
