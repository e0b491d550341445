// SPDX-License-Identifier: BSD-3-Clause
// The error that a step leaves, without coding: kept coefficients are quantized and brought back to samples with the
// decoder's own kernels.
#include <algorithm>

#include "tile_encoder.hpp"

namespace blosc2_grok::j2k {
namespace {

struct KeptRow {
  std::size_t component;
  int64_t y;               // in the tile
  const float* decoded;    // but not rounded
  const int32_t* original;
  std::size_t width;
};

// The kept coefficients of components that go together, brought back to samples: visit(row, worker's memory).
template <class Visit>
class RequantizedPieces final : public SynthesisPieces<float> {
 public:
  RequantizedPieces(const ConstImageView& image, std::size_t first_kept, Workspace::Impl& work, const Visit& visit)
      : image_(image), first_kept_(first_kept), work_(work), visit_(visit) {}

  void measure(std::size_t first, int together) {
    first_ = first;
    work_.rows.reset_into_one();
    start(*work_.kernels.rows, work_.tile, first, together, 0, work_.crew.size(),
          pieces_each(work_.header.coding.components[0]), work_.rows);
    run(work_.crew);
  }

 private:
  void begin_piece(const PieceStage& stage, int64_t, int64_t, std::size_t worker) override {
    WorkerMemory& memory = *work_.workers[worker];
    memory.stage = &stage;
    const std::size_t stride = padded_row(std::size_t(stage.rect.width()));
    for (int i = 0; i < together_; ++i) {
      for (PieceBand& band : memory.bands[i]) band.line = memory.piece.take<float>(stride) + kRowPadding;
      memory.colours[i] = memory.piece.take<float>(stride);
    }
    memory.original = memory.piece.take<int32_t>(stride);
  }

  float* band_row(int component, std::size_t band, int64_t y, std::size_t worker) override {
    WorkerMemory& memory = *work_.workers[worker];
    const std::size_t index = subband_index(work_.tile, first_ + std::size_t(component), *memory.stage, band);
    const Subband& subband = work_.tile.subbands[index];
    float* line = memory.bands[component][band].line;
    if (subband.rect.empty()) return line;
    const KeptBand& kept = work_.kept[first_kept_ + index];
    const float* from = kept.data + kRowPadding + std::size_t(y - subband.rect.y0) * kept.stride;
    work_.kernels.rows->requantize(from, std::size_t(subband.rect.width()), float(subband.step),
                                   float(1.0 / subband.step), line);
    return line;
  }

  void write_rows(int64_t y, float* const* rows, std::size_t worker) override {
    WorkerMemory& memory = *work_.workers[worker];
    const Rect& rect = stages_.back().rect;
    const std::size_t width = std::size_t(rect.width());
    float* colours[kMostTogether] = {};
    for (int i = 0; i < together_; ++i) colours[i] = static_cast<float*>(memory.colours[i]);
    if (together_ == 3) work_.kernels.rows->ict_inverse(rows, width, colours);
    for (int i = 0; i < together_; ++i) {
      const std::size_t component = first_ + std::size_t(i);
      read_row(component, rect.x0, y, width, memory.original);
      visit_({component, y - rect.y0, together_ == 3 ? colours[i] : rows[i], memory.original, width}, memory);
    }
  }
  Arena& arena_of(std::size_t worker) override { return work_.workers[worker]->piece; }

  void read_row(std::size_t component, int64_t x, int64_t y, std::size_t width, int32_t* row) {
    const Rect& area = work_.header.size.image;
    const std::ptrdiff_t element = image_.component_offsets[component] +
                                   std::ptrdiff_t(y - area.y0) * image_.row_stride +
                                   std::ptrdiff_t(x - area.x0) * image_.column_stride;
    const SampleRow layout{image_.bytes_per_sample, image_.is_signed, image_.bits, image_.column_stride};
    work_.kernels.rows->read_int(image_.samples + element * image_.bytes_per_sample, layout, width, row);
  }

  const ConstImageView& image_;
  std::size_t first_kept_;
  Workspace::Impl& work_;
  const Visit& visit_;
  std::size_t first_ = 0;
};

template <class Visit>
void for_each_kept_row(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work,
                       const Visit& visit) {
  RequantizedPieces<Visit> pieces(image, first_band, work, visit);
  const std::size_t components = work.tile.components.size();
  for (std::size_t c = 0; c < components;) {
    const int together = work.header.coding.mct && c == 0 ? 3 : 1;
    pieces.measure(c, together);
    c += std::size_t(together);
  }
}

// A number for each row, added up in their order, whatever the order in which they come.
class RowSums {
 public:
  explicit RowSums(Workspace::Impl& work)
      : rows_(std::size_t(work.tile.rect.height())),
        count_(rows_ * work.tile.components.size()),
        sums_(work.row_sums.grow(count_)) {}
  void set(std::size_t component, int64_t row, double sum) { sums_[component * rows_ + std::size_t(row)] = sum; }
  double total() const {
    double total = 0;
    for (std::size_t i = 0; i < count_; ++i) total += sums_[i];
    return total;
  }

 private:
  std::size_t rows_, count_;
  double* sums_;
};

}  // namespace

void add_kept_tile_loss(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work, Loss& loss) {
  for (auto& worker : work.workers) worker->greatest = 0;
  RowSums sums(work);
  for_each_kept_row(image, first_band, work, [&](const KeptRow& row, WorkerMemory& worker) {
    const uint64_t squares =
        work.kernels.rows->sample_loss(row.decoded, row.original, row.width, image.bits, worker.greatest);
    sums.set(row.component, row.y, double(squares));
  });
  for (const auto& worker : work.workers) loss.greatest = std::max(loss.greatest, int64_t{worker->greatest});
  loss.squares += sums.total();
}

}  // namespace blosc2_grok::j2k
