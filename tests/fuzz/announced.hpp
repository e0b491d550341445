// SPDX-License-Identifier: BSD-3-Clause
// The size of the block that a stored one says it is, so that an input whose options don't tell it is tried in full.
#pragma once

#include <algorithm>

#include "codestream.hpp"
#include "error.hpp"
#include "mutate.hpp"
#include "segment.hpp"

namespace blosc2_grok::fuzz {

constexpr uint64_t kMostSamples = 1 << 20;

// By our segment, a wrong checksum overlooked; without one by the image header. 0: too much to be tried, or nothing.
inline size_t announced_bytes(test::Bytes stored) {
  try {
    test::reseal(stored);
    const auto codestream = find_codestream(stored);
    const CodestreamHeader header = parse_codestream_header(codestream);
    if (const auto segment = read_segment(stored, codestream, header)) {
      uint64_t samples = 1;
      for (const uint32_t extent : segment->layout.extents) samples = std::min(samples * extent, kMostSamples + 1);
      return samples > kMostSamples ? 0 : samples * segment->sample.bytes;
    }
    const uint64_t pixels = uint64_t{header.width()} * header.height();
    if (pixels > kMostSamples || pixels * header.components.size() > kMostSamples) return 0;
    return pixels * header.components.size() * (header.components[0].bits > 8 ? 2 : 1);
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace blosc2_grok::fuzz
