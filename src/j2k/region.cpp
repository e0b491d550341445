// SPDX-License-Identifier: BSD-3-Clause
#include "region.hpp"

#include <cstdlib>

#include "ebcot_block.hpp"
#include "error.hpp"

namespace blosc2_grok::j2k {

// H.1: a coefficient of which no more than the upper Mb bits are decoded is as it would be without a shift.
RegionPlan plan_region(int magnitude_bits, int missing_bits, int passes, int shift) {
  const int all = magnitude_bits + shift - missing_bits;
  if (shift == 0 || all <= shift) return {all, false};
  const int upper = all - shift;
  if (passes <= 3 * upper - 2) return {upper, false};
  if (all >= kMaxEbcotPlanes) {
    fail("a region of interest that is shifted by ", shift, " makes ", all, " bit-planes, ", kMaxEbcotPlanes - 1,
         " at most are supported");
  }
  return {all, true};
}

void lower_region(int32_t* samples, std::size_t stride, int width, int height, int shift, int fraction_bits) {
  const uint32_t half = fraction_bits == 0 ? 0 : uint32_t{1} << (fraction_bits - 1);
  for (int y = 0; y < height; ++y, samples += stride) {
    for (int x = 0; x < width; ++x) {
      const auto magnitude = uint32_t(std::abs(samples[x])) >> fraction_bits;
      if (magnitude >> shift == 0) continue;
      // All of its bits are decoded: the middle of the quantizer's bin.
      const auto lowered = int32_t((magnitude >> shift) << fraction_bits | half);
      samples[x] = samples[x] < 0 ? -lowered : lowered;
    }
  }
}

void check_region_planes(int planes, int shift) {
  if (shift == 0 || planes + shift <= kMostRegionPlanes) return;
  fail("a region of interest that is shifted by ", shift, " makes ", planes + shift, " bit-planes, ", kMostRegionPlanes,
       " at most can be read by others");
}

}  // namespace blosc2_grok::j2k
