// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block coder, compiled for several instruction sets; the best one the machine has is taken at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ebcot_simd.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "ebcot_bits_simd-inl.hpp"
#include "ebcot_checks.hpp"
#include "ebcot_contexts.hpp"
#include "ebcot_flags.hpp"
#include "ebcot_scratch.hpp"
#include "mq_decoder.hpp"
#include "mq_encoder.hpp"

HWY_BEFORE_NAMESPACE();
// Every machine with BMI2 counts leading zeros in one step too; Highway's own list lacks that.
#if BLOSC2_GROK_HAS_BMI2 && defined(__clang__)
#pragma clang attribute push(__attribute__((target("lzcnt"))), apply_to = function)
#elif BLOSC2_GROK_HAS_BMI2
#pragma GCC push_options
#pragma GCC target("lzcnt")
#endif
#undef EBCOT_NAMESPACE
#define EBCOT_NAMESPACE HWY_NAMESPACE
#include "ebcot_decoder-inl.hpp"
#include "ebcot_encoder-inl.hpp"

namespace blosc2_grok::j2k::HWY_NAMESPACE {

void ebcot_encode(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded) {
  BlockEncoder(job, scratch, out, encoded).run();
}

void ebcot_decode(const EbcotDecodeJob& job, EbcotScratch& scratch) { BlockDecoder(job, scratch).run(); }

}  // namespace blosc2_grok::j2k::HWY_NAMESPACE
#if BLOSC2_GROK_HAS_BMI2 && defined(__clang__)
#pragma clang attribute pop
#elif BLOSC2_GROK_HAS_BMI2
#pragma GCC pop_options
#endif
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blosc2_grok::j2k {

HWY_EXPORT(ebcot_encode);
HWY_EXPORT(ebcot_decode);

void simd_ebcot_encode(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded) {
  check_job(job);
  HWY_DYNAMIC_DISPATCH(ebcot_encode)(job, scratch, out, encoded);
}

void simd_ebcot_decode(const EbcotDecodeJob& job, EbcotScratch& scratch) {
  check_job(job);
  HWY_DYNAMIC_DISPATCH(ebcot_decode)(job, scratch);
}

}  // namespace blosc2_grok::j2k
#endif
