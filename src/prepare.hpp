// SPDX-License-Identifier: BSD-3-Clause
// From a block's elements to the image that an engine codes: dtype found, padding left out, values mapped.
#pragma once

#include <optional>

#include "engine.hpp"
#include "mapping.hpp"
#include "request.hpp"

namespace blosc2_grok {

struct PreparedImage {
  ByteSpan samples;  // the block in natural order
  SampleType element;
  Geometry geometry;
  ValidExtent valid;
  std::optional<MappedImage> mapped;  // unset: the image lies in `samples`
  SourceImage image;
  Params params;  // the request's; without its quality where a block can't lose as asked
  bool engine_may_lose = false;
  bool mapping_loses = false;

  bool is_lossy() const { return engine_may_lose || mapping_loses; }
  bool is_padded() const { return valid != ValidExtent{geometry.planes, geometry.rows, geometry.columns}; }
};

// `samples` must outlive the result. Throws Error for a loss that this block can't be given.
PreparedImage prepare_image(const EncodeRequest& request, ByteSpan samples);

// What decoding makes of a codestream of this image, in the units of the elements.
MappedLoss measure_prepared(const PreparedImage& prepared, ByteSpan codestream, unsigned threads);

}  // namespace blosc2_grok
