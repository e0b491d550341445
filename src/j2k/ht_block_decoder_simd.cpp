// SPDX-License-Identifier: BSD-3-Clause
// The HT cleanup pass decoder in two steps (ISO/IEC 15444-15 clause 7.3): a serial one reads the VLC and MEL streams
// into a word for each quad; a vector one makes exponents, bit lengths and samples of a row of them.
#include "ht_refinement.hpp"
#include "ht_scratch.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ht_block_decoder_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "ht_vector_step-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace blosc2_grok::j2k::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) { plain_decode_blocks(jobs, scratch); }

#else

// Deeper blocks than the windows take, and streams longer than any encoder's, are left to the plain coder.
bool fits_windows(const CleanupPlan& plan) {
  return plan.largest_bound <= kLargestBound && plan.prefix <= 31 * kMaxBlockArea / 8;
}

void finish_block(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& scratch) {
  VectorStep(job, plan, scratch).run(scratch.quads + kQuadPadding);
  if (job.passes > 1) refine_block(job, plan, scratch);
}

void decode_block(const HtDecodeJob& job, HtScratch& scratch) {
  const CleanupPlan plan = plan_cleanup(job);
  if (!fits_windows(plan)) return plain_decode_blocks({&job, 1}, &scratch);
  SerialStep(job, plan, scratch).run();
  finish_block(job, plan, scratch);
}

void decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  if (jobs.size() == 2 && jobs[0].width == jobs[1].width && jobs[0].height == jobs[1].height) {
    const CleanupPlan plans[2] = {plan_cleanup(jobs[0]), plan_cleanup(jobs[1])};
    if (fits_windows(plans[0]) && fits_windows(plans[1])) {
      SerialStep a(jobs[0], plans[0], scratch[0]), b(jobs[1], plans[1], scratch[1]);
      SerialStep::run_together(a, b);
      finish_block(jobs[0], plans[0], scratch[0]);
      return finish_block(jobs[1], plans[1], scratch[1]);
    }
  }
  for (const HtDecodeJob& job : jobs) decode_block(job, *scratch);
}

#endif

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blosc2_grok::j2k {

HWY_EXPORT(decode_blocks);

void simd_decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  HWY_DYNAMIC_DISPATCH(decode_blocks)(jobs, scratch);
}

}  // namespace blosc2_grok::j2k
#endif
