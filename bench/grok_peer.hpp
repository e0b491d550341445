// SPDX-License-Identifier: BSD-3-Clause
// Grok's decoder, in memory, for engine_bench alone: the library does not use it (docs/design.md). Its encoder has
// been called before, which starts Grok's threads.
#pragma once

#include <grok.h>

#include <memory>
#include <span>
#include <stdexcept>

#include "planes.hpp"

namespace grok_peer {

struct Unref {
  void operator()(grk_codec* codec) const { grk_object_unref(codec); }
};

// Writes each component's plane from its first byte on.
inline void decode(std::span<const uint8_t> bytes, const blosc2_grok::PlaneView& plane,
                   std::span<uint8_t* const> components) {
  grk_stream_params stream{};
  stream.buf = const_cast<uint8_t*>(bytes.data());  // only read
  stream.len = bytes.size();
  grk_decompress_core_params parameters{};
  grk_decompress_set_default_params(&parameters);
  const std::unique_ptr<grk_codec, Unref> codec(grk_decompress_init(&stream, &parameters));
  grk_header_info info{};
  if (!codec || !grk_decompress_read_header(codec.get(), &info) || !grk_decompress(codec.get(), nullptr)) {
    throw std::runtime_error("Grok does not decode");
  }
  const grk_image* image = grk_decompress_get_composited_image(codec.get());
  blosc2_grok::PlaneView row = plane;
  row.rows = 1;
  for (size_t c = 0; c < components.size(); ++c) {
    const grk_image_comp& from = image->comps[c];
    for (size_t r = 0; r < plane.rows; ++r) {
      blosc2_grok::scatter(components[c] + r * plane.row_stride * plane.sample.bytes, from.data + r * from.stride, row);
    }
  }
}

}  // namespace grok_peer
