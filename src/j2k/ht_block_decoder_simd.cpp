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

uint32_t decode_blocks(std::span<const HtDecodeJob>, HtScratch*) { return ~0u; }

#else

// Streams longer than any encoder's of blocks that the windows take.
bool fits_memory(const CleanupPlan& plan) { return plan.prefix <= 31 * kMaxBlockArea / 8; }

bool finish_block(const HtDecodeJob& job, const CleanupPlan& plan, HtScratch& scratch) {
  if (!VectorStep(job, plan, scratch).run(scratch.quads + kQuadPadding)) return false;
  if (job.passes > 1) refine_block(job, plan, scratch);
  return true;
}

bool decode_block(const HtDecodeJob& job, HtScratch& scratch) {
  const CleanupPlan plan = plan_cleanup(job);
  if (!fits_memory(plan)) return false;
  SerialStep(job, plan, scratch).run();
  return finish_block(job, plan, scratch);
}

// Bit i of the result is set where job i is left to the plain coder.
uint32_t decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  uint32_t undone = 0;
  if (jobs.size() == 2 && jobs[0].width == jobs[1].width && jobs[0].height == jobs[1].height) {
    const CleanupPlan plans[2] = {plan_cleanup(jobs[0]), plan_cleanup(jobs[1])};
    if (fits_memory(plans[0]) && fits_memory(plans[1])) {
      SerialStep a(jobs[0], plans[0], scratch[0]), b(jobs[1], plans[1], scratch[1]);
      SerialStep::run_together(a, b);
      for (uint32_t i = 0; i < 2; ++i) undone |= uint32_t{!finish_block(jobs[i], plans[i], scratch[i])} << i;
      return undone;
    }
  }
  for (uint32_t i = 0; i < jobs.size(); ++i) undone |= uint32_t{!decode_block(jobs[i], *scratch)} << i;
  return undone;
}

#endif

}  // namespace
}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blosc2_grok::j2k {

HWY_EXPORT(decode_blocks);

uint32_t simd_decode_narrow(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  return HWY_DYNAMIC_DISPATCH(decode_blocks)(jobs, scratch);
}

void simd_decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  const uint32_t undone = simd_decode_narrow(jobs, scratch);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if ((undone >> i & 1) != 0) plain_decode_blocks(jobs.subspan(i, 1), scratch);
  }
}

}  // namespace blosc2_grok::j2k
#endif
