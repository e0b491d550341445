// SPDX-License-Identifier: BSD-3-Clause
// The error that a step leaves, without coding: kept coefficients are quantized and brought back to samples with the
// decoder's own kernels.
#include <algorithm>
#include <cstdlib>

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

  // Calls visit(row as decoded but not rounded, row of the image) for every row of components that belong together.
  template <class Visit>
  void for_each_row(std::size_t first, int together, Visit&& visit) {
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
    for (int64_t y = rect.y0; y < rect.y1; ++y) {
      float* rows[3] = {};
      for (int i = 0; i < together; ++i) rows[i] = work_.synthesis_float[i].next();
      if (together == 3) work_.kernels.rows->ict_inverse(rows, width, colours);
      for (int i = 0; i < together; ++i) {
        read_row(first + std::size_t(i), rect.x0, y, width);
        visit(together == 3 ? colours[i] : rows[i], samples_, width);
      }
    }
  }

 private:
  void read_row(std::size_t component, int64_t x, int64_t y, std::size_t width) {
    const Rect& area = work_.header.size.image;
    const std::ptrdiff_t element = image_.component_offsets[component] +
                                   std::ptrdiff_t(y - area.y0) * image_.row_stride +
                                   std::ptrdiff_t(x - area.x0) * image_.column_stride;
    const SampleRow layout{image_.bytes_per_sample, image_.is_signed, image_.bits, image_.column_stride};
    work_.kernels.rows->read_int(image_.samples + element * image_.bytes_per_sample, layout, width, samples_);
  }

  const ConstImageView& image_;
  std::size_t first_kept_;
  Workspace::Impl& work_;
  int32_t* samples_ = nullptr;
};

template <class Visit>
void for_each_kept_row(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work, Visit&& visit) {
  ErrorMeter meter(image, first_band, work);
  const std::size_t components = work.tile.components.size();
  for (std::size_t c = 0; c < components;) {
    const int together = work.header.coding.mct && c == 0 ? 3 : 1;
    meter.for_each_row(c, together, visit);
    c += std::size_t(together);
  }
}

}  // namespace

double kept_tile_error(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work) {
  double sum = 0;
  for_each_kept_row(image, first_band, work, [&](const float* row, const int32_t* samples, std::size_t width) {
    sum += work.kernels.rows->sample_error(row, samples, width, image.bits);
  });
  return sum;
}

void add_kept_tile_loss(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work, Loss& loss) {
  // Through the caller's type and back, as a decoder writes it.
  const SampleRow layout{image.bytes_per_sample, image.is_signed, image.bits, 1};
  Buffer<std::byte> written;
  Buffer<int32_t> decoded;
  for_each_kept_row(image, first_band, work, [&](const float* row, const int32_t* samples, std::size_t width) {
    std::byte* const bytes = written.grow(width * std::size_t(image.bytes_per_sample) + kAlignment);
    int32_t* const back = decoded.grow(padded_row(width)) + kRowPadding;
    work.kernels.rows->write_float(row, width, layout, bytes);
    work.kernels.rows->read_int(bytes, layout, width, back);
    uint32_t greatest = 0;
    uint64_t squares = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const uint32_t difference = uint32_t(std::abs(back[i] - samples[i]));  // 26 bits at the most
      greatest = std::max(greatest, difference);
      squares += uint64_t{difference} * difference;
    }
    loss.greatest = std::max(loss.greatest, int64_t{greatest});
    loss.squares += double(squares);
  });
}

}  // namespace blosc2_grok::j2k
