// SPDX-License-Identifier: BSD-3-Clause
// Tiles through the transforms, and subband rows into code-blocks as soon as a row of them is full.
#include "tile_encoder.hpp"

#include <algorithm>
#include <cmath>

#include "part1_blocks.hpp"
#include "plane_dropping.hpp"
#include "quantizer.hpp"

namespace blosc2_grok::j2k {
namespace {

std::size_t encode_ht_block(const BlockPlace& place, bool keep, WorkerMemory& worker, Workspace::Impl& work) {
  const Subband& band = place.band;
  uint8_t* bytes = take_room(kMaxCleanupBytes, worker, work);
  const int width = int(place.rect.width()), height = int(place.rect.height());
  // Tiles begin at different places of the sequence, so that sizes are close together.
  const std::size_t start = std::size_t(work.tile.rect.x0 + 3 * work.tile.rect.y0);
  const std::size_t number = start + band.first_codeblock + std::size_t{place.y} * band.grid_width + place.x;
  const int dropped = std::min(planes_to_drop(band.dropped_depth, number), band.magnitude_bits - 1);
  if (dropped > 0) drop_planes(place.samples, place.stride, width, height, dropped);
  const int magnitude_bits = band.magnitude_bits - dropped;
  const HtEncodeJob job{place.samples, place.stride, width, height, std::min(31, magnitude_bits)};
  const std::size_t length = work.kernels.encode_block(job, worker.ht[0], bytes);
  if (!keep || length == 0) return length;
  worker.coded = worker.coded.subspan(length);
  CodeBlock& block = work.tile.codeblock(band, place.x, place.y);
  block.missing_bits = uint8_t(magnitude_bits - 1);
  const std::lock_guard lock(work.coded_lock);
  add_chunk(work.tile, block, {bytes, uint32_t(length), 0, 1, -1});
  return length;
}

// Codes a block and adds it to the tile, if it is to be kept. Returns its length.
std::size_t encode_block(const BlockPlace& place, bool keep, WorkerMemory& worker, Workspace::Impl& work) {
  const bool ht = (work.header.coding.components[0].codeblock_style & kCodeBlockHt) != 0;
  return ht ? encode_ht_block(place, keep, worker, work) : encode_part1_block(place, keep, worker, work);
}

void encode_stripe(const void* what, uint32_t first, uint32_t end, std::size_t worker) {
  const StripeJob& job = *static_cast<const StripeJob*>(what);
  for (uint32_t x = first; x < end; ++x) encode_block(job.stripe.block(x), true, *job.work->workers[worker], *job.work);
}

// Takes subband rows from the wavelet; encodes each row of code-blocks when it is full.
template <class T>
class EncodeBands final : public BandRows<T> {
 public:
  EncodeBands(Workspace::Impl& work, std::vector<BandStripes>& stripes) : work_(work), stripes_(stripes) {}

  void start(std::size_t component) {
    const TileComponent& at = work_.tile.components[component];
    first_band_ = std::size_t(work_.tile.resolution(component, 0).first_band);
    stripes_.resize(std::size_t(3 * at.levels + 1));
    const auto norm_of = [&](const Subband& band, std::size_t index) {
      const int finer = index == 0 ? 0 : int(index - 1) / 3;  // levels between the coarsest and this one
      return synthesis_norm(true, at.levels - finer, band.band);
    };
    for (std::size_t b = 0; b < stripes_.size(); ++b) {
      Subband& band = work_.tile.subbands[first_band_ + b];
      if (!kFloat) band.dropped_depth = work_.dropped_depth - std::log2(norm_of(band, b));
      stripes_[b].start(band, kFloat, encode_stripe, work_);
      stripes_[b].step = float(1.0 / band.step);
    }
  }

  T* row(std::size_t band) override {
    BandStripes& stripes = stripes_[band - first_band_];
    if constexpr (kFloat)
      return static_cast<float*>(stripes.line);
    else
      return in_work(stripes).row(in_work(stripes).next_y);
  }

  void commit_row(std::size_t band) override {
    BandStripes& stripes = stripes_[band - first_band_];
    BandStripe& stripe = in_work(stripes);
    if (stripe.band->rect.empty()) return;
    if constexpr (kFloat) {
      work_.kernels.rows->quantize(static_cast<float*>(stripes.line), std::size_t(stripe.band->rect.width()),
                                   stripes.step, stripe.row(stripe.next_y));
    }
    if (++stripe.next_y < stripe.end_y) return;
    work_.crew->add(stripes.job(stripes.grid_row).batch);
    if (++stripes.grid_row == stripe.band->grid_height) return;
    StripeJob& next = stripes.job(stripes.grid_row);
    work_.crew->finish(next.batch);
    next.stripe.start_stripe(stripes.grid_row);
  }

  // All rows are in.
  void finish() {
    for (BandStripes& stripes : stripes_) {
      for (uint32_t i = 0; i < stripes.in_turn; ++i) work_.crew->finish(stripes.jobs[i].batch);
    }
  }

 private:
  static constexpr bool kFloat = std::is_same_v<T, float>;

  static BandStripe& in_work(BandStripes& stripes) { return stripes.job(stripes.grid_row).stripe; }

  Workspace::Impl& work_;
  std::vector<BandStripes>& stripes_;
  std::size_t first_band_ = 0;
};

// Takes subband rows from the wavelet and keeps them.
template <class T>
class KeepBands final : public BandRows<T> {
 public:
  explicit KeepBands(Workspace::Impl& work) : work_(work) {}

