// SPDX-License-Identifier: BSD-3-Clause
// Decodes a codestream in memory with OpenJPEG: a witness unrelated to our kernels.
#pragma once

#include <openjpeg.h>

#include <cstring>
#include <span>
#include <stdexcept>

#include "support.hpp"

namespace blosc2_grok::j2k::test {

struct MemoryStream {
  std::span<const uint8_t> bytes;
  std::size_t position = 0;
};

inline opj_stream_t* open_stream(MemoryStream& memory) {
  opj_stream_t* stream = opj_stream_create(1 << 16, OPJ_TRUE);
  opj_stream_set_user_data(stream, &memory, nullptr);
  opj_stream_set_user_data_length(stream, memory.bytes.size());
  opj_stream_set_read_function(stream, [](void* to, OPJ_SIZE_T count, void* user) -> OPJ_SIZE_T {
    auto* m = static_cast<MemoryStream*>(user);
    const std::size_t left = m->bytes.size() - m->position;
    if (left == 0) return OPJ_SIZE_T(-1);
    const std::size_t got = count < left ? count : left;
    std::memcpy(to, m->bytes.data() + m->position, got);
    m->position += got;
    return got;
  });
  opj_stream_set_skip_function(stream, [](OPJ_OFF_T count, void* user) -> OPJ_OFF_T {
    static_cast<MemoryStream*>(user)->position += std::size_t(count);
    return count;
  });
  opj_stream_set_seek_function(stream, [](OPJ_OFF_T to, void* user) -> OPJ_BOOL {
    static_cast<MemoryStream*>(user)->position = std::size_t(to);
    return OPJ_TRUE;
  });
  return stream;
}

// Fills `image` (of the right geometry) with what OpenJPEG makes of the codestream; throws if it refuses.
inline void openjpeg_decode(std::span<const uint8_t> bytes, Image& image, int reduce = 0, int layers = 0) {
  MemoryStream memory{bytes};
  opj_stream_t* stream = open_stream(memory);
  opj_codec_t* codec = opj_create_decompress(OPJ_CODEC_J2K);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  parameters.cp_reduce = OPJ_UINT32(reduce);
  parameters.cp_layer = OPJ_UINT32(layers);
  opj_image_t* decoded = nullptr;
  const bool good = opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &decoded) &&
                    opj_decode(codec, stream, decoded) && opj_end_decompress(codec, stream);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  if (!good) {
    opj_image_destroy(decoded);
    throw std::runtime_error("OpenJPEG refuses");
  }
  image.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    const opj_image_comp_t& component = decoded->comps[c];
    if (component.w != image.columns || component.h != image.rows || component.data == nullptr) {
      const std::string size = std::to_string(component.h) + " x " + std::to_string(component.w);
      opj_image_destroy(decoded);
      throw std::runtime_error("OpenJPEG: " + size);
    }
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) image.set(c, y, x, component.data[y * image.columns + x]);
    }
  }
  opj_image_destroy(decoded);
}

inline void expect_openjpeg_decoded(std::span<const uint8_t> bytes, const Image& image) {
  Image back = image;
  try {
    openjpeg_decode(bytes, back);
  } catch (const std::runtime_error& error) {
    FAIL() << error.what();
  }
  EXPECT_TRUE(back.memory == image.memory);
}

}  // namespace blosc2_grok::j2k::test
