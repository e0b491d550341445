// SPDX-License-Identifier: BSD-3-Clause
// Checks images and options; what no header could say is an Error here.
#include "encode_setup.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "quantizer.hpp"
#include "region.hpp"
#include "row_kernels.hpp"

namespace blosc2_grok::j2k {
namespace {

void check_image(const ConstImageView& image) {
  if (image.rows == 0 || image.columns == 0 || image.components == 0) {
    fail("an image of ", image.rows, " x ", image.columns, " x ", image.components, " samples has no pixels");
  }
  if (image.components > kMaxComponents) fail(image.components, " components are more than 16384");
  if (image.bits < 1 || image.bits > kMostBits || image.bits > 8 * image.bytes_per_sample) {
    fail(image.bits, " bits in ", image.bytes_per_sample, " bytes a sample are not supported");
  }
  if (image.component_offsets.size() != image.components) {
    fail(image.component_offsets.size(), " offsets for ", image.components, " components");
  }
}

void check_wide(const ConstImageView& image, const EncodeOptions& options) {
  if (image.bits <= kMostNarrowBits) return;
  const bool has_target = options.target_mse > 0 || options.target_bytes > 0 || !options.layers.empty();
  if (!options.reversible || has_target || options.region_shift != 0) {
    fail(image.bits,
         " bits a sample are coded without loss, in one layer and without a region of interest: ", kMostNarrowBits,
         " at most otherwise");
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

int codeblock_style(const EncodeOptions& options) {
  if (options.high_throughput && options.block_style == 0) return kCodeBlockHt;
  if (options.high_throughput) fail("High-Throughput code-blocks have no style ", options.block_style);
  if ((options.block_style & ~kCodeBlockPart1) != 0) fail("code-block style ", options.block_style, " is unknown");
  return options.block_style;
}

void check_region(const ConstImageView& image, const EncodeOptions& options) {
  if (options.region_shift == 0) return;
  if (options.high_throughput) fail("High-Throughput has no region of interest");
  if ((options.block_style & kCodeBlockLazy) != 0) {
    fail("LAZY code-blocks in a region of interest are read wrong by others");
  }
  if (options.region_shift < 0 || options.region_shift > kMostRegionShift) {
    fail("a region of interest that is shifted by ", options.region_shift, ": 1 to ", kMostRegionShift,
         " are possible");
  }
  if (options.region_component >= image.components) {
    fail("component ", options.region_component, " of ", image.components, " as region of interest");
  }
}

int check_layers(const EncodeOptions& options) {
  if (options.layers.empty()) return 1;
  if (options.high_throughput) fail("High-Throughput has one quality layer, ", options.layers.size(), " are asked for");
  if (options.layers.size() > 65535) fail(options.layers.size(), " quality layers are more than 65535");
  return int(options.layers.size());
}

// As in 4K cinema: whoever wants half the size stops after the first progression.
void set_highest_apart(const ConstImageView& image, int levels, TileCoding& coding) {
  if (levels == 0) fail("a single resolution can't be put apart");
  const auto highest = uint32_t(levels);
  ProgressionChange change{0, highest, 0, image.components, coding.layers, coding.progression};
  coding.changes.push_back(change);
  change.first_resolution = highest, change.end_resolution = highest + 1;
  coding.changes.push_back(change);
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
  component.codeblock_style = codeblock_style(options);
  component.reversible = options.reversible;
  for (int r = component.levels, i = 0; r >= 0 && !options.precincts.empty(); --r, ++i) {
    const Size& size = options.precincts[std::min<std::size_t>(std::size_t(i), options.precincts.size() - 1)];
    const int x = log2_exactly(size.width, "precinct width"), y = log2_exactly(size.height, "precinct height");
    if (x > 15 || y > 15 || (r > 0 && (x == 0 || y == 0))) fail("precincts of ", size.width, " x ", size.height);
    component.precincts[std::size_t(r)] = uint8_t(y << 4 | x);
  }
  coding.progression = options.progression;
  coding.layers = check_layers(options);
  coding.changes.clear();
  if (options.highest_apart) set_highest_apart(image, component.levels, coding);
  coding.mct = options.mct;
  check_region(image, options);
  if (options.mct && image.components < 3) fail("a colour transformation of ", image.components, " components");
  coding.components.assign(image.components, component);
  set_base_step(image, options, options.base_step, coding);
}

}  // namespace

void set_base_step(const ConstImageView& image, const EncodeOptions& options, double base_step, TileCoding& coding) {
  if (!(base_step > 0) || !std::isfinite(base_step)) fail("a base step must be above 0");
  ComponentCoding component = coding.components[0];
  component.region_shift = 0;
  set_quantization_steps(image.bits, options.mct, options.guard_bits, base_step, component);
  coding.components.assign(image.components, component);
  if (options.region_shift > 0) coding.components[options.region_component].region_shift = options.region_shift;
}

void set_up_encoding(const ConstImageView& image, const EncodeOptions& options, MainHeader& header) {
  check_image(image);
  check_wide(image, options);
  set_size(image, options, header.size);
  set_coding(image, options, header.coding);
  constexpr int kPart2 = 0x8000, kHighThroughput = 0x4000;
  if (options.profile < 0 || options.profile >= kHighThroughput) {
    fail("Rsiz ", options.profile, options.profile >= kPart2 ? ": Part 2 is not written" : " is no profile of Part 1");
  }
  if (options.profile != 0 && options.high_throughput) fail("High-Throughput has no Rsiz ", options.profile);
  header.profile = options.profile;
  header.parts = {options.tile_parts, options.component_parts, options.packet_lengths, options.part_lengths};
}

}  // namespace blosc2_grok::j2k