  void start(std::size_t component) {
    first_band_ = std::size_t(work_.tile.resolution(component, 0).first_band);
    const std::size_t bands = std::size_t(3 * work_.tile.components[component].levels + 1);
    first_kept_ = work_.kept.size();
    for (std::size_t b = 0; b < bands; ++b) {
      const Rect& rect = work_.tile.subbands[first_band_ + b].rect;
      KeptBand band;
      band.stride = padded_row(std::size_t(rect.width()));
      T* const data = work_.coefficients.take<T>(band.stride * std::size_t(std::max<int64_t>(1, rect.height())));
      band.of<T>() = data;
      work_.kept.push_back(band);
    }
    next_.assign(bands, 0);
  }

  T* row(std::size_t band) override {
    const std::size_t b = band - first_band_;
    KeptBand& kept = work_.kept[first_kept_ + b];
    const bool empty = work_.tile.subbands[band].rect.empty();
    return kept.of<T>() + kRowPadding + (empty ? 0 : next_[b] * kept.stride);
  }
  void commit_row(std::size_t band) override { ++next_[band - first_band_]; }
  void finish() {}

 private:
  Workspace::Impl& work_;
  std::size_t first_band_ = 0, first_kept_ = 0;
  std::vector<std::size_t> next_;
};

class TileEncoder {
 public:
  TileEncoder(const ConstImageView& image, Workspace::Impl& work) : image_(image), work_(work) {}

  void encode_components() {
    const bool reversible = work_.header.coding.components[0].reversible;
    for_each_group([&](std::size_t first, int together) {
      reversible ? encode_group<EncodeBands<int32_t>>(first, together, work_.analysis_int)
                 : encode_group<EncodeBands<float>>(first, together, work_.analysis_float);
    });
  }

  void keep_components() {
    const bool reversible = work_.header.coding.components[0].reversible;
    for_each_group([&](std::size_t first, int together) {
      reversible ? encode_group<KeepBands<int32_t>>(first, together, work_.analysis_int)
                 : encode_group<KeepBands<float>>(first, together, work_.analysis_float);
    });
  }

 private:
  // Components that the colour transformation joins go through side by side, the others one by one.
  template <class Visit>
  void for_each_group(Visit&& visit) {
    const std::size_t components = work_.tile.components.size();
    for (std::size_t c = 0; c < components;) {
      const int together = work_.header.coding.mct && c == 0 ? 3 : 1;
      work_.rows.reset();
      visit(c, together);
      c += std::size_t(together);
    }
  }

  template <class Bands, class T>
  void encode_group(std::size_t first, int together, Analysis<T>* analyses) {
    Bands bands[3] = {make_bands<Bands>(0), make_bands<Bands>(1), make_bands<Bands>(2)};
    for (int i = 0; i < together; ++i) {
      bands[i].start(first + std::size_t(i));
      analyses[i].start(*work_.kernels.rows, work_.tile, first + std::size_t(i), bands[i], work_.rows);
    }
    const Rect& rect = work_.tile.components[first].rect;
    const std::size_t width = std::size_t(rect.width());
    for (int64_t y = rect.y0; y < rect.y1; ++y) {
      T* rows[3] = {};
      for (int i = 0; i < together; ++i) {
        rows[i] = analyses[i].slot();
        read_row(first + std::size_t(i), rect.x0, y, width, rows[i]);
      }
      if (together == 3) transform_colour(rows, width);
      for (int i = 0; i < together; ++i) analyses[i].commit();
    }
    for (int i = 0; i < together; ++i) bands[i].finish();
  }

  template <class Bands>
  Bands make_bands(std::size_t i) {
    if constexpr (std::is_constructible_v<Bands, Workspace::Impl&>)
      return Bands(work_);
    else
      return Bands(work_, work_.stripes[i]);
  }

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
  void read_row(std::size_t component, int64_t x, int64_t y, std::size_t width, float* row) {
    work_.kernels.rows->read_float(place(component, x, y), layout(), width, row);
  }
  void transform_colour(int32_t** rows, std::size_t width) { work_.kernels.rows->rct_forward(rows, width, rows); }
  void transform_colour(float** rows, std::size_t width) { work_.kernels.rows->ict_forward(rows, width, rows); }

  const ConstImageView& image_;
  Workspace::Impl& work_;
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
    worker.counted_bytes += encode_block({band, x, y, rect, samples, stride}, job.sampling == 1, worker, *job.work);
  }
}

}  // namespace

void encode_tile_rows(const ConstImageView& image, Workspace::Impl& work) {
  TileEncoder(image, work).encode_components();
}

void keep_tile_rows(const ConstImageView& image, Workspace::Impl& work) { TileEncoder(image, work).keep_components(); }

std::size_t encode_kept_tile(std::size_t first_band, uint32_t sampling, Workspace::Impl& work) {
  std::vector<KeptJob>& jobs = work.kept_jobs;
  jobs.resize(work.tile.subbands.size());
  for (auto& worker : work.workers) worker->counted_bytes = 0;
  uint32_t first = 0;
  for (std::size_t b = 0; b < jobs.size(); ++b) {
    const Subband& band = work.tile.subbands[b];
    const uint32_t blocks = band.grid_width * band.grid_height;
    const uint32_t sampled = blocks <= first ? 0 : (blocks - first + sampling - 1) / sampling;
    jobs[b] = {&band, work.kept[first_band + b], first, sampling, {}, &work};
    jobs[b].batch = {encode_kept_blocks, &jobs[b], sampled, BandStripes::kBlocksAtOnce};
    work.crew->add(jobs[b].batch);
    first = first + sampled * sampling - blocks;
  }
  for (const KeptJob& job : jobs) work.crew->finish(job.batch);
  std::size_t bytes = 0;
  for (const auto& worker : work.workers) bytes += worker->counted_bytes;
  return bytes;
}

}  // namespace blosc2_grok::j2k
