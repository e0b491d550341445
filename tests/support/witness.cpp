// SPDX-License-Identifier: BSD-3-Clause
// The whole file in memory, read by OpenJPEG with its default parameters.
#include "witness.hpp"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace blosc2_grok::test {
namespace {

struct Cursor {
  std::span<const uint8_t> bytes;
  size_t at = 0;
};

OPJ_SIZE_T read_some(void* dst, OPJ_SIZE_T count, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  const size_t some = std::min<size_t>(count, cursor.bytes.size() - cursor.at);
  if (some == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(dst, cursor.bytes.data() + cursor.at, some);
  cursor.at += some;
  return some;
}

OPJ_OFF_T skip_some(OPJ_OFF_T count, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  const auto left = static_cast<OPJ_OFF_T>(cursor.bytes.size() - cursor.at);
  const OPJ_OFF_T some = std::min(count, left);
  cursor.at += static_cast<size_t>(some);
  return some;
}

OPJ_BOOL seek_to(OPJ_OFF_T position, void* user) {
  auto& cursor = *static_cast<Cursor*>(user);
  if (position < 0 || static_cast<size_t>(position) > cursor.bytes.size()) return OPJ_FALSE;
  cursor.at = static_cast<size_t>(position);
  return OPJ_TRUE;
}

void throw_later(const char* message, void* user) { *static_cast<std::string*>(user) += message; }

}  // namespace

WitnessImage read_with_openjpeg(std::span<const uint8_t> stored) {
  const bool is_codestream = stored.size() >= 2 && stored[0] == 0xff && stored[1] == 0x4f;
  std::string complaint;
  const std::unique_ptr<opj_codec_t, void (*)(opj_codec_t*)> codec(
      opj_create_decompress(is_codestream ? OPJ_CODEC_J2K : OPJ_CODEC_JP2), opj_destroy_codec);
  opj_set_error_handler(codec.get(), throw_later, &complaint);
  opj_set_warning_handler(codec.get(), throw_later, &complaint);  // a stream of ours gives no reason to warn
  Cursor cursor{stored};
  const std::unique_ptr<opj_stream_t, void (*)(opj_stream_t*)> stream(opj_stream_default_create(OPJ_TRUE),
                                                                      opj_stream_destroy);
  opj_stream_set_user_data(stream.get(), &cursor, nullptr);
  opj_stream_set_user_data_length(stream.get(), stored.size());
  opj_stream_set_read_function(stream.get(), read_some);
  opj_stream_set_skip_function(stream.get(), skip_some);
  opj_stream_set_seek_function(stream.get(), seek_to);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_setup_decoder(codec.get(), &parameters);
  opj_image_t* raw = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &raw);
  const std::unique_ptr<opj_image_t, void (*)(opj_image_t*)> image(raw, opj_image_destroy);
  const bool is_read =
      has_header && opj_decode(codec.get(), stream.get(), image.get()) && opj_end_decompress(codec.get(), stream.get());
  if (!is_read || !complaint.empty()) throw std::runtime_error("OpenJPEG: " + complaint);

  WitnessImage out;
  for (OPJ_UINT32 i = 0; i < image->numcomps; ++i) {
    const opj_image_comp_t& component = image->comps[i];
    out.width = component.w, out.height = component.h, out.bits = component.prec, out.is_signed = component.sgnd != 0;
    out.components.emplace_back(component.data, component.data + size_t{component.w} * component.h);
  }
  return out;
}

}  // namespace blosc2_grok::test
