// SPDX-License-Identifier: BSD-3-Clause
// OpenJPH, in memory, on the same image: the peer in j2k_bench and a witness in the tests.
#pragma once

#include <openjph/ojph_arch.h>
#include <openjph/ojph_base.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "codec.hpp"

namespace openjph_peer {

using blosc2_grok::j2k::ConstImageView;
using blosc2_grok::j2k::EncodeOptions;
using blosc2_grok::j2k::ImageView;

template <class View>
auto* place(const View& image, uint32_t component, uint32_t row) {
  return image.samples +
         (image.component_offsets[component] + std::ptrdiff_t(row) * image.row_stride) * image.bytes_per_sample;
}

inline int32_t load(const ConstImageView& image, const std::byte* at) {
  if (image.bytes_per_sample == 1) return image.is_signed ? int32_t(int8_t(*at)) : int32_t(uint8_t(*at));
  uint16_t value;
  std::memcpy(&value, at, 2);
  return image.is_signed ? int32_t(int16_t(value)) : int32_t(value);
}

inline std::vector<uint8_t> encode(const ConstImageView& image, const EncodeOptions& options) {
  ojph::codestream stream;
  ojph::param_siz siz = stream.access_siz();
  const auto& at = options.image_offset;
  siz.set_image_extent(ojph::point(at.width + image.columns, at.height + image.rows));
  siz.set_num_components(image.components);
  for (uint32_t c = 0; c < image.components; ++c) {
    siz.set_component(c, ojph::point(1, 1), ojph::ui32(image.bits), image.is_signed);
  }
  siz.set_image_offset(ojph::point(at.width, at.height));
  if (options.tile.width != 0) siz.set_tile_size(ojph::size(options.tile.width, options.tile.height));
  siz.set_tile_offset(ojph::point(options.tile_offset.width, options.tile_offset.height));
  ojph::param_cod cod = stream.access_cod();
  cod.set_num_decomposition(ojph::ui32(options.resolutions - 1));
  cod.set_block_dims(options.codeblock.width, options.codeblock.height);
  cod.set_color_transform(options.mct);
  cod.set_reversible(options.reversible);
  constexpr const char* kOrders[] = {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"};
  cod.set_progression_order(kOrders[int(options.progression)]);
  if (!options.reversible) stream.access_qcd().set_irrev_quant(float(options.base_step / double(1 << image.bits)));
  stream.set_planar(!options.mct);
  ojph::mem_outfile file;
  file.open();
  stream.write_headers(&file);
  ojph::ui32 component = 0;
  ojph::line_buf* line = stream.exchange(nullptr, component);
  std::vector<uint32_t> next_row(image.components, 0);
  while (line != nullptr) {
    const std::byte* from = place(image, component, next_row[component]++);
    for (uint32_t x = 0; x < image.columns; ++x) {
      line->i32[x] = load(image, from + std::ptrdiff_t(x) * image.column_stride * image.bytes_per_sample);
    }
    bool more = false;
    for (uint32_t row : next_row) more = more || row < image.rows;
    line = stream.exchange(line, component);
    if (!more) break;
  }
  stream.flush();
  const uint8_t* begin = file.get_data();
  std::vector<uint8_t> bytes(begin, begin + file.tell());
  stream.close();
  return bytes;
}

inline void decode(std::span<const uint8_t> bytes, const ImageView& image) {
  ojph::mem_infile file;
  file.open(bytes.data(), bytes.size());
  ojph::codestream stream;
  stream.read_headers(&file);
  // Joined components come line by line, others one after the other.
  stream.set_planar(!blosc2_grok::j2k::read_header(bytes).mct);
  stream.create();
  const int32_t low = image.is_signed ? -(1 << (image.bits - 1)) : 0;
  const int32_t high = low + int32_t((int64_t{1} << image.bits) - 1);
  std::vector<uint32_t> next_row(image.components, 0);
  for (std::size_t lines = std::size_t{image.rows} * image.components; lines > 0; --lines) {
    ojph::ui32 component = 0;
    const ojph::line_buf* line = stream.pull(component);
    std::byte* to = place(image, component, next_row[component]++);
    for (uint32_t x = 0; x < image.columns; ++x) {
      const int32_t value = std::min(std::max(line->i32[x], low), high);
      std::memcpy(to + std::ptrdiff_t(x) * image.column_stride * image.bytes_per_sample, &value,
                  std::size_t(image.bytes_per_sample));
    }
  }
  stream.close();
}

}  // namespace openjph_peer
