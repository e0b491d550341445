// SPDX-License-Identifier: BSD-3-Clause
// Analysis lifts a few rows beyond a piece's ends again, which are read anew. In synthesis those rows' code-blocks are
// another piece's: the rows at a seam are set aside, and the piece that comes later joins them.
#include "wavelet_pieces.hpp"

#include <algorithm>

#include "integer_math.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr int64_t kLeastRows = 128;

int64_t half_up(int64_t value) { return ceil_shift(value, 1); }

PieceStage make_stage(const Rect& rect, int resolution, int codeblock_height_log2) {
  PieceStage stage;
  const bool is_bottom = resolution == 0;
  stage.rect = rect, stage.resolution = resolution, stage.is_bottom = is_bottom;
  stage.piece_rows = std::max(kLeastRows, int64_t{is_bottom ? 1 : 2} << codeblock_height_log2);
  if (rect.empty()) return stage;
  stage.first = rect.y0 / stage.piece_rows;
  stage.pieces = uint32_t((rect.y1 - 1) / stage.piece_rows + 1 - stage.first);
  return stage;
}

// Two in any case; more only where that takes little more memory, or where much time is at stake.
uint32_t workers_for(const PieceStage& finest, std::size_t workers, uint32_t pieces_each) {
  const uint32_t most = std::min(finest.pieces, std::max(2u, finest.pieces / pieces_each));
  return std::clamp(uint32_t(workers), 1u, std::max(1u, most));
}

}  // namespace

void list_stages(Tile& tile, std::size_t component, int reduce, std::vector<PieceStage>& stages) {
  stages.clear();
  for (int r = std::max(0, tile.components[component].levels - reduce); r >= 0; --r) {
    const Resolution& resolution = tile.resolution(component, r);
    const Subband& band = tile.subbands[std::size_t(resolution.first_band)];
    stages.push_back(make_stage(resolution.rect, r, band.codeblock_height_log2));
  }
}

template <class T>
void RowRing<T>::start(std::size_t width, int64_t rows, int together, Arena& arena) {
  stride_ = padded_row(width), rows_ = std::size_t(rows);
  data_ = arena.take<T>(stride_ * rows_ * std::size_t(together));
}

template <class T>
void InOrder<T>::start(bool is_alone, const RowKernels& kernels, bool inverse, const std::vector<PieceStage>& stages,
                       int together, Arena& arena) {
  is_alone_ = is_alone;
  if (!is_alone) return;
  together_ = std::size_t(together);
  lifters_.resize(stages.size() * together_);
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const Rect& rect = stages[s].rect;
    if (stages[s].is_bottom) continue;
    for (int i = 0; i < together; ++i) {
      of(s)[i].start(kernels, inverse, rect.y0, rect.y1, std::size_t(rect.width()), arena);
    }
  }
}

template <class T>
void AnalysisPieces<T>::start(const RowKernels& kernels, Tile& tile, std::size_t component, int together,
                              std::size_t workers, uint32_t pieces_each, Arena& arena) {
  kernels_ = &kernels, together_ = together;
  list_stages(tile, component, 0, stages_);
  const uint32_t at_once = workers_for(stages_[0], workers, pieces_each);
  ladder_.start(*this, at_once);
  for (const PieceStage& stage : stages_) ladder_.add_stage(stage.pieces);
  ladder_.set_rings();
  rings_.resize(stages_.size());
  for (std::size_t s = 0; s + 1 < stages_.size(); ++s) {
    rings_[s].start(std::size_t(stages_[s + 1].rect.width()), ladder_.ring_rows(s), together, arena);
  }
  in_order_.start(at_once == 1, kernels, false, stages_, together, arena);
}

template <class T>
PieceReach AnalysisPieces<T>::reach(std::size_t s, uint32_t piece) const {
  const PieceStage& stage = stages_[s];
  const int64_t begin = stage.begin(piece), end = stage.end(piece);
  if (stage.is_bottom) return {begin, end, end, end};
  constexpr int kSteps = kLiftingSteps<T>;
  return {std::max(stage.rect.y0, begin - kSteps), std::min(stage.rect.y1, end + kSteps - 1), half_up(end),
          half_up(end)};
}

template <class T>
void AnalysisPieces<T>::prepare_piece(std::size_t s, uint32_t piece, std::size_t worker) {
  arena_of(worker).reset();
  begin_piece(stages_[s], stages_[s].begin(piece), stages_[s].end(piece), worker);
}

