// SPDX-License-Identifier: BSD-3-Clause
// The word operations of the Part 1 block coder without any special instructions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "ebcot_contexts.hpp"
#include "ebcot_flags.hpp"

namespace blosc2_grok::j2k {

struct JoinJob {
  const uint64_t* planes;  // lowest decoded plane first
  std::size_t plane_pitch;
  int plane_count;  // decoded, the lowest perhaps in part
  int shift;        // of the lowest plane in the result
  uint64_t negative;
  uint64_t complete;  // samples whose lowest plane is decoded
};

namespace plain {

inline int count_ones(uint64_t word) { return std::popcount(word); }

// Moves the bits of `word` under `mask` together at the low end.
inline uint64_t pack_bits(uint64_t word, uint64_t mask) {
  uint64_t packed = 0;
  for (int k = 0; mask != 0; mask &= mask - 1, ++k) packed |= uint64_t((word & mask & (0 - mask)) != 0) << k;
  return packed;
}

// The other way round: the lowest bits of `word` go where the mask has ones.
inline uint64_t spread_bits(uint64_t word, uint64_t mask) {
  uint64_t spread = 0;
  for (; mask != 0; mask &= mask - 1, word >>= 1) spread |= (mask & (0 - mask)) & (0 - (word & 1));
  return spread;
}

// pack_bits(flags, kSignMasks[row]).
inline uint32_t sign_index(uint32_t flags, int row) {
  const uint32_t significance = flags >> 3 * row, signs = flags >> (kOwnSigns + row);
  return (significance >> 1 & 1) | (significance >> 2 & 2) | (significance >> 3 & 4) | (significance >> 4 & 8) |
         (signs & 1) << 4 | (signs & 4) << 3 | (signs & 64) | (signs >> 3 & 128);
}

// Writes a byte for every bit of `members`: its label plus `base`, and its decision in the top bit. Returns their end;
// up to 64 bytes beyond may be overwritten.
inline uint8_t* write_symbols(uint8_t* out, uint64_t members, const Labels& labels, uint64_t decisions, int base) {
  for (; members != 0; members &= members - 1) {
    const int i = std::countr_zero(members);
    unsigned symbol = unsigned(base) + unsigned(decisions >> i & 1) * 128;
    for (int k = 0; k < 4; ++k) symbol += unsigned(labels.bit[k] >> i & 1) << k;
    *out++ = uint8_t(symbol);
  }
  return out;
}

// The same for zero coding and sign coding: each sample's sign follows its decision on significance.
inline uint8_t* write_symbols(uint8_t* out, uint64_t members, const Labels& labels, uint64_t decisions, uint64_t fresh,
                              const Labels& sign_labels, uint64_t sign_decisions) {
  for (uint64_t all = members | fresh; all != 0; all &= all - 1) {
    const uint64_t bit = all & (0 - all);
    out = write_symbols(out, members & bit, labels, decisions, 0);
    out = write_symbols(out, fresh & bit, sign_labels, sign_decisions, 0);
  }
  return out;
}

template <class T>
std::make_unsigned_t<T> magnitude_of(T value) {
  using Magnitude = std::make_unsigned_t<T>;
  return value < 0 ? Magnitude{0} - Magnitude(value) : Magnitude(value);
}

// The largest magnitude's bits, or more.
template <class T>
std::make_unsigned_t<T> magnitudes_or(const T* samples, std::size_t stride, int width, int height) {
  std::make_unsigned_t<T> all = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      all |= magnitude_of(samples[std::size_t(y) * stride + std::size_t(x)]);
    }
  }
  return all;
}

// Splits 16 columns of a stripe into bit-planes: plane k goes to planes[k * plane_pitch], the signs to `negative`.
template <class T>
void split_word(const T* samples, std::size_t stride, int plane_count, uint64_t* planes, std::size_t plane_pitch,
                uint64_t* negative) {
  uint64_t signs = 0;
  for (int k = 0; k < plane_count; ++k) planes[std::size_t(k) * plane_pitch] = 0;
  for (int i = 0; i < 64; ++i) {
    const T value = samples[std::size_t(i & 3) * stride + std::size_t(i >> 2)];
    const auto magnitude = magnitude_of(value);
    signs |= uint64_t(value < 0) << i;
    for (int k = 0; k < plane_count; ++k) planes[std::size_t(k) * plane_pitch] |= uint64_t(magnitude >> k & 1) << i;
  }
  *negative = signs;
}

// Puts 16 columns of a stripe together again.
template <class T>
void join_word(const JoinJob& job, T* samples, std::size_t stride) {
  using Magnitude = std::make_unsigned_t<T>;
  for (int i = 0; i < 64; ++i) {
    Magnitude magnitude = 0;
    for (int k = job.plane_count - 1; k >= 0; --k) {
      magnitude = magnitude << 1 | Magnitude(job.planes[std::size_t(k) * job.plane_pitch] >> i & 1);
    }
    if (magnitude != 0) {
      const int open = job.shift + (job.complete >> i & 1 ? 0 : 1);
      magnitude = magnitude << job.shift | (Magnitude{1} << open) >> 1;
    }
    samples[std::size_t(i & 3) * stride + std::size_t(i >> 2)] = job.negative >> i & 1 ? -T(magnitude) : T(magnitude);
  }
}

}  // namespace plain
}  // namespace blosc2_grok::j2k
