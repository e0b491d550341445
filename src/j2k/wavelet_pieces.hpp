// SPDX-License-Identifier: BSD-3-Clause
// A wavelet transform in pieces, horizontal stripes of one level each, for several threads: the same samples as by
// rows in order, bit for bit. A piece holds whole rows of code-blocks, so that it codes what it makes.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "crew.hpp"
#include "ladder.hpp"
#include "memory.hpp"
#include "row_kernels.hpp"
#include "tile.hpp"
#include "wavelet.hpp"

namespace blosc2_grok::j2k {

inline constexpr std::size_t kMostTogether = 3;  // components that a colour transformation joins

// Rows of subbands (the lowest one is a stage of its own) that are worked on together.
struct PieceStage {
  Rect rect;                   // of the resolution that is split or joined, or of the lowest band
  int resolution = 0;          // of the component
  bool is_bottom = false;      // the lowest band, nothing to split
  int64_t piece_rows = 1;      // a multiple of code-block rows
  int64_t first = 0;           // pieces before row 0's
  uint32_t pieces = 0;

  // The stage's bands: 0 LL, 1 HL, 2 LH, 3 HH.
  std::size_t first_band() const { return is_bottom ? 0 : 1; }
  std::size_t end_band() const { return is_bottom ? 1 : 4; }
  // Where a band's rows begin that belong to the stage's rows from `y` on.
  int64_t band_row(std::size_t band, int64_t y) const {
    return is_bottom ? y : band == 1 ? ceil_shift(y, 1) : floor_shift(y, 1);
  }
  int64_t begin(uint32_t piece) const { return std::max(rect.y0, (first + piece) * piece_rows); }
  int64_t end(uint32_t piece) const { return std::min(rect.y1, (first + piece + 1) * piece_rows); }
};

// The stages of a group of components that have the same geometry, the finest first.
void list_stages(Tile& tile, std::size_t component, int reduce, std::vector<PieceStage>& stages);

// In Tile::subbands, of one of the stage's bands.
inline std::size_t subband_index(Tile& tile, std::size_t component, const PieceStage& stage, std::size_t band) {
  return std::size_t(tile.resolution(component, stage.resolution).first_band) + band - stage.first_band();
}

// Rows between two stages, for each component of the group.
template <class T>
class RowRing {
 public:
  void start(std::size_t width, int64_t rows, int together, Arena& arena);
  T* row(int component, int64_t y) const {
    // Small images wrap nowhere: a division is much of what a short row costs.
    const std::size_t place = std::size_t(y) < rows_ ? std::size_t(y) : std::size_t(y) % rows_;
    return data_ + (std::size_t(component) * rows_ + place) * stride_ + kRowPadding;
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 1, stride_ = 0;
};

// Lifters that go on from piece to piece: for one worker, who takes the pieces of a stage in their order.
template <class T>
class InOrder {
 public:
  void start(bool is_alone, const RowKernels& kernels, bool inverse, const std::vector<PieceStage>& stages,
             int together, Arena& arena);
  bool is_alone() const { return is_alone_; }
  VerticalLifter<T>* of(std::size_t stage) { return &lifters_[stage * together_]; }

 private:
  bool is_alone_ = false;
  std::size_t together_ = 1;
  std::vector<VerticalLifter<T>> lifters_;
};

// Gives each worker the memory that one needed: the next time another one may get the largest piece.
template <class ArenaOf>
void even_out(uint32_t workers, ArenaOf&& arena_of) {
  std::size_t most = 0;
  for (uint32_t i = 0; i < workers; ++i) most = std::max(most, arena_of(i).most_taken());
  for (uint32_t i = 0; i < workers; ++i) arena_of(i).reserve(most);
}

// Analysis: samples come from `read_rows`, subband rows go to `band_row`.
template <class T>
class AnalysisPieces : public LadderWork {
 public:
  // The rings lie in `arena`. A worker's memory is that of a piece: there is one for so many pieces of the finest stage.
  void start(const RowKernels& kernels, Tile& tile, std::size_t component, int together, std::size_t workers,
             uint32_t pieces_each, Arena& arena);
  // Does it all, with the crew. Throws what a piece threw.
  void run(Crew& crew) {
    ladder_.run(crew);
    even_out(ladder_.at_once(), [&](std::size_t worker) -> Arena& { return arena_of(worker); });
  }

  PieceReach reach(std::size_t stage, uint32_t piece) const override;
  void prepare_piece(std::size_t stage, uint32_t piece, std::size_t worker) override;
  void do_piece(std::size_t stage, uint32_t piece, std::size_t worker) override;
  bool blocks_come_first() const override { return false; }
  uint32_t list_blocks(std::size_t, std::size_t) override { return 0; }
  void do_blocks(std::size_t, uint32_t, uint32_t, std::size_t) override {}

