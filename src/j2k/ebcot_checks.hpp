// SPDX-License-Identifier: BSD-3-Clause
// What must hold of a block coder's job before any kernel touches memory.
#pragma once

#include "ebcot_block.hpp"
#include "error.hpp"

namespace blosc2_grok::j2k {

inline void check_block_size(int width, int height) {
  if (width < 1 || height < 1 || width > kMaxEbcotSide || height > kMaxEbcotSide || width * height > kMaxEbcotArea) {
    fail("a code-block of ", width, " x ", height, " samples");
  }
}

template <class T>
void check_job(const EbcotEncodeJobOf<T>& job) {
  check_block_size(job.width, job.height);
}

template <class T>
void check_job(const EbcotDecodeJobOf<T>& job) {
  check_block_size(job.width, job.height);
  if (job.planes < 0 || job.fraction_bits < 0 || job.planes + job.fraction_bits > kMaxPlanesOf<T>) {
    fail("a code-block of ", job.planes, " bit-planes and ", job.fraction_bits, " fraction bits");
  }
  int passes = 0;
  for (const EbcotSegment& segment : job.segments) {
    if (segment.passes < 0 || segment.passes > kMaxEbcotPasses - passes) fail("a code-block of too many passes");
    passes += segment.passes;
  }
  if (passes > 0 && passes > 3 * job.planes - 2) fail(passes, " coding passes for ", job.planes, " bit-planes");
}

}  // namespace blosc2_grok::j2k
