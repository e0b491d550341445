// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block coder for any machine.
#include "ebcot_bits_plain.hpp"
#include "ebcot_checks.hpp"

#define EBCOT_NAMESPACE plain
#include "ebcot_decoder-inl.hpp"
#include "ebcot_encoder-inl.hpp"

namespace blosc2_grok::j2k {

void plain_ebcot_encode(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded) {
  check_job(job);
  plain::BlockEncoder(job, scratch, out, encoded).run();
}

void plain_ebcot_decode(const EbcotDecodeJob& job, EbcotScratch& scratch) {
  check_job(job);
  plain::BlockDecoder(job, scratch).run();
}

void wide_ebcot_encode(const WideEbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded) {
  check_job(job);
  plain::BlockEncoder(job, scratch, out, encoded).run();
}

void wide_ebcot_decode(const WideEbcotDecodeJob& job, EbcotScratch& scratch) {
  check_job(job);
  plain::BlockDecoder(job, scratch).run();
}

}  // namespace blosc2_grok::j2k
