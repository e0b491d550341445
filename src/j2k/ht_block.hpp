// SPDX-License-Identifier: BSD-3-Clause
// The HT block coder (ISO/IEC 15444-15 clause 7): code-blocks of coefficients to codeword segments and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace blosc2_grok::j2k {

inline constexpr int kMaxBlockSide = 1024;
inline constexpr int kMaxBlockArea = 4096;
inline constexpr int kMaxSuffixBytes = 4079;  // Scup, clause 7.1.2
// A cleanup pass: 31 bits a sample with stuffing, and its suffix.
inline constexpr std::size_t kMaxCleanupBytes = 31 * kMaxBlockArea / 7 + kMaxSuffixBytes + 64;
// With coefficients of 64 bits: Mb is 37 at most, by seven guard bits and an exponent of 31 (ISO/IEC 15444-1 E-2).
inline constexpr int kMostMagnitudeBits = 37;
inline constexpr std::size_t kMaxWideCleanupBytes = (kMostMagnitudeBits + 1) * kMaxBlockArea / 7 + kMaxSuffixBytes + 64;

// Coefficients of one code-block in two's complement, `stride` elements from row to row. T is int32_t, or int64_t for
// samples of many bits.
template <class T>
struct HtEncodeJobOf {
  const T* samples = nullptr;
  std::size_t stride = 0;
  int width = 0, height = 0;
  int magnitude_bits = 0;  // Mb: magnitudes must be below 2^Mb
};
using HtEncodeJob = HtEncodeJobOf<int32_t>;
using WideHtEncodeJob = HtEncodeJobOf<int64_t>;

// One code-block's bytes and what they stand for. The result is sign(x) * (mu << shift | half), where half is the
// middle of the bin: bit shift - 1, if there is one; shift = bit-plane of the cleanup pass + fraction_bits.
struct HtBlockBytes {
  std::span<const uint8_t> cleanup;
  std::span<const uint8_t> refinement;
  int passes = 1;          // 1 cleanup, 2 and significance propagation, 3 and magnitude refinement
  int missing_bits = 0;    // P: bit-planes above the first of the cleanup pass
  int magnitude_bits = 0;  // Mb
  int fraction_bits = 0;
  bool causal = false;  // vertically causal significance propagation
  int width = 0, height = 0;
};
template <class T>
struct HtDecodeJobOf : HtBlockBytes {
  T* samples = nullptr;
  std::size_t stride = 0;
};
using HtDecodeJob = HtDecodeJobOf<int32_t>;
using WideHtDecodeJob = HtDecodeJobOf<int64_t>;

// Per-thread memory of the block coder; its size does not depend on anything.
struct HtScratch;

// Writes the cleanup pass at bit-plane 0 to `out` (kMaxCleanupBytes long) and returns its length, 0 if all samples
// are zero. Throws Error if a magnitude does not fit.
using HtEncodeBlock = std::size_t (*)(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out);

// Decodes one or two code-blocks, each with a scratch of its own: the serial step of HT waits for its own results, so
// two streams side by side take little longer than one. Throws Error on bytes that no encoder writes; every other
// damage gives wrong samples.
inline constexpr std::size_t kDecodeTogether = 2;
using HtDecodeBlocks = void (*)(std::span<const HtDecodeJob> jobs, HtScratch* scratch);

std::size_t plain_encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out);
std::size_t simd_encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out);
void plain_decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch);
void simd_decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch);

// Magnitudes of more bits are left to the plain coders: the vector ones pack two samples into 64 bits.
inline constexpr int kMostSimdBits = 27;
// As simd_decode_blocks, but what has larger magnitudes is left undone: bit i of the result is set where job i is.
uint32_t simd_decode_narrow(std::span<const HtDecodeJob> jobs, HtScratch* scratch);
// The plain ones again; `out` is kMaxWideCleanupBytes long.
std::size_t wide_encode_block(const WideHtEncodeJob& job, HtScratch& scratch, uint8_t* out);
void wide_decode_block(const WideHtDecodeJob& job, HtScratch& scratch);

}  // namespace blosc2_grok::j2k
