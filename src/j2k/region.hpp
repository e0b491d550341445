// SPDX-License-Identifier: BSD-3-Clause
// Regions of interest by the Maxshift method (ISO/IEC 15444-1 Annex H): the region's coefficients are `shift`
// bit-planes above all others.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blosc2_grok::j2k {

inline constexpr int kMostRegionShift = 37;  // Table A.26
// Bit-planes that other decoders hold, OpenJPEG above all.
inline constexpr int kMostRegionPlanes = 30;

// How a code-block is decoded whose first coded bit-plane is `missing_bits` below the Mb + shift of its subband.
struct RegionPlan {
  int planes = 0;          // from the first coded one down
  bool is_raised = false;  // samples of 2^shift and more are the region's
};
RegionPlan plan_region(int magnitude_bits, int missing_bits, int passes, int shift);

// Brings the region's samples down to the others.
void lower_region(int32_t* samples, std::size_t stride, int width, int height, int shift, int fraction_bits);

// A code-block of so many bit-planes above `shift` ones must be within the reach of other decoders.
void check_region_planes(int planes, int shift);

}  // namespace blosc2_grok::j2k
