// SPDX-License-Identifier: BSD-3-Clause
// The encoder: samples row by row through colour and wavelet transform into code-blocks, then packets.
#include <cmath>

#include "packet.hpp"
#include "quantizer.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k {
namespace {

void check_image(const ConstImageView& image) {
  if (image.rows == 0 || image.columns == 0 || image.components == 0) {
    fail("an image of ", image.rows, " x ", image.columns, " x ", image.components, " samples has no pixels");
  }
  if (image.components > kMaxComponents) fail(image.components, " components are more than 16384");
  if (image.bits < 1 || image.bits > 26 || image.bits > 8 * image.bytes_per_sample) {
    fail(image.bits, " bits in ", image.bytes_per_sample, " bytes a sample are not supported");
  }
  if (image.component_offsets.size() != image.components) {
    fail(image.component_offsets.size(), " offsets for ", image.components, " components");
  }
}

int log2_exactly(uint32_t value, const char* what) {
  if (!std::has_single_bit(value)) fail(what, " ", value, " is no power of two");
  return floor_log2(value);
}

void set_size(const ConstImageView& image, const EncodeOptions& options, ImageSize& size) {
  const Size& at = options.image_offset;
  size.image = {at.width, at.height, int64_t{at.width} + image.columns, int64_t{at.height} + image.rows};
  if (size.image.x1 > 0xFFFFFFFF || size.image.y1 > 0xFFFFFFFF) fail("image and offset pass 2^32 - 1");
  size.tile_x0 = options.tile_offset.width, size.tile_y0 = options.tile_offset.height;
  if (size.tile_x0 > at.width || size.tile_y0 > at.height) fail("the tile offset is beyond the image's");
  const bool whole = options.tile.width == 0 || options.tile.height == 0;
  size.tile_width = whole ? uint32_t(size.image.x1 - size.tile_x0) : options.tile.width;
  size.tile_height = whole ? uint32_t(size.image.y1 - size.tile_y0) : options.tile.height;
  if (int64_t{size.tile_x0} + size.tile_width <= size.image.x0 ||
      int64_t{size.tile_y0} + size.tile_height <= size.image.y0) {
    fail("the first tile does not touch the image");
  }
  if (size.tiles() > 65535) fail(size.tiles(), " tiles are more than 65535");
  size.components.assign(image.components, {uint8_t(image.bits), image.is_signed, 1, 1});
}

void set_coding(const ConstImageView& image, const EncodeOptions& options, TileCoding& coding) {
  ComponentCoding component;
  if (options.resolutions < 1 || options.resolutions > kMaxLevels + 1) {
    fail(options.resolutions, " resolutions: 1 to 33 are possible");
  }
  component.levels = options.resolutions - 1;
  component.codeblock_width_log2 = log2_exactly(options.codeblock.width, "code-block width");
  component.codeblock_height_log2 = log2_exactly(options.codeblock.height, "code-block height");
  const int w = component.codeblock_width_log2, h = component.codeblock_height_log2;
  if (w < 2 || h < 2 || w > 10 || h > 10 || w + h > 12) {
    fail("code-blocks of ", options.codeblock.width, " x ", options.codeblock.height, " are not allowed");
  }
  component.reversible = options.reversible;
  for (int r = component.levels, i = 0; r >= 0 && !options.precincts.empty(); --r, ++i) {
    const Size& size = options.precincts[std::min<std::size_t>(std::size_t(i), options.precincts.size() - 1)];
    const int x = log2_exactly(size.width, "precinct width"), y = log2_exactly(size.height, "precinct height");
    if (x > 15 || y > 15 || (r > 0 && (x == 0 || y == 0))) fail("precincts of ", size.width, " x ", size.height);
    component.precincts[std::size_t(r)] = uint8_t(y << 4 | x);
  }
  coding.progression = options.progression;
  coding.layers = 1;
  coding.mct = options.mct;
  if (options.mct && image.components < 3) fail("a colour transformation of ", image.components, " components");
  if (!(options.base_step > 0) || !std::isfinite(options.base_step)) fail("a base step must be above 0");
  set_quantization_steps(image.bits, options.mct, options.guard_bits, options.base_step, component);
  coding.components.assign(image.components, component);
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
    for (std::size_t b = 0; b < stripes_.size(); ++b) {
      const Subband& band = work_.tile.subbands[first_band_ + b];
      stripes_[b].start(band, work_.rows, kFloat);
      stripes_[b].step = float(1.0 / band.step);
    }
  }

