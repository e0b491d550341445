// SPDX-License-Identifier: BSD-3-Clause
// Tiles through the transforms, and subband rows into code-blocks as soon as a row of them is full.
#include "tile_encoder.hpp"

#include <algorithm>
#include <cmath>

#include "part1_blocks.hpp"
#include "plane_dropping.hpp"
#include "quantizer.hpp"
#include "wide_blocks.hpp"

namespace blosc2_grok::j2k {
namespace {

// Leaves out the lowest bit-planes that the code-block shall not have. Returns how many those are.
int drop_lowest_planes(const BlockPlace& place, Workspace::Impl& work) {
  const Subband& band = place.band;
  const int width = int(place.rect.width()), height = int(place.rect.height());
  // Tiles begin at different places of the sequence, so that sizes are close together.
  const std::size_t start = std::size_t(work.tile.rect.x0 + 3 * work.tile.rect.y0);
  const std::size_t number = start + band.first_codeblock + std::size_t{place.y} * band.grid_width + place.x;
  const int dropped = std::min(planes_to_drop(band.dropped_depth, number), band.magnitude_bits - 1);
  if (dropped > 0) drop_planes(place.samples, place.stride, width, height, dropped);
  return dropped;
}

// Returns the block's length.
std::size_t run_ht(const BlockPlace& place, int magnitude_bits, uint8_t* bytes, WorkerMemory& worker,
                   Workspace::Impl& work) {
  const int width = int(place.rect.width()), height = int(place.rect.height());
  const HtEncodeJob job{place.samples, place.stride, width, height, std::min(31, magnitude_bits)};
  return work.kernels.encode_block(job, worker.ht[0], bytes);
}
std::size_t run_ht(const WideBlockPlace& place, int magnitude_bits, uint8_t* bytes, WorkerMemory& worker,
                   Workspace::Impl& work) {
  return encode_wide_ht(place, magnitude_bits, bytes, worker, work);
}

template <class T>
std::size_t encode_ht_block(const BlockPlaceOf<T>& place, bool keep, WorkerMemory& worker, Workspace::Impl& work) {
  constexpr bool kWide = std::is_same_v<T, int64_t>;
  const Subband& band = place.band;
  uint8_t* bytes = take_room(kWide ? kMaxWideCleanupBytes : kMaxCleanupBytes, worker, work);
  int magnitude_bits = band.magnitude_bits;
  if constexpr (!kWide) magnitude_bits -= drop_lowest_planes(place, work);
  const std::size_t length = run_ht(place, magnitude_bits, bytes, worker, work);
  if (!keep || length == 0) return length;
  worker.coded = worker.coded.subspan(length);
  CodeBlock& block = work.tile.codeblock(band, place.x, place.y);
  block.missing_bits = uint8_t(magnitude_bits - 1);
  const std::unique_lock lock = work.lock_coded();
  add_chunk(work.tile, block, {bytes, uint32_t(length), 0, 1, -1});
  return length;
}

// Codes a block and adds it to the tile, if it is to be kept. Returns its length.
template <class T>
std::size_t encode_block(const BlockPlaceOf<T>& place, bool keep, WorkerMemory& worker, Workspace::Impl& work) {
  const bool ht = (work.header.coding.components[0].codeblock_style & kCodeBlockHt) != 0;
  return ht ? encode_ht_block(place, keep, worker, work) : encode_part1_block(place, keep, worker, work);
}

// The components of a tile, those together that the colour transformation joins.
template <class T>
class TilePieces : public AnalysisPieces<T> {
 public:
  TilePieces(const ConstImageView& image, Workspace::Impl& work) : work_(work), image_(image) {}

  void run_components() {
    const std::size_t components = work_.tile.components.size();
    for (first_ = 0; first_ < components; first_ += std::size_t(this->together_)) {
      const int together = work_.header.coding.mct && first_ == 0 ? 3 : 1;
      prepare(std::size_t(together));
      work_.rows.reset_into_one();
      this->start(*work_.kernels.rows, work_.tile, first_, together, work_.crew.size(),
                  pieces_each(work_.header.coding.components[0]), work_.rows);
      this->run(work_.crew);
    }
  }

 protected:
  virtual void prepare(std::size_t together) = 0;

  Arena& arena_of(std::size_t worker) override { return work_.workers[worker]->piece; }

  void read_rows(int64_t y, T* const* rows) override {
    const Rect& rect = work_.tile.components[first_].rect;
    const std::size_t width = std::size_t(rect.width());
    for (int i = 0; i < this->together_; ++i) read_row(first_ + std::size_t(i), rect.x0, y, width, rows[i]);
    if (this->together_ == 3) transform_colour(rows, width);
  }

  Workspace::Impl& work_;
  std::size_t first_ = 0;  // component of those in work

 private:
  const std::byte* place(std::size_t component, int64_t x, int64_t y) const {
    const Rect& area = work_.header.size.image;
    const std::ptrdiff_t element = image_.component_offsets[component] +
                                   std::ptrdiff_t(y - area.y0) * image_.row_stride +
                                   std::ptrdiff_t(x - area.x0) * image_.column_stride;
    return image_.samples + element * image_.bytes_per_sample;
  }
  SampleRow layout() const { return {image_.bytes_per_sample, image_.is_signed, image_.bits, image_.column_stride}; }