template <class T>
void AnalysisPieces<T>::do_piece(std::size_t s, uint32_t piece, std::size_t worker) {
  const PieceStage& stage = stages_[s];
  stage.is_bottom ? fill_bottom(s, stage.begin(piece), stage.end(piece), worker) : lift(s, piece, worker);
}

template <class T>
void AnalysisPieces<T>::lift(std::size_t s, uint32_t piece, std::size_t worker) {
  const PieceStage& stage = stages_[s];
  Arena& arena = arena_of(worker);
  const std::size_t width = std::size_t(stage.rect.width());
  T* scratch = arena.take<T>(2 * padded_row(width)) + kRowPadding;
  const int64_t begin = stage.begin(piece), end = stage.end(piece);
  auto [first, last, ready_end, written_end] = reach(s, piece);
  VerticalLifter<T> fresh[kMostTogether];
  VerticalLifter<T>* lifters = fresh;
  // Rows that the neighbours read, too, are lifted in a copy.
  int64_t own_begin = begin + kLiftingSteps<T> - 1, own_end = end - kLiftingSteps<T>;
  if (in_order_.is_alone()) {
    lifters = in_order_.of(s);
    if (piece > 0) first = reach(s, piece - 1).needs_end;
    own_begin = first, own_end = last;
  } else {
    for (int i = 0; i < together_; ++i) fresh[i].start(*kernels_, false, first, last, width, arena);
  }
  const auto split_ready = [&](int i) {
    int64_t y = 0;
    while (T* row = lifters[i].take(&y, end)) {
      if (y >= begin) split(s, i, y, row, scratch, worker);
    }
  };
  for (int i = 0; i < together_; ++i) split_ready(i);  // what the piece before had to read to its end
  for (int64_t y = first; y < last; ++y) {
    fetch(s, y, y >= own_begin && y < own_end, lifters);
    for (int i = 0; i < together_; ++i) {
      lifters[i].commit();
      split_ready(i);
    }
  }
}

template <class T>
void AnalysisPieces<T>::fetch(std::size_t s, int64_t y, bool is_own, VerticalLifter<T>* lifters) {
  T* rows[kMostTogether] = {};
  for (int i = 0; i < together_; ++i) {
    T* from = s == 0 ? nullptr : rings_[s - 1].row(i, y);
    rows[i] = lifters[i].slot(is_own ? from : nullptr);
    if (s != 0 && !is_own) std::copy_n(from, stages_[s].rect.width(), rows[i]);
  }
  if (s == 0) read_rows(y, rows);
}

template <class T>
void AnalysisPieces<T>::split(std::size_t s, int i, int64_t y, T* row, T* scratch, std::size_t worker) {
  const bool odd = (y & 1) != 0;
  const int64_t half = y >> 1;
  const std::size_t high_band = odd ? 3 : 1;
  T* low = odd ? band_row(i, 2, half, worker) : rings_[s].row(i, half);
  T* high = band_row(i, high_band, half, worker);
  split_halves(*kernels_, stages_[s].rect, y, row, low, high, scratch);
  if constexpr (std::is_same_v<T, float>) {
    if (odd) commit_row(i, 2, half, worker);
    commit_row(i, high_band, half, worker);
  }
}

template <class T>
void AnalysisPieces<T>::fill_bottom(std::size_t s, int64_t begin, int64_t end, std::size_t worker) {
  for (int64_t y = begin; y < end; ++y) {
    T* rows[kMostTogether] = {};
    for (int i = 0; i < together_; ++i) rows[i] = band_row(i, 0, y, worker);
    if (s == 0) read_rows(y, rows);
    for (int i = 0; s != 0 && i < together_; ++i) {
      std::copy_n(rings_[s - 1].row(i, y), stages_[s].rect.width(), rows[i]);
    }
    for (int i = 0; std::is_same_v<T, float> && i < together_; ++i) commit_row(i, 0, y, worker);
  }
}

