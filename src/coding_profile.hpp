// SPDX-License-Identifier: BSD-3-Clause
// Profiles that prescribe how to code: cinema, broadcast and IMF (ISO/IEC 15444-1 A.10, Amendments 1, 3 and 8).
#pragma once

#include "prepare.hpp"

namespace blosc2_grok {

enum class ProfileTiles { kOne, kOneOrFour, kOneOrSquare };

// All have unsigned samples and no offsets, CPRL with a tile-part for each component, TLM, one layer, code-blocks
// without a style, no region of interest, and precincts of 256 x 256, in the lowest resolution of 128 x 128.
struct CodingProfile {
  const char* name;
  uint32_t rsiz;    // without levels
  Extent greatest;  // image; 0: any
  uint32_t least_components, most_components;
  unsigned least_bits, most_bits;
  unsigned least_levels, most_levels;  // decompositions
  bool irreversible;                   // 9/7, else 5/3
  ProfileTiles tiles;
  uint32_t greatest_tile;  // side of the largest of several square ones
  Extent codeblock;        // 0: 32 to 128 wide, 32 or 64 high
  uint32_t guard_bits;     // 0: any
  bool has_mct;            // always
  bool has_highest_apart;  // in a second progression, after the other resolutions
};

inline constexpr uint32_t kProfilePrecinct = 256, kProfileLowestPrecinct = 128;

// The one that the parameters name; nullptr where it is of another kind, none, or in HT, which has none.
const CodingProfile* coding_profile(const Params& params);

// With what the profile prescribes in place of parameters that are at their defaults.
Params with_profile(Params params, const SourceImage& image);

// Throws Error(kCodecParam) naming the parameter, or what in the image, that the profile forbids.
void check_coding_profile(const CodingProfile& profile, const PreparedImage& prepared, const CodingJob& job);

}  // namespace blosc2_grok
