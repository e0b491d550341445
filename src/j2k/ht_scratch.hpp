// SPDX-License-Identifier: BSD-3-Clause
// Per-thread memory of the HT block coder, of fixed size.
#pragma once

#include <cstdint>

#include "ht_block.hpp"

namespace blosc2_grok::j2k {

// Elements before and after every row of the arrays below, for shifted and whole-vector access.
inline constexpr int kLanePadding = 32;
// Words of quads, two of each quad: rows are padded to whole vectors.
inline constexpr int kMaxQuadLanes = kMaxBlockArea / 2 + 32 * (kMaxBlockSide / 2 + 2);

// One element per column of samples.
template <class T>
struct ColumnRow {
  alignas(64) T elements[kMaxBlockSide + 2 * kLanePadding];

  T* begin() { return elements + kLanePadding; }
};

struct HtScratch {
  alignas(64) uint8_t mel[kMaxSuffixBytes + 64];
  alignas(64) uint8_t vlc[2 * kMaxSuffixBytes + 64];
  // Streams before stuffing, or after its removal, with room for wide stores and for reading past the end.
  alignas(64) uint8_t magsgn_bits[31 * kMaxBlockArea / 8 + 256];
  alignas(64) uint8_t vlc_bits[2 * kMaxSuffixBytes + 4096];
  // What the serial step of decoding hands to the vector step.
  alignas(64) uint32_t quads[kMaxQuadLanes];
  // Magnitude exponents of two rows of samples, and other columns of the row of quads in work.
  ColumnRow<int32_t> exponents[2];
  ColumnRow<uint32_t> columns[6];
  // Significance with a border, for the refinement passes.
  alignas(64) uint8_t significance[(kMaxBlockArea + 4 * kMaxBlockSide) * 2];
};

}  // namespace blosc2_grok::j2k