template <class T>
void SynthesisPieces<T>::start(const RowKernels& kernels, Tile& tile, std::size_t component, int together, int reduce,
                               std::size_t workers, uint32_t pieces_each, Arena& arena) {
  kernels_ = &kernels, together_ = together;
  list_stages(tile, component, reduce, stages_);
  std::reverse(stages_.begin(), stages_.end());
  const uint32_t at_once = workers_for(stages_.back(), workers, pieces_each);
  ladder_.start(*this, at_once);
  for (const PieceStage& stage : stages_) ladder_.add_stage(stage.pieces);
  ladder_.set_rings();
  rings_.resize(stages_.size());
  seams_each_ = at_once + 1;
  seams_.resize(std::max(seams_.size(), stages_.size() * seams_each_));
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    const std::size_t width = std::size_t(stages_[s].rect.width());
    if (s + 1 < stages_.size()) rings_[s].start(width, ladder_.ring_rows(s), together, arena);
    if (stages_[s].is_bottom || at_once == 1) continue;
    for (std::size_t i = 0; i < std::min<std::size_t>(seams_each_, stages_[s].pieces - (stages_[s].pieces != 0)); ++i) {
      seams_[s * seams_each_ + i].rows.start(width, 4 * kLiftingSteps<T>, together, arena);
      *seams_[s * seams_each_ + i].sides = 0;
    }
  }
  in_order_.start(at_once == 1, kernels, true, stages_, together, arena);
}

// Rows that a piece can lift by itself: of two it shares with its neighbours the seam has them.
template <class T>
int64_t SynthesisPieces<T>::safe_begin(const PieceStage& stage, uint32_t piece) const {
  const int64_t begin = stage.begin(piece);
  return stage.is_bottom || piece == 0 ? begin : std::min(begin + kLiftingSteps<T>, stage.end(piece));
}

template <class T>
int64_t SynthesisPieces<T>::safe_end(const PieceStage& stage, uint32_t piece) const {
  const int64_t end = stage.end(piece);
  return stage.is_bottom || piece + 1 == stage.pieces ? end
                                                      : std::max(end - kLiftingSteps<T> + 1, stage.begin(piece));
}

template <class T>
PieceReach SynthesisPieces<T>::reach(std::size_t s, uint32_t piece) const {
  const PieceStage& stage = stages_[s];
  const int64_t begin = stage.begin(piece), end = stage.end(piece);
  if (stage.is_bottom) return {begin, end, end, end};
  return {half_up(begin), half_up(end), safe_end(stage, piece), std::min(stage.rect.y1, end + kLiftingSteps<T>)};
}

template <class T>
void SynthesisPieces<T>::prepare_piece(std::size_t s, uint32_t piece, std::size_t worker) {
  arena_of(worker).reset();
  begin_piece(stages_[s], stages_[s].begin(piece), stages_[s].end(piece), worker);
}

template <class T>
void SynthesisPieces<T>::do_piece(std::size_t s, uint32_t piece, std::size_t worker) {
  const PieceStage& stage = stages_[s];
  const int64_t begin = stage.begin(piece), end = stage.end(piece);
  Arena& arena = arena_of(worker);
  if (stage.is_bottom) return pass_bottom(s, begin, end, worker);
  const std::size_t width = std::size_t(stage.rect.width());
  T* scratch = arena.take<T>(2 * padded_row(width)) + kRowPadding;
  VerticalLifter<T> fresh[kMostTogether];
  VerticalLifter<T>* lifters = fresh;
  int64_t safe_first = safe_begin(stage, piece), safe_last = safe_end(stage, piece);
  if (in_order_.is_alone()) {
    lifters = in_order_.of(s);
    safe_first = stage.rect.y0, safe_last = stage.rect.y1;
  } else {
    for (int i = 0; i < together_; ++i) fresh[i].start(*kernels_, true, begin, end, width, arena);
  }
  for (int64_t y = begin; y < end; ++y) {
    // Rows that this piece finishes are lifted where they go to.
    const bool in_place = goes_to_ring(s) && y >= safe_first && y < safe_last;
    for (int i = 0; i < together_; ++i) {
      T* row = lifters[i].slot(in_place ? rings_[s].row(i, y) : nullptr);
      join(s, i, y, row, scratch, worker);
      if (!in_order_.is_alone()) set_aside(s, piece, i, y, row);
      lifters[i].commit();
    }
    drain(s, lifters, safe_first, safe_last, worker);
  }
  if (!in_order_.is_alone()) close_seams(s, piece, worker);
}

