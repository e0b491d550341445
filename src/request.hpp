// SPDX-License-Identifier: BSD-3-Clause
// One block as a caller hands it over, with everything that decides how it is coded.
#pragma once

#include <cstdint>
#include <string>

#include "bytes.hpp"
#include "engine.hpp"
#include "geometry.hpp"
#include "params.hpp"
#include "sample_type.hpp"

namespace blosc2_grok {

struct EncodeRequest {
  ByteSpan block;
  Dtype dtype;
  Layout layout;
  uint8_t shuffled_typesize = 0;  // 0: samples lie as they are; n: byte-shuffled by n
  bool is_bytes = false;          // bytes in a row, whatever they mean
  std::string lossless_only;      // why no loss is allowed; empty: it is
  Params params;
  unsigned threads = 1;
  bool is_whole = false;     // zeros at its end are no padding
  bool must_shrink = false;  // the host stores blocks raw that don't get smaller
};

struct DecodeRequest {
  ByteSpan stored_block;
  std::span<uint8_t> block;  // exactly the block's bytes, or the reduced block's
  DecodeOptions options;
  std::vector<uint32_t> array_extents;  // of the array's block, axes of 1 left out; empty: not known
  std::string no_legacy;  // why a block without our segment can't be one of an earlier plugin; empty: it may be
};

// From the arguments of the host's calls. Throws Error.
EncodeRequest make_encode_request(ByteSpan block, uint8_t codec_meta, const void* cparams);
DecodeRequest make_decode_request(std::span<uint8_t> block, ByteSpan stored_block, const void* dparams);

}  // namespace blosc2_grok
