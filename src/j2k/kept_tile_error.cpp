// SPDX-License-Identifier: BSD-3-Clause
// The error that a step leaves, without coding: kept coefficients are quantized and brought back to samples with the
// decoder's own kernels.
#include <algorithm>

#include "tile_encoder.hpp"

namespace blosc2_grok::j2k {
namespace {

// Gives the wavelet kept rows as they will be after decoding.
class RequantizedBands final : public BandRows<float> {
 public:
  RequantizedBands(std::size_t first_kept, Workspace::Impl& work) : first_kept_(first_kept), work_(work) {}

  void start(std::size_t component) {
    first_band_ = std::size_t(work_.tile.resolution(component, 0).first_band);
    const std::size_t bands = std::size_t(3 * work_.tile.components[component].levels + 1);
    next_.assign(bands, 0);
    lines_.resize(bands);
    for (std::size_t b = 0; b < bands; ++b) {
      const Rect& rect = work_.tile.subbands[first_band_ + b].rect;
      lines_[b] = work_.rows.take<float>(padded_row(std::size_t(rect.width()))) + kRowPadding;
    }
  }

  float* row(std::size_t band) override {
    const std::size_t b = band - first_band_;
    const Subband& subband = work_.tile.subbands[band];
    if (subband.rect.empty()) return lines_[b];
    const KeptBand& kept = work_.kept[first_kept_ + band];
    const float* from = kept.data + kRowPadding + next_[b]++ * kept.stride;
    work_.kernels.rows->requantize(from, std::size_t(subband.rect.width()), float(subband.step),
                                   float(1.0 / subband.step), lines_[b]);
    return lines_[b];
  }
  void commit_row(std::size_t) override {}

 private:
  std::size_t first_kept_;
  Workspace::Impl& work_;
  std::size_t first_band_ = 0;
  std::vector<std::size_t> next_;
  std::vector<float*> lines_;
};

class ErrorMeter {
 public:
  ErrorMeter(const ConstImageView& image, std::size_t first_kept, Workspace::Impl& work)
      : image_(image), first_kept_(first_kept), work_(work) {}

  double group_error(std::size_t first, int together) {
    RequantizedBands bands[3] = {{first_kept_, work_}, {first_kept_, work_}, {first_kept_, work_}};
    work_.rows.reset();
    for (int i = 0; i < together; ++i) {
      const std::size_t c = first + std::size_t(i);
      bands[i].start(c);
      work_.synthesis_float[i].start(*work_.kernels.rows, work_.tile, c, 0, bands[i], work_.rows);
    }
    const Rect& rect = work_.tile.components[first].rect;
    const std::size_t width = std::size_t(rect.width());
    float* colours[3] = {};
    for (int i = 0; i < together; ++i) colours[i] = work_.rows.take<float>(padded_row(width));
    samples_ = work_.rows.take<int32_t>(padded_row(width));
    double sum = 0;
    for (int64_t y = rect.y0; y < rect.y1; ++y) {
      float* rows[3] = {};
      for (int i = 0; i < together; ++i) rows[i] = work_.synthesis_float[i].next();
      if (together == 3) work_.kernels.rows->ict_inverse(rows, width, colours);
      for (int i = 0; i < together; ++i) {
        sum += row_error(first + std::size_t(i), rect.x0, y, width, together == 3 ? colours[i] : rows[i]);
      }
    }
    return sum;
  }

 private:
  double row_error(std::size_t component, int64_t x, int64_t y, std::size_t width, const float* row) {
    const RowKernels& kernels = *work_.kernels.rows;
    const Rect& area = work_.header.size.image;
    const std::ptrdiff_t element = image_.component_offsets[component] +
                                   std::ptrdiff_t(y - area.y0) * image_.row_stride +
                                   std::ptrdiff_t(x - area.x0) * image_.column_stride;
    const SampleRow layout{image_.bytes_per_sample, image_.is_signed, image_.bits, image_.column_stride};
    kernels.read_int(image_.samples + element * image_.bytes_per_sample, layout, width, samples_);
    return kernels.sample_error(row, samples_, width, image_.bits);
  }

  const ConstImageView& image_;
  std::size_t first_kept_;
  Workspace::Impl& work_;
  int32_t* samples_ = nullptr;
};

}  // namespace

double kept_tile_error(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work) {
  ErrorMeter meter(image, first_band, work);
  const std::size_t components = work.tile.components.size();
  double sum = 0;
  for (std::size_t c = 0; c < components;) {
    const int together = work.header.coding.mct && c == 0 ? 3 : 1;
    sum += meter.group_error(c, together);
    c += std::size_t(together);
  }
  return sum;
}

}  // namespace blosc2_grok::j2k
