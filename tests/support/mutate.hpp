// SPDX-License-Identifier: BSD-3-Clause
// Damage to stored blocks, seeded: bit flips, overwritten runs, cuts, moved pieces, borrowed headers.
#pragma once

#include <cstdint>
#include <optional>

#include "blocks.hpp"
#include "segment.hpp"

namespace blosc2_grok::test {

// splitmix64: the same numbers with every standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  uint64_t state_;
};

// A damaged copy of `stored`; never empty, at most 64 bytes longer.
Bytes mutate(const Bytes& stored, Random& random);

// Gives the block a checksum that holds again, so that the damage gets past it; false when there is no segment left.
bool reseal(Bytes& stored);

// The block without our segment, as an earlier plugin would have stored it: nothing of ours protects it.
std::optional<Bytes> without_segment(const Bytes& stored);

// `stored` with another segment in place of its own, sealed.
Bytes with_segment(const Bytes& stored, const Segment& segment);

// Whether half of our segment's signature is still there, side by side. Else the block is one of an earlier plugin for all
// that it shows; only the array's metalayer can tell.
bool has_half_a_signature(const Bytes& stored);

// Offset of our segment's marker in the block.
std::optional<size_t> find_segment(const Bytes& stored);

}  // namespace blosc2_grok::test