// The lowest band goes on as it is.
template <class T>
void SynthesisPieces<T>::pass_bottom(std::size_t s, int64_t begin, int64_t end, std::size_t worker) {
  for (int64_t y = begin; y < end; ++y) {
    T* rows[kMostTogether] = {};
    for (int i = 0; i < together_; ++i) rows[i] = band_row(i, 0, y, worker);
    emit(s, y, rows, worker);
  }
}

template <class T>
void SynthesisPieces<T>::join(std::size_t s, int i, int64_t y, T* row, T* scratch, std::size_t worker) {
  const bool odd = (y & 1) != 0;
  const int64_t half = y >> 1;
  T* low = odd ? band_row(i, 2, half, worker) : rings_[s - 1].row(i, half);
  join_halves(*kernels_, stages_[s].rect, y, low, band_row(i, odd ? 3 : 1, half, worker), row, scratch);
}

template <class T>
void SynthesisPieces<T>::set_aside(std::size_t s, uint32_t piece, int i, int64_t y, const T* row) {
  constexpr int64_t kReach = 2 * kLiftingSteps<T>;
  const PieceStage& stage = stages_[s];
  const std::size_t width = std::size_t(stage.rect.width());
  if (piece > 0 && y < stage.begin(piece) + kReach) {
    std::copy_n(row, width, seam_below(s, piece - 1).rows.row(i, y));
  }
  if (piece + 1 < stage.pieces && y >= stage.end(piece) - kReach) {
    std::copy_n(row, width, seam_below(s, piece).rows.row(i, y));
  }
}

template <class T>
void SynthesisPieces<T>::close_seams(std::size_t s, uint32_t piece, std::size_t worker) {
  for (uint32_t above = piece > 0 ? piece - 1 : piece; above <= piece && above + 1 < stages_[s].pieces; ++above) {
    Seam& seam = seam_below(s, above);
    if (seam.sides->fetch_add(1, std::memory_order_acq_rel) == 1) lift_seam(s, above, seam, worker);
  }
}

template <class T>
void SynthesisPieces<T>::lift_seam(std::size_t s, uint32_t above, Seam& seam, std::size_t worker) {
  constexpr int64_t kSteps = kLiftingSteps<T>;
  const PieceStage& stage = stages_[s];
  const std::size_t width = std::size_t(stage.rect.width());
  const int64_t line = stage.end(above);
  const int64_t first = std::max(stage.rect.y0, line - 2 * kSteps), last = std::min(stage.rect.y1, line + 2 * kSteps);
  VerticalLifter<T> lifters[kMostTogether];
  for (int i = 0; i < together_; ++i) lifters[i].start(*kernels_, true, first, last, width, arena_of(worker));
  for (int64_t y = first; y < last; ++y) {
    for (int i = 0; i < together_; ++i) {
      std::copy_n(seam.rows.row(i, y), width, lifters[i].slot());
      lifters[i].commit();
    }
    drain(s, lifters, safe_end(stage, above), safe_begin(stage, above + 1), worker);
  }
  seam.sides->store(0, std::memory_order_release);
}

// Rows `begin` to `end` of those that are finished.
template <class T>
void SynthesisPieces<T>::drain(std::size_t s, VerticalLifter<T>* lifters, int64_t begin, int64_t end,
                               std::size_t worker) {
  for (;;) {
    int64_t y = 0;
    T* rows[kMostTogether] = {};
    for (int i = 0; i < together_; ++i) rows[i] = lifters[i].take(&y);
    if (rows[0] == nullptr) return;
    if (y >= begin && y < end) emit(s, y, rows, worker);
  }
}

template <class T>
void SynthesisPieces<T>::emit(std::size_t s, int64_t y, T* const* rows, std::size_t worker) {
  if (!goes_to_ring(s)) return write_rows(y, rows, worker);
  const std::size_t width = std::size_t(stages_[s].rect.width());
  for (int i = 0; i < together_; ++i) {
    T* to = rings_[s].row(i, y);
    if (to != rows[i]) std::copy_n(rows[i], width, to);
  }
}

template class SynthesisPieces<int32_t>;
template class SynthesisPieces<float>;
template class SynthesisPieces<int64_t>;
template class RowRing<int32_t>;
template class RowRing<float>;
template class RowRing<int64_t>;
template class InOrder<int32_t>;
template class InOrder<float>;
template class InOrder<int64_t>;
template class AnalysisPieces<int32_t>;
template class AnalysisPieces<float>;
template class AnalysisPieces<int64_t>;

}  // namespace blosc2_grok::j2k
