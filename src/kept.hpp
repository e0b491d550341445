// SPDX-License-Identifier: BSD-3-Clause
// Elements kept bit for bit beside a lossy rest: masked values, NaN, infinity. Runs over the valid elements in the
// codestream's order.
#pragma once

#include <cstdint>
#include <vector>

#include "bytes.hpp"

namespace blosc2_grok {

class KeptSamples {
 public:
  struct Run {
    uint64_t start = 0;
    uint64_t length = 0;
    uint64_t bits = 0;
    bool operator==(const Run&) const = default;
  };

  // Indices must come in rising order.
  void add(uint64_t index, uint64_t bits);
  void add_run(const Run& run) { runs_.push_back(run); }
  bool empty() const { return runs_.empty(); }
  const std::vector<Run>& runs() const { return runs_; }
  bool operator==(const KeptSamples&) const = default;

 private:
  std::vector<Run> runs_;
};

std::vector<uint8_t> serialize_kept(const KeptSamples& kept);
// Throws Error(kData) for empty runs and counts of more than 32 bits.
KeptSamples parse_kept(ByteSpan bytes);

}  // namespace blosc2_grok