  void read_row(std::size_t component, int64_t x, int64_t y, std::size_t width, int32_t* row) {
    work_.kernels.rows->read_int(place(component, x, y), layout(), width, row);
  }
  void read_row(std::size_t component, int64_t x, int64_t y, std::size_t width, int64_t* row) {
    wide_row_kernels().read(place(component, x, y), layout(), width, row);
  }
  void read_row(std::size_t component, int64_t x, int64_t y, std::size_t width, float* row) {
    work_.kernels.rows->read_float(place(component, x, y), layout(), width, row);
  }
  void transform_colour(int32_t* const* rows, std::size_t width) { work_.kernels.rows->rct_forward(rows, width, rows); }
  void transform_colour(int64_t* const* rows, std::size_t width) { wide_row_kernels().rct_forward(rows, width, rows); }
  void transform_colour(float* const* rows, std::size_t width) { work_.kernels.rows->ict_forward(rows, width, rows); }

  const ConstImageView& image_;
};

// Codes the code-blocks of each piece.
template <class T>
class EncodePieces final : public TilePieces<T> {
 public:
  using TilePieces<T>::TilePieces;

 private:
  static constexpr bool kFloat = std::is_same_v<T, float>;

  void prepare(std::size_t together) override {
    if (kFloat || this->work_.dropped_depth == kNothingDropped) return;
    for (std::size_t c = this->first_; c < this->first_ + together; ++c) set_dropped_depths(c);
  }

  void set_dropped_depths(std::size_t component) {
    Tile& tile = this->work_.tile;
    const int levels = tile.components[component].levels;
    for (int r = 0; r <= levels; ++r) {
      const Resolution& resolution = tile.resolution(component, r);
      for (int b = 0; b < resolution.bands; ++b) {
        Subband& band = tile.subbands[std::size_t(resolution.first_band + b)];
        const double norm = synthesis_norm(true, r == 0 ? levels : levels - r + 1, band.band);
        band.dropped_depth = this->work_.dropped_depth - std::log2(norm);
      }
    }
  }

  void begin_piece(const PieceStage& stage, int64_t begin, int64_t end, std::size_t worker) override {
    start_bands<T>(stage, begin, end, this->first_, this->together_, *this->work_.workers[worker], this->work_);
  }

  T* band_row(int component, std::size_t band, int64_t y, std::size_t worker) override {
    const PieceBand& rows = this->work_.workers[worker]->bands[component][band];
    if constexpr (kFloat)
      return rows.line;
    else
      return rows.template row<T>(y);
  }

  void commit_row(int component, std::size_t band, int64_t y, std::size_t worker) override {
    if constexpr (kFloat) {
      const PieceBand& rows = this->work_.workers[worker]->bands[component][band];
      const std::size_t width = std::size_t(rows.band->rect.width());
      this->work_.kernels.rows->quantize(rows.line, width, float(1.0 / rows.band->step), rows.row<T>(y));
    }
  }

  uint32_t list_blocks(std::size_t stage, std::size_t owner) override {
    return list_piece_blocks(this->stages_[stage], this->together_, *this->work_.workers[owner]);
  }

  void do_blocks(std::size_t owner, uint32_t first, uint32_t end, std::size_t worker) override {
    const WorkerMemory& piece = *this->work_.workers[owner];
    for (uint32_t i = first; i < end; ++i) {
      const PieceBlock& block = piece.blocks[i];
      const auto place = piece.bands[block.component][block.band].template block<T>(block.x, block.y);
      encode_block(place, true, *this->work_.workers[worker], this->work_);
    }
  }
};

// Keeps the coefficients.
template <class T>
class KeepPieces final : public TilePieces<T> {
 public:
  using TilePieces<T>::TilePieces;

 private:
  void prepare(std::size_t together) override {
    first_kept_ = this->work_.kept.size();
    first_subband_ = std::size_t(this->work_.tile.resolution(this->first_, 0).first_band);
    for (std::size_t c = this->first_; c < this->first_ + together; ++c) {
      for (int r = 0; r <= this->work_.tile.components[c].levels; ++r) {
        const Resolution& resolution = this->work_.tile.resolution(c, r);
        for (int b = 0; b < resolution.bands; ++b) {
          keep(this->work_.tile.subbands[std::size_t(resolution.first_band + b)].rect);
        }
      }
    }
  }

  void keep(const Rect& rect) {
    KeptBand band;
    band.stride = padded_row(std::size_t(rect.width()));
    const auto rows = std::size_t(std::max<int64_t>(1, rect.height()));
    band.of<T>() = this->work_.coefficients.template take<T>(band.stride * rows);
    this->work_.kept.push_back(band);
  }

