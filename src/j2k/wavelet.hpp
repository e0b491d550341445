// SPDX-License-Identifier: BSD-3-Clause
// Line-based wavelet transforms (ISO/IEC 15444-1 Annex F): rows go in, subband rows come out, and the way back.
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

  // The place for the next row; `commit` says it is there.
  T* slot() { return ring_[next_in_ & (kRing - 1)]; }
  void commit();
  bool complete() const { return next_in_ == y1_; }

  // The next finished row, null if more rows must come first. Valid until the commit after the next.
  T* take(int64_t* y);

 private:
  static constexpr int kRing = 8;

  void advance(int64_t y);
  void lift(int step, int64_t y);

  const RowKernels* kernels_ = nullptr;
  bool inverse_ = false;
  int64_t y0_ = 0, y1_ = 0, next_in_ = 0, next_out_ = 0, ready_ = 0;
  std::size_t width_ = 0;
  T* ring_[kRing] = {};
};

// Where subband rows go, or come from.
template <class T>
class BandRows {
 public:
  virtual ~BandRows() = default;
  // Analysis: a row of the band, to be filled; then `commit_row`.
  // Synthesis: the band's next row, which may be changed.
  virtual T* row(std::size_t band) = 0;
  virtual void commit_row(std::size_t band) = 0;
};

// One tile-component from rows to subbands.
template <class T>
class Analysis {
 public:
  void start(const RowKernels& kernels, Tile& tile, std::size_t component, BandRows<T>& bands, Arena& arena);
  T* slot() { return levels_ == 0 ? bands_->row(bottom_band_) : lifters_[0].slot(); }
  void commit();

 private:
  struct Level {
    Rect rect;
    std::size_t first_band;  // of its HL, LH, HH
  };

  void commit_level(int level);
  void split(int level, int64_t y, T* row);
  T* low_slot(int level);
  void low_commit(int level);

  const RowKernels* kernels_ = nullptr;
  BandRows<T>* bands_ = nullptr;
  T* scratch_ = nullptr;
  int levels_ = 0;
  std::size_t bottom_band_ = 0;
  Level geometry_[kMaxLevels];
  VerticalLifter<T> lifters_[kMaxLevels];
};

// One tile-component from subbands to rows, of resolution `levels` - reduce.
template <class T>
class Synthesis {
 public:
  void start(const RowKernels& kernels, Tile& tile, std::size_t component, int reduce, BandRows<T>& bands,
             Arena& arena);
  // Rows come in order; exactly as many as the resolution is high may be asked for.
  T* next() { return next_row(0); }

 private:
  struct Level {
    Rect rect;
    std::size_t first_band;
  };

  T* next_row(int level);
  void join(int level);

  const RowKernels* kernels_ = nullptr;
  BandRows<T>* bands_ = nullptr;
  T* scratch_ = nullptr;
  int levels_ = 0;
  std::size_t bottom_band_ = 0;
  Level geometry_[kMaxLevels];
  int64_t next_join_[kMaxLevels] = {};
  VerticalLifter<T> lifters_[kMaxLevels];
};

}  // namespace blosc2_grok::j2k
