// SPDX-License-Identifier: BSD-3-Clause
// Codestreams that OpenJPEG writes, with random settings: layers, styles, markers, geometry.
#pragma once

#include <algorithm>
#include <memory>

#include "openjpeg_witness.hpp"

namespace blosc2_grok::j2k::test {

struct GrowingStream {
  std::vector<uint8_t> bytes;
  std::size_t position = 0;
};

inline opj_stream_t* open_stream(GrowingStream& memory) {
  opj_stream_t* stream = opj_stream_create(1 << 16, OPJ_FALSE);
  opj_stream_set_user_data(stream, &memory, nullptr);
  opj_stream_set_write_function(stream, [](void* from, OPJ_SIZE_T count, void* user) -> OPJ_SIZE_T {
    auto* m = static_cast<GrowingStream*>(user);
    m->bytes.resize(std::max(m->bytes.size(), m->position + count));
    std::memcpy(m->bytes.data() + m->position, from, count);
    m->position += count;
    return count;
  });
  opj_stream_set_skip_function(stream, [](OPJ_OFF_T count, void* user) -> OPJ_OFF_T {
    static_cast<GrowingStream*>(user)->position += std::size_t(count);
    return count;
  });
  opj_stream_set_seek_function(stream, [](OPJ_OFF_T to, void* user) -> OPJ_BOOL {
    static_cast<GrowingStream*>(user)->position = std::size_t(to);
    return OPJ_TRUE;
  });
  return stream;
}

// Empty if OpenJPEG refuses.
inline std::vector<uint8_t> openjpeg_encode(const Image& image, opj_cparameters_t parameters) {
  std::vector<opj_image_cmptparm_t> components(image.components);
  const auto x0 = OPJ_UINT32(parameters.image_offset_x0), y0 = OPJ_UINT32(parameters.image_offset_y0);
  for (opj_image_cmptparm_t& c : components) {
    c = {};
    c.dx = c.dy = 1, c.w = image.columns, c.h = image.rows, c.x0 = x0, c.y0 = y0;
    c.prec = OPJ_UINT32(image.bits), c.sgnd = image.is_signed ? 1 : 0;
  }
  opj_image_t* picture =
      opj_image_create(image.components, components.data(), image.components >= 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
  picture->x0 = x0, picture->y0 = y0, picture->x1 = x0 + image.columns, picture->y1 = y0 + image.rows;
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) picture->comps[c].data[y * image.columns + x] = image.get(c, y, x);
    }
  }
  opj_codec_t* codec = opj_create_compress(OPJ_CODEC_J2K);
  GrowingStream memory;
  opj_stream_t* stream = open_stream(memory);
  const bool good = opj_setup_encoder(codec, &parameters, picture) && opj_start_compress(codec, picture, stream) &&
                    opj_encode(codec, stream) && opj_end_compress(codec, stream);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(picture);
  if (!good) memory.bytes.clear();
  return memory.bytes;
}

struct OpenJpegCase {
  opj_cparameters_t parameters;
  bool lossless = false;
  std::string name;
};

// Are all code-blocks of 64 along this side, at offset 0, at least 8 long?
inline bool has_long_blocks(uint32_t side, int resolutions) {
  const auto is_long = [](uint32_t length) { return length >= 8 && (length % 64 == 0 || length % 64 >= 8); };
  for (int r = resolutions; r > 1; --r) {
    if (!is_long(side / 2)) return false;  // the high half
    side = (side + 1) / 2;
  }
  return is_long(side);
}

// OpenJPEG 2.5.0 writes past its buffer where a small code-block has many segments: styles with these get large ones.
inline void keep_blocks_large(const Image& image, opj_cparameters_t& p) {
  if ((p.mode & 5) == 0) return;
  while (p.numresolution > 1 &&
         !(has_long_blocks(image.rows, p.numresolution) && has_long_blocks(image.columns, p.numresolution))) {
    --p.numresolution;
  }
  if (!has_long_blocks(image.rows, p.numresolution) || !has_long_blocks(image.columns, p.numresolution)) p.mode &= ~5;
  if ((p.mode & 5) == 0) return;
  p.tile_size_on = OPJ_FALSE;
  p.image_offset_x0 = p.image_offset_y0 = p.cp_tx0 = p.cp_ty0 = 0;
  p.cblockw_init = p.cblockh_init = 64;
}

// Random settings for the image of `test`; geometry as in its options, if OpenJPEG can do that.
inline OpenJpegCase random_openjpeg_case(const Case& test, Random& random) {
  OpenJpegCase result;
  opj_cparameters_t& p = result.parameters;
  opj_set_default_encoder_parameters(&p);
  const EncodeOptions& o = test.options;
  p.numresolution = o.resolutions;
  p.cblockw_init = int(o.codeblock.width), p.cblockh_init = int(o.codeblock.height);
  p.image_offset_x0 = int(o.image_offset.width), p.image_offset_y0 = int(o.image_offset.height);
  if (o.tile.width != 0) {
    p.tile_size_on = OPJ_TRUE;
    p.cp_tdx = int(o.tile.width), p.cp_tdy = int(o.tile.height);
    p.cp_tx0 = int(o.tile_offset.width), p.cp_ty0 = int(o.tile_offset.height);
  }
  p.prog_order = OPJ_PROG_ORDER(int(o.progression));
  p.tcp_mct = o.mct ? 1 : 0;
  p.irreversible = o.reversible ? 0 : 1;
  p.mode = pick(random, 0, 1) == 0 ? 0 : int(pick(random, 0, 63));
  keep_blocks_large(test.image, p);
  if (pick(random, 0, 1) == 0) {
    p.csty |= 1;
    p.res_spec = p.numresolution;
    for (int r = 0; r < p.res_spec; ++r) {
      const Size size = random_power(random, (p.mode & 5) != 0 ? 7 : 3, 9);
      p.prcw_init[r] = int(size.width), p.prch_init[r] = int(size.height);
    }
  }
  if (pick(random, 0, 3) == 0) p.csty |= 2;
  if (pick(random, 0, 3) == 0) p.csty |= 4;
  p.cp_disto_alloc = 1;
  p.tcp_numlayers = int(pick(random, 1, 6));
  const bool whole = pick(random, 0, 2) != 0;
  float rate = float(pick(random, 10, 60));
  for (int layer = 0; layer < p.tcp_numlayers; ++layer) {
    p.tcp_rates[layer] = rate;
    rate = std::max(1.5f, rate * 0.6f);
  }
  if (whole) p.tcp_rates[p.tcp_numlayers - 1] = 0;
  result.lossless = whole && o.reversible;
  result.name = "; OpenJPEG: " + std::to_string(p.tcp_numlayers) + " layers, style " + std::to_string(p.mode) +
                ", csty " + std::to_string(p.csty) + ", whole " + std::to_string(whole);
  return result;
}

}  // namespace blosc2_grok::j2k::test