 protected:
  // Row y of each component, after the colour transformation.
  virtual void read_rows(int64_t y, T* const* rows) = 0;
  // Before any row of a piece: rows `begin` to `end` of the stage.
  virtual void begin_piece(const PieceStage& stage, int64_t begin, int64_t end, std::size_t worker) = 0;
  virtual T* band_row(int component, std::size_t band, int64_t y, std::size_t worker) = 0;
  // Irreversible only: the row is there.
  virtual void commit_row(int, std::size_t, int64_t, std::size_t) {}

  // Of its own memory, empty at the begin of a piece.
  virtual Arena& arena_of(std::size_t worker) = 0;

  int together_ = 1;
  std::vector<PieceStage> stages_;

 private:
  void lift(std::size_t stage, uint32_t piece, std::size_t worker);
  void fetch(std::size_t stage, int64_t y, bool is_own, VerticalLifter<T>* lifters);
  void split(std::size_t stage, int component, int64_t y, T* row, T* scratch, std::size_t worker);
  void fill_bottom(std::size_t stage, int64_t begin, int64_t end, std::size_t worker);

  const RowKernels* kernels_ = nullptr;
  std::vector<RowRing<T>> rings_;
  InOrder<T> in_order_;
  Ladder ladder_;
};

// Synthesis: subband rows come from `band_row`, rows of the last resolution go to `write_rows`.
template <class T>
class SynthesisPieces : public LadderWork {
 public:
  // As above. `reduce`: resolutions left out.
  void start(const RowKernels& kernels, Tile& tile, std::size_t component, int together, int reduce,
             std::size_t workers, uint32_t pieces_each, Arena& arena);
  // Does it all, with the crew. Throws what a piece threw.
  void run(Crew& crew) {
    ladder_.run(crew);
    even_out(ladder_.at_once(), [&](std::size_t worker) -> Arena& { return arena_of(worker); });
  }

  PieceReach reach(std::size_t stage, uint32_t piece) const override;
  void prepare_piece(std::size_t stage, uint32_t piece, std::size_t worker) override;
  void do_piece(std::size_t stage, uint32_t piece, std::size_t worker) override;
  bool blocks_come_first() const override { return true; }
  uint32_t list_blocks(std::size_t, std::size_t) override { return 0; }
  void do_blocks(std::size_t, uint32_t, uint32_t, std::size_t) override {}

 protected:
  // Before any row of a piece: rows `begin` to `end` of the stage.
  virtual void begin_piece(const PieceStage& stage, int64_t begin, int64_t end, std::size_t worker) = 0;
  // May be changed, and is read before the next row of the same band is asked for.
  virtual T* band_row(int component, std::size_t band, int64_t y, std::size_t worker) = 0;
  // Row y of each component, before the colour transformation; may not be changed. In any order.
  virtual void write_rows(int64_t y, T* const* rows, std::size_t worker) = 0;
  // Of its own memory, empty at the begin of a piece.
  virtual Arena& arena_of(std::size_t worker) = 0;

  int together_ = 1;
  std::vector<PieceStage> stages_;  // the lowest band first

 private:
  // Rows on both sides of the line between two pieces, joined but not lifted yet.
  struct Seam {
    RowRing<T> rows;
    std::unique_ptr<std::atomic<int>> sides = std::make_unique<std::atomic<int>>(0);  // that are there
  };

  int64_t safe_begin(const PieceStage& stage, uint32_t piece) const;
  int64_t safe_end(const PieceStage& stage, uint32_t piece) const;
  Seam& seam_below(std::size_t stage, uint32_t piece) { return seams_[stage * seams_each_ + piece % seams_each_]; }
  void pass_bottom(std::size_t stage, int64_t begin, int64_t end, std::size_t worker);
  void join(std::size_t stage, int component, int64_t y, T* row, T* scratch, std::size_t worker);
  void set_aside(std::size_t stage, uint32_t piece, int component, int64_t y, const T* row);
  void close_seams(std::size_t stage, uint32_t piece, std::size_t worker);
  void lift_seam(std::size_t stage, uint32_t piece, Seam& seam, std::size_t worker);
  bool goes_to_ring(std::size_t stage) const { return stage + 1 < stages_.size(); }
  void drain(std::size_t stage, VerticalLifter<T>* lifters, int64_t begin, int64_t end, std::size_t worker);
  void emit(std::size_t stage, int64_t y, T* const* rows, std::size_t worker);

  const RowKernels* kernels_ = nullptr;
  std::vector<RowRing<T>> rings_;
  std::vector<Seam> seams_;
  std::size_t seams_each_ = 1;
  InOrder<T> in_order_;
  Ladder ladder_;
};

}  // namespace blosc2_grok::j2k
