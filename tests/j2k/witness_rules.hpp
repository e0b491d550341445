// SPDX-License-Identifier: BSD-3-Clause
// Where a witness is known to be wrong or unable: empty if it is to be believed, else the reason, which is counted.
#pragma once

#include "campaign_case.hpp"

namespace blosc2_grok::j2k::test {

inline bool has_offsets(const EncodeOptions& o) {
  return o.image_offset.width != 0 || o.image_offset.height != 0 || o.tile_offset.width != 0 ||
         o.tile_offset.height != 0;
}
inline bool is_full_swing(const Image& image) {
  std::size_t at_ends = 0;
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        const int32_t value = image.get(c, y, x);
        at_ends += value == image.low() || value == image.high() ? 1 : 0;
      }
    }
  }
  return 2 * at_ends > image.samples();
}
inline bool is_by_place(const EncodeOptions& o) { return o.progression >= Progression::kRpcl; }

inline std::string openjpeg_rule(const CampaignCase& test) {
  const EncodeOptions& o = test.options;
  // Its precincts of 2^15 overflow 32 bits there.
  if (o.resolutions > 16 && is_by_place(o)) return "more than 16 resolutions in an order by place";
  // Its 2/K is 3e-5 off, which is more than a count in deep images.
  if (!o.reversible && test.image.bits > 12) return "9/7 of more than 12 bits";
  return {};
}

// OpenJPH 0.9.0 counts precincts and empty subbands wrong, and may end the process by it.
inline std::string openjph_rule(const CampaignCase& test) {
  const EncodeOptions& o = test.options;
  if (has_offsets(o)) return "offsets";
  if (o.tile.width != 0) return "tiles";
  if (!o.precincts.empty()) return "precincts";
  if (o.resolutions > 6) return "more than 6 resolutions";
  if (std::min(test.image.rows, test.image.columns) >> (o.resolutions - 1) == 0) return "an empty subband";
  return {};
}

inline std::string ffmpeg_rule(const CampaignCase& test) {
  const EncodeOptions& o = test.options;
  if (test.image.components > 4) return "more than 4 components";
  if (test.image.components == 2 && test.image.bits % 8 != 0) return "2 components of a depth that is no whole byte";
  if (is_by_place(o) && !o.precincts.empty() && (o.tile.width != 0 || has_offsets(o))) {
    return "precincts with tiles or offsets in an order by place";
  }
  if (o.region_shift != 0 && test.image.components > 1) return "a region of interest in one of several components";
  // In HT it takes a code-block that uses all bit-planes for another; with 3 guard bits there is none.
  if (o.high_throughput && o.guard_bits < 2) return "HT with less than 2 guard bits";
  if (o.high_throughput && o.guard_bits == 2 && is_full_swing(test.image)) {
    return "HT with 2 guard bits, most samples at an end of their range";
  }
  return {};
}

}  // namespace blosc2_grok::j2k::test
