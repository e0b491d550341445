// SPDX-License-Identifier: BSD-3-Clause
// What C-Blosc2 looks up in this library: the symbol `info` and the two functions that it names.
#include <cstdint>

#include "decode.hpp"
#include "encode.hpp"
#include "error.hpp"

namespace {

// The host's codec_info (blosc2.h): two pointers to names, resolved by dlsym.
struct CodecInfo {
  const char* encoder;
  const char* decoder;
};

blosc2_grok::ByteSpan span_of(const uint8_t* bytes, int32_t size) {
  if (bytes == nullptr || size < 0) {
    throw blosc2_grok::Error(blosc2_grok::ErrorCode::kInvalidParam, "no buffer of ", size, " bytes");
  }
  return {bytes, static_cast<size_t>(size)};
}

}  // namespace

extern "C" {

BLOSC2_GROK_EXPORT extern CodecInfo info;
CodecInfo info{"blosc2_grok_encoder", "blosc2_grok_decoder"};

BLOSC2_GROK_EXPORT int blosc2_grok_encoder(const uint8_t* input, int32_t input_len, uint8_t* output, int32_t output_len,
                                           uint8_t meta, void* cparams, const void* /*chunk*/) {
  return blosc2_grok::guard([&] {
    const auto block = span_of(input, input_len);
    const auto dst = span_of(output, output_len);
    if (block.empty()) return 0;
    const auto request = blosc2_grok::make_encode_request(block, meta, cparams);
    return static_cast<int>(blosc2_grok::encode_block({output, dst.size()}, request));
  });
}

BLOSC2_GROK_EXPORT int blosc2_grok_decoder(const uint8_t* input, int32_t input_len, uint8_t* output, int32_t output_len,
                                           uint8_t /*meta*/, void* dparams, const void* /*chunk*/) {
  return blosc2_grok::guard([&] {
    const auto stored = span_of(input, input_len);
    const auto dst = span_of(output, output_len);
    blosc2_grok::decode_block(blosc2_grok::make_decode_request({output, dst.size()}, stored, dparams));
    return output_len;
  });
}

// The encoder of sibling.c's libraries.
BLOSC2_GROK_EXPORT int blosc2_grok_refusing_encoder(const uint8_t*, int32_t, uint8_t*, int32_t, uint8_t, void*,
                                                    const void*) {
  return blosc2_grok::guard([]() -> int {
    throw blosc2_grok::Error(blosc2_grok::ErrorCode::kCodecSupport,
                             "codecs 39 (j2k) and 40 (htj2k) are read here, not written: make a copy by "
                             "blosc2_grok.convert, or install the package blosc2-j2k or blosc2-htj2k");
  });
}

}  // extern "C"
