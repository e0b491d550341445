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

std::size_t encode_ht_block(const BandStripe& stripe, uint32_t x, bool keep, Workspace::Impl& work) {
  const Subband& band = *stripe.band;
  uint8_t* bytes = work.coded.take<uint8_t>(kMaxCleanupBytes);
  const Rect rect = codeblock_rect(band, x, stripe.grid_row);
  const int width = int(rect.width()), height = int(rect.height());
  // Tiles begin at different places of the sequence, so that sizes are close together.
  const std::size_t start = std::size_t(work.tile.rect.x0 + 3 * work.tile.rect.y0);
  const std::size_t number = start + band.first_codeblock + stripe.grid_row * band.grid_width + x;
  const int dropped = std::min(planes_to_drop(stripe.dropped_depth, number), band.magnitude_bits - 1);
  if (dropped > 0) drop_planes(stripe.at(rect), stripe.stride, width, height, dropped);
  const int magnitude_bits = band.magnitude_bits - dropped;
  const HtEncodeJob job{stripe.at(rect), stripe.stride, width, height, std::min(31, magnitude_bits)};
  const std::size_t length = work.kernels.encode_block(job, work.ht[0], bytes);
  keep = keep && length != 0;
  work.coded.give_back(kMaxCleanupBytes - (keep ? length : 0));
  if (!keep) return length;
  CodeBlock& block = work.tile.codeblock(band, x, stripe.grid_row);
  block.missing_bits = uint8_t(magnitude_bits - 1);
  add_chunk(work.tile, block, {bytes, uint32_t(length), 0, 1, -1});
  return length;
}

// Codes block x of the stripe and adds it to the tile, if it is to be kept. Returns its length.
std::size_t encode_block(const BandStripe& stripe, uint32_t x, bool keep, Workspace::Impl& work) {
  const bool ht = (work.header.coding.components[0].codeblock_style & kCodeBlockHt) != 0;
  return ht ? encode_ht_block(stripe, x, keep, work) : encode_part1_block(stripe, x, keep, work);
}

// Takes subband rows from the wavelet; encodes each row of code-blocks when it is full.
template <class T>
class EncodeBands final : public BandRows<T> {
 public:
  EncodeBands(Workspace::Impl& work, std::vector<BandStripe>& stripes) : work_(work), stripes_(stripes) {}

  void start(std::size_t component) {
    const TileComponent& at = work_.tile.components[component];
    first_band_ = std::size_t(work_.tile.resolution(component, 0).first_band);
    stripes_.resize(std::size_t(3 * at.levels + 1));
    const auto norm_of = [&](const Subband& band, std::size_t index) {
      const int finer = index == 0 ? 0 : int(index - 1) / 3;  // levels between the coarsest and this one
      return synthesis_norm(true, at.levels - finer, band.band);
    };
    for (std::size_t b = 0; b < stripes_.size(); ++b) {
      const Subband& band = work_.tile.subbands[first_band_ + b];
      stripes_[b].start(band, work_.rows, kFloat);
      stripes_[b].step = float(1.0 / band.step);
      if (!kFloat) stripes_[b].dropped_depth = work_.dropped_depth - std::log2(norm_of(band, b));
    }
  }

  T* row(std::size_t band) override {
    BandStripe& stripe = stripes_[band - first_band_];
    if constexpr (kFloat)
      return static_cast<float*>(stripe.line);
    else
      return stripe.row(stripe.next_y);
  }

  void commit_row(std::size_t band) override {
    BandStripe& stripe = stripes_[band - first_band_];
    if (stripe.band->rect.empty()) return;
    if constexpr (kFloat) {
      work_.kernels.rows->quantize(static_cast<float*>(stripe.line), std::size_t(stripe.band->rect.width()),
                                   stripe.step, stripe.row(stripe.next_y));
    }
    if (++stripe.next_y < stripe.end_y) return;
    for (uint32_t x = 0; x < stripe.band->grid_width; ++x) encode_block(stripe, x, true, work_);
    if (stripe.grid_row + 1 < stripe.band->grid_height) stripe.start_stripe(stripe.grid_row + 1);
  }

 private:
  static constexpr bool kFloat = std::is_same_v<T, float>;

  Workspace::Impl& work_;
  std::vector<BandStripe>& stripes_;
  std::size_t first_band_ = 0;
};

// Takes subband rows from the wavelet and keeps them.
class KeepBands final : public BandRows<float> {
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
      band.data = work_.coefficients.take<float>(band.stride * std::size_t(std::max<int64_t>(1, rect.height())));
      work_.kept.push_back(band);
    }
    next_.assign(bands, 0);
  }

  float* row(std::size_t band) override {
    const std::size_t b = band - first_band_;
    const KeptBand& kept = work_.kept[first_kept_ + b];
    const bool empty = work_.tile.subbands[band].rect.empty();
    return kept.data + kRowPadding + (empty ? 0 : next_[b] * kept.stride);
  }
  void commit_row(std::size_t band) override { ++next_[band - first_band_]; }

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
    for_each_group(
        [&](std::size_t first, int together) { encode_group<KeepBands>(first, together, work_.analysis_float); });
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
  }

  template <class Bands>
  Bands make_bands(std::size_t i) {
    if constexpr (std::is_same_v<Bands, KeepBands>)
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

// Columns x0 to x1 of a kept band's row of code-blocks, quantized into the stripe; whole vectors may go beyond.
void quantize_stripe(const KeptBand& kept, int64_t x0, int64_t x1, BandStripe& stripe, Workspace::Impl& work) {
  const Rect& rect = stripe.band->rect;
  const std::size_t first = std::size_t(x0 - rect.x0);
  for (int64_t y = stripe.first_y; y < stripe.end_y; ++y) {
    const float* row = kept.data + kRowPadding + std::size_t(y - rect.y0) * kept.stride;
    work.kernels.rows->quantize(row + first, std::size_t(x1 - x0), stripe.step, stripe.row(y) + first);
  }
}

}  // namespace

void encode_tile_rows(const ConstImageView& image, Workspace::Impl& work) {
  TileEncoder(image, work).encode_components();
}

void keep_tile_rows(const ConstImageView& image, Workspace::Impl& work) { TileEncoder(image, work).keep_components(); }

std::size_t encode_kept_tile(std::size_t first_band, uint32_t sampling, Workspace::Impl& work) {
  std::size_t bytes = 0;
  uint32_t counter = 0;
  for (std::size_t b = 0; b < work.tile.subbands.size(); ++b) {
    const Subband& band = work.tile.subbands[b];
    if (band.rect.empty()) continue;
    work.rows.reset();
    BandStripe stripe;
    stripe.start(band, work.rows, false);
    stripe.step = float(1.0 / band.step);
    for (uint32_t row = 0; row < band.grid_height; ++row) {
      stripe.start_stripe(row);
      for (uint32_t x = 0; x < band.grid_width; ++x) {
        if (counter++ % sampling != 0) continue;
        const Rect rect = codeblock_rect(band, x, row);
        quantize_stripe(work.kept[first_band + b], rect.x0, rect.x1, stripe, work);
        bytes += encode_block(stripe, x, sampling == 1, work);
      }
    }
  }
  return bytes;
}

}  // namespace blosc2_grok::j2k
