// SPDX-License-Identifier: BSD-3-Clause
// Per-thread memory of the HT block coder, of fixed size.
#pragma once

#include <cstdint>

#include "ht_block.hpp"

namespace blosc2_grok::j2k {

inline constexpr int kMaxQuadsAcross = kMaxBlockSide / 2;
inline constexpr int kMaxQuads = kMaxBlockArea;  // 4096 samples in rows one sample high or wide: 2 a quad, and slack

struct HtScratch {
  alignas(64) uint8_t mel[kMaxSuffixBytes + 64];
  alignas(64) uint8_t vlc[2 * kMaxSuffixBytes + 64];
  // Streams before stuffing, or after its removal, with room for wide stores.
  alignas(64) uint8_t magsgn_bits[31 * kMaxBlockArea / 8 + 256];
  alignas(64) uint8_t vlc_bits[2 * kMaxSuffixBytes + 256];
  // One word per quad: what the serial step hands to the vector step.
  alignas(64) uint32_t quads[kMaxQuads + 2 * kMaxQuadsAcross + 64];
  // Magnitude exponents of a row of samples, and the row of quads' worth of vectors around them.
  alignas(64) int32_t exponents[2][kMaxBlockSide + 128];
  // Significance with a border, for the refinement passes.
  alignas(64) uint8_t significance[(kMaxBlockArea + 4 * kMaxBlockSide) * 2];
};

}  // namespace blosc2_grok::j2k
