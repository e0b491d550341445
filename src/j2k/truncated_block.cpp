// SPDX-License-Identifier: BSD-3-Clause
// A bit-plane's propagation pass has the samples beside significant ones, its refinement pass those that were so before,
// its cleanup pass the rest (ISO/IEC 15444-1 D.3). So one bit a sample tells how deep it is known after any pass.
#include "truncated_block.hpp"

#include <algorithm>
#include <cstdlib>

namespace blosc2_grok::j2k {
namespace {

// What is known after the last pass: all bit-planes from `plane` up, as far as its kind goes.
struct Depth {
  int plane;
  bool is_cleanup;
  uint32_t above;  // bit-planes by which samples are less known that were significant before
};

Depth depth_after(int planes, int passes) {
  const int last = passes - 1;
  return {planes - 1 - (last + 2) / 3, last % 3 == 0, last % 3 == 1 ? 1u : 0u};
}

// The middle of what is left open below `plane`.
uint32_t half_below(int plane, int fraction_bits) {
  return plane + fraction_bits == 0 ? 0 : uint32_t{1} << (plane + fraction_bits - 1);
}

}  // namespace

void truncate_block(const TruncatedBlock& block, int32_t* to, std::size_t to_stride) {
  if (block.passes == 0) {
    for (int y = 0; y < block.height; ++y) std::fill_n(to + std::size_t(y) * to_stride, block.width, 0);
    return;
  }
  const Depth depth = depth_after(block.planes, block.passes);
  const int f = block.fraction_bits;
  const uint32_t halves[2] = {half_below(depth.plane, f), half_below(depth.plane + 1, f)};
  const std::size_t words = std::size_t((block.width + 15) / 16);
  for (int y = 0; y < block.height; ++y) {
    const int32_t* from = block.samples + std::size_t(y) * block.stride;
    const uint64_t* propagated = block.propagated + std::size_t(y / 4) * words;
    int32_t* row = to + std::size_t(y) * to_stride;
    for (int x = 0; x < block.width; ++x) {  // no branches: they would be guesses
      const auto magnitude = uint32_t(std::abs(from[x]));
      const uint32_t upper = magnitude >> depth.plane;
      const bool is_propagated = (propagated[x / 16] >> (4 * (x % 16) + y % 4) & 1) != 0;
      const bool was_before = upper > 1;
      const bool is_known = was_before | ((upper == 1) & (depth.is_cleanup | is_propagated));
      const uint32_t more = was_before ? depth.above : 0;
      const uint32_t plane = uint32_t(depth.plane) + more;
      const uint32_t value = (magnitude >> plane << (plane + uint32_t(f))) | halves[more];
      const int32_t sign = from[x] >> 31;
      row[x] = is_known ? (int32_t(value) ^ sign) - sign : 0;
    }
  }
}

}  // namespace blosc2_grok::j2k