  void begin_piece(const PieceStage& stage, int64_t, int64_t, std::size_t worker) override {
    this->work_.workers[worker]->stage = &stage;
  }
  T* band_row(int component, std::size_t band, int64_t y, std::size_t worker) override {
    const PieceStage& stage = *this->work_.workers[worker]->stage;
    const std::size_t index = subband_index(this->work_.tile, this->first_ + std::size_t(component), stage, band);
    KeptBand& kept = this->work_.kept[first_kept_ + index - first_subband_];
    const Rect& rect = this->work_.tile.subbands[index].rect;
    return kept.template of<T>() + kRowPadding + (rect.empty() ? 0 : std::size_t(y - rect.y0) * kept.stride);
  }
  std::size_t first_kept_ = 0, first_subband_ = 0;
};

void encode_kept_blocks(const void* what, uint32_t first, uint32_t end, std::size_t index) {
  const KeptJob& job = *static_cast<const KeptJob*>(what);
  const Subband& band = *job.band;
  WorkerMemory& worker = *job.work->workers[index];
  for (uint32_t i = first; i < end; ++i) {
    const uint32_t number = job.first_block + i * job.sampling;
    const uint32_t x = number % band.grid_width, y = number / band.grid_width;
    const Rect rect = codeblock_rect(band, x, y);
    const std::size_t stride = padded_row(std::size_t(rect.width()));
    int32_t* samples = worker.samples.grow(stride * std::size_t(rect.height())) + kRowPadding;
    for (int64_t row = 0; row < rect.height(); ++row) {
      const float* from = job.kept.data + kRowPadding + std::size_t(rect.y0 - band.rect.y0 + row) * job.kept.stride +
                          std::size_t(rect.x0 - band.rect.x0);
      job.work->kernels.rows->quantize(from, std::size_t(rect.width()), float(1.0 / band.step),
                                       samples + std::size_t(row) * stride);
    }
    worker.counted_bytes +=
        encode_block(BlockPlace{band, x, y, rect, samples, stride}, job.sampling == 1, worker, *job.work);
  }
}

constexpr int kAllResolutions = -1;

int resolution_of(const Tile& tile, std::size_t subband) {
  const std::size_t bands = tile.subbands.size() / tile.components.size();  // one, and three for each other resolution
  return int((subband % bands + 2) / 3);
}

std::size_t encode_kept_bands(std::size_t first_band, uint32_t sampling, int resolution, Workspace::Impl& work) {
  std::vector<KeptJob>& jobs = work.kept_jobs;
  jobs.resize(work.tile.subbands.size());
  for (auto& worker : work.workers) worker->counted_bytes = 0;
  for_each_sample(work.tile, sampling, [&](std::size_t b, uint32_t first, uint32_t count) {
    const bool is_wanted = resolution == kAllResolutions || resolution == resolution_of(work.tile, b);
    jobs[b] = {&work.tile.subbands[b], work.kept[first_band + b], first, sampling, {}, &work};
    jobs[b].batch = {encode_kept_blocks, &jobs[b], is_wanted ? count : 0, kBlocksAtOnce};
    work.crew.add(jobs[b].batch);
  });
  for (const KeptJob& job : jobs) work.crew.finish(job.batch);
  std::size_t bytes = 0;
  for (const auto& worker : work.workers) bytes += worker->counted_bytes;
  return bytes;
}

}  // namespace

void encode_tile_rows(const ConstImageView& image, Workspace::Impl& work) {
  if (image.bits > kMostNarrowBits) return EncodePieces<int64_t>(image, work).run_components();
  if (work.header.coding.components[0].reversible) return EncodePieces<int32_t>(image, work).run_components();
  EncodePieces<float>(image, work).run_components();
}

void keep_tile_rows(const ConstImageView& image, Workspace::Impl& work) {
  if (work.header.coding.components[0].reversible) return KeepPieces<int32_t>(image, work).run_components();
  KeepPieces<float>(image, work).run_components();
}

std::size_t encode_kept_tile(std::size_t first_band, uint32_t sampling, Workspace::Impl& work) {
  return encode_kept_bands(first_band, sampling, kAllResolutions, work);
}

void encode_kept_resolution(int resolution, Workspace::Impl& work) {
  Tile& tile = work.tile;
  work.codeblocks_before = tile.codeblocks;
  work.chunks_before.swap(tile.chunks);
  build_tile(work.header.size, work.header.coding, 0, UINT64_MAX, tile);
  work.chunks_before.swap(tile.chunks);
  for (std::size_t b = 0; b < tile.subbands.size(); ++b) {
    if (resolution_of(tile, b) == resolution) continue;
    const Subband& band = tile.subbands[b];
    for (std::size_t i = 0; i < std::size_t{band.grid_width} * band.grid_height; ++i) {
      const CodeBlock& before = work.codeblocks_before[band.first_codeblock + i];
      CodeBlock& block = tile.codeblocks[band.first_codeblock + i];
      block.first_chunk = before.first_chunk, block.last_chunk = before.last_chunk;
      block.missing_bits = before.missing_bits;
    }
  }
  encode_kept_bands(0, 1, resolution, work);
}

}  // namespace blosc2_grok::j2k
