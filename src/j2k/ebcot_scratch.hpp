// SPDX-License-Identifier: BSD-3-Clause
// Per-thread memory of the Part 1 block coder, of fixed size.
#pragma once

#include <cstdint>

#include "ebcot_grid.hpp"
#include "mq_bits.hpp"
#include "mq_states.hpp"

namespace blosc2_grok::j2k {

// A pass has at most two symbols a sample, three more a column in run mode, and four at its end; wide stores go beyond.
inline constexpr std::size_t kMaxPassSymbols = 2 * kMaxEbcotArea + 3 * kMaxEbcotArea / 4 + 4;
inline constexpr std::size_t kSymbolSlack = 128;
// A symbol shifts by 15 places at the most.
inline constexpr std::size_t kMaxPassBytes = kMaxPassSymbols * 15 / 8 + 64;
inline constexpr std::size_t kMaxCodewordBytes = kMaxEbcotBytes + kMaxPassBytes;
inline constexpr std::size_t kMaxFlags = 3400;  // columns and a border on all sides; the worst is 819 x 5

struct EbcotScratch {
  // One bit a sample, see EbcotGrid.
  alignas(64) uint64_t significant[kMaxEbcotWords];
  alignas(64) uint64_t negative[kMaxEbcotWords];
  alignas(64) uint64_t visited[kMaxEbcotWords];                  // coded by this bit-plane's propagation pass
  alignas(64) uint64_t refined[kMaxEbcotWords];                  // refined at least once
  alignas(64) uint64_t planes[kMaxWidePlanes * kMaxEbcotWords];  // magnitude bit-planes, one after the other
  alignas(64) uint64_t propagated[kMaxEbcotWords];               // encoder: found by any propagation pass
  // Encoder: `negative` seen from the sample to the left, right, above and below.
  alignas(64) uint64_t negative_near[4][kMaxEbcotWords];
  // Encoder: a pass's symbols, context in the low five bits and decision in the top one.
  alignas(64) uint8_t symbols[kMaxPassSymbols + kSymbolSlack];
  // Decoder: each column's neighbourhood.
  alignas(64) uint32_t flags[kMaxFlags];
  alignas(64) uint32_t unused_flags[32];  // written where there is no neighbour
  alignas(64) MqWord contexts[kMqContexts + 5];
  // A segment before stuffing, or after its removal.
  alignas(64) uint8_t codeword[kMaxCodewordBytes];
};

}  // namespace blosc2_grok::j2k
