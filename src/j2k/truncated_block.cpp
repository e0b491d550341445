// SPDX-License-Identifier: BSD-3-Clause
// A bit-plane's propagation pass has the samples beside significant ones, its refinement pass those that were so before,
// its cleanup pass the rest (ISO/IEC 15444-1 D.3). So one bit a sample tells how deep it is known after any pass.
#include "truncated_block.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace blosc2_grok::j2k {
namespace {

enum class PassKind { kCleanup, kPropagation, kRefinement };

// What is known after the last pass: all bit-planes from `plane` up, as far as the kind of the pass goes.
struct Depth {
  PassKind kind;
  int plane;
};

Depth depth_after(int planes, int passes) {
  const int last = passes - 1;
  return {PassKind(last % 3), planes - 1 - (last + 2) / 3};
}

// The lowest known bit-plane of a significant sample; -1 where it isn't known to be significant.
int known_plane(const Depth& depth, uint32_t magnitude, bool is_propagated) {
  const int top = int(std::bit_width(magnitude)) - 1;
  if (top < depth.plane) return -1;
  if (top == depth.plane) return is_propagated || depth.kind == PassKind::kCleanup ? depth.plane : -1;
  return depth.kind == PassKind::kPropagation ? depth.plane + 1 : depth.plane;
}

}  // namespace

void truncate_block(const TruncatedBlock& block, int32_t* to, std::size_t to_stride) {
  if (block.passes == 0) {
    for (int y = 0; y < block.height; ++y) std::fill_n(to + std::size_t(y) * to_stride, block.width, 0);
    return;
  }
  const Depth depth = depth_after(block.planes, block.passes);
  const int f = block.fraction_bits;
  const std::size_t words = std::size_t((block.width + 15) / 16);
  for (int y = 0; y < block.height; ++y) {
    const int32_t* from = block.samples + std::size_t(y) * block.stride;
    const uint64_t* propagated = block.propagated + std::size_t(y / 4) * words;
    int32_t* row = to + std::size_t(y) * to_stride;
    for (int x = 0; x < block.width; ++x) {
      const auto magnitude = uint32_t(std::abs(from[x]));
      const bool is_propagated = (propagated[x / 16] >> (4 * (x % 16) + y % 4) & 1) != 0;
      const int known = magnitude == 0 ? -1 : known_plane(depth, magnitude, is_propagated);
      if (known < 0) {
        row[x] = 0;
        continue;
      }
      const uint32_t half = known + f == 0 ? 0 : uint32_t{1} << (known + f - 1);
      const auto value = int32_t((magnitude >> known << (known + f)) | half);
      row[x] = from[x] < 0 ? -value : value;
    }
  }
}

}  // namespace blosc2_grok::j2k
