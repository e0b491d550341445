// SPDX-License-Identifier: BSD-3-Clause
// Runs as counts: the gap to the last run, the length, the bits.
#include "kept.hpp"

namespace blosc2_grok {

void KeptSamples::add(uint64_t index, uint64_t bits) {
  if (!runs_.empty() && runs_.back().bits == bits && runs_.back().start + runs_.back().length == index) {
    ++runs_.back().length;
  } else {
    runs_.push_back({index, 1, bits});
  }
}

std::vector<uint8_t> serialize_kept(const KeptSamples& kept) {
  std::vector<uint8_t> out;
  uint64_t end = 0;
  for (const KeptSamples::Run& run : kept.runs()) {
    append_count(out, run.start - end);
    append_count(out, run.length);
    // 64 bits of a double's NaN don't fit a count of 63: two halves.
    append_count(out, run.bits & 0xffffffff);
    append_count(out, run.bits >> 32);
    end = run.start + run.length;
  }
  return out;
}

KeptSamples parse_kept(ByteSpan bytes) {
  ByteReader reader(bytes, "segment: kept elements");
  KeptSamples kept;
  uint64_t at = 0;
  while (!reader.at_end()) {
    const uint64_t start = at + reader.count(), length = reader.count();
    const uint64_t low = reader.count(), high = reader.count();
    if (length == 0 || start > UINT32_MAX || length > UINT32_MAX || low > UINT32_MAX || high > UINT32_MAX) {
      throw Error(ErrorCode::kData, "segment: a run of ", length, " kept elements at ", start);
    }
    kept.add_run({start, length, low | high << 32});
    at = start + length;
  }
  return kept;
}

}  // namespace blosc2_grok
