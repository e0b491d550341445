// SPDX-License-Identifier: BSD-3-Clause
// What a decoder makes of a code-block's first coding passes, told by its coefficients: nothing is decoded.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ebcot_grid.hpp"

namespace blosc2_grok::j2k {

// A code-block as it was coded, in the units of EbcotEncodeJob.
struct TruncatedBlock {
  const int32_t* samples = nullptr;
  std::size_t stride = 0;
  int width = 0, height = 0;
  // Samples that a propagation pass found to be significant: as EbcotGrid has them, without its border.
  const uint64_t* propagated = nullptr;
  int planes = 0;  // magnitude bit-planes of the largest sample
  int passes = 0;  // that are kept
  int fraction_bits = 0;
};

constexpr std::size_t propagated_words(int width, int height) {
  return std::size_t((width + 15) / 16) * std::size_t((height + 3) / 4);
}

// The result is that of EbcotDecodeBlock for the same passes.
void truncate_block(const TruncatedBlock& block, int32_t* to, std::size_t to_stride);

}  // namespace blosc2_grok::j2k