  T* row(std::size_t band) override {
    BandStripe& stripe = stripes_[band - first_band_];
    if constexpr (kFloat) return static_cast<float*>(stripe.line);
    else return stripe.row(stripe.next_y);
  }

  void commit_row(std::size_t band) override {
    BandStripe& stripe = stripes_[band - first_band_];
    if (stripe.band->rect.empty()) return;
    if constexpr (kFloat) {
      work_.kernels.rows->quantize(static_cast<float*>(stripe.line), std::size_t(stripe.band->rect.width()),
                                   stripe.step, stripe.row(stripe.next_y));
    }
    if (++stripe.next_y < stripe.end_y) return;
    encode_stripe(stripe);
    if (stripe.grid_row + 1 < stripe.band->grid_height) stripe.start_stripe(stripe.grid_row + 1);
  }

 private:
  static constexpr bool kFloat = std::is_same_v<T, float>;

  void encode_stripe(const BandStripe& stripe) {
    const Subband& band = *stripe.band;
    uint8_t* bytes = work_.block_bytes.grow(kMaxCleanupBytes);
    for (uint32_t x = 0; x < band.grid_width; ++x) {
      const Rect rect = codeblock_rect(band, x, stripe.grid_row);
      const HtEncodeJob job{stripe.at(rect), stripe.stride, int(rect.width()), int(rect.height()),
                            band.magnitude_bits};
      const std::size_t length = work_.kernels.encode_block(job, work_.ht, bytes);
      if (length == 0) continue;
      uint8_t* kept = work_.coded.take<uint8_t>(length);
      std::memcpy(kept, bytes, length);
      CodeBlock& block = work_.tile.codeblock(band, x, stripe.grid_row);
      block.missing_bits = uint8_t(band.magnitude_bits - 1);
      add_chunk(work_.tile, block, {kept, uint32_t(length), 0, 1, -1});
    }
  }

  Workspace::Impl& work_;
  std::vector<BandStripe>& stripes_;
  std::size_t first_band_ = 0;
};

class TileEncoder {
 public:
  TileEncoder(const ConstImageView& image, Workspace::Impl& work) : image_(image), work_(work) {}

  void encode_components() {
    const std::size_t components = work_.tile.components.size();
    const bool reversible = work_.header.coding.components[0].reversible;
    for (std::size_t c = 0; c < components;) {
      const int together = work_.header.coding.mct && c == 0 ? 3 : 1;
      work_.rows.reset();
      reversible ? encode_group<int32_t>(c, together, work_.analysis_int)
                 : encode_group<float>(c, together, work_.analysis_float);
      c += std::size_t(together);
    }
  }

 private:
  template <class T>
  void encode_group(std::size_t first, int together, Analysis<T>* analyses) {
    EncodeBands<T> bands[3] = {{work_, work_.stripes[0]}, {work_, work_.stripes[1]}, {work_, work_.stripes[2]}};
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
  void transform_colour(int32_t** rows, std::size_t width) {
    work_.kernels.rows->rct_forward(rows, width, rows);
  }
  void transform_colour(float** rows, std::size_t width) {
    work_.kernels.rows->ict_forward(rows, width, rows);
  }

  const ConstImageView& image_;
  Workspace::Impl& work_;
};

void encode_tile(const ConstImageView& image, uint32_t index, Workspace::Impl& work) {
  const MainHeader& header = work.header;
  build_tile(header.size, header.coding, index, UINT64_MAX, work.tile);
  order_precincts(header.size, header.coding, work.tile);
  work.coded.reset();
  TileEncoder(image, work).encode_components();
  const std::size_t psot = write_tile_part_header(index, work.output);
  write_packets(header.coding, work.tile, work.output);
  patch_tile_part(psot, work.output);
}

}  // namespace

std::span<const uint8_t> encode(const ConstImageView& image, const EncodeOptions& options, Workspace& workspace) {
  Workspace::Impl& work = workspace.impl();
  check_image(image);
  set_size(image, options, work.header.size);
  set_coding(image, options, work.header.coding);
  work.output.clear();
  write_main_header(work.header.size, work.header.coding,
                    largest_magnitude_bits(work.header.coding.components[0]), work.output);
  for (uint32_t t = 0; t < work.header.size.tiles(); ++t) encode_tile(image, t, work);
  write_end(work.output);
  return work.output;
}

}  // namespace blosc2_grok::j2k
