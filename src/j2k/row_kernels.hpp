// SPDX-License-Identifier: BSD-3-Clause
// Kernels over rows of samples and coefficients: wavelet lifting, colour, quantization, samples in and out.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blosc2_grok::j2k {

// Elements that every row has before its first and after its last one, for the kernels to use: an interleaved load of
// two vectors of 16 may begin two after the last one.
inline constexpr std::size_t kRowPadding = 48;

constexpr std::size_t padded_row(std::size_t width) { return (width + 2 * kRowPadding + 15) / 16 * 16; }

// 9/7 lifting parameters (ISO/IEC 15444-1 Table F.4), rounded to float once and for all.
inline constexpr float kAlpha = -1.586134342059924f;
inline constexpr float kBeta = -0.052980118572961f;
inline constexpr float kGamma = 0.882911075530934f;
inline constexpr float kDelta = 0.443506852043971f;
inline constexpr float kScale = 1.230174104914001f;

// Bits of a sample whose worst case in 5/3 and RCT, some sixteen times as large, an int32_t holds; and the most there
// may be.
inline constexpr int kMostNarrowBits = 26;
inline constexpr int kMostBits = 31;

// How samples of one component lie in memory, and their DC level shift (Annex G.1).
struct SampleRow {
  int bytes = 2;
  bool is_signed = false;
  int bits = 16;
  std::ptrdiff_t stride = 1;
};

// One implementation of every kernel. `parity` is the first coordinate's lowest bit; rows longer than one sample.
// Lifting steps: step 0 and 2 act on odd coordinates in analysis, step 0 and 2 on even ones in synthesis.
struct RowKernels {
  // row dst from its neighbours a and b.
  void (*lift_53)(bool inverse, int step, int32_t* dst, const int32_t* a, const int32_t* b, std::size_t count);
  void (*lift_97)(bool inverse, int step, float* dst, const float* a, const float* b, std::size_t count);
  // One row into its low and high half, and back. Of what is read only the padding may be changed; `scratch` is
  // two padded rows of `count`.
  void (*split_53)(int32_t* row, std::size_t count, int parity, int32_t* low, int32_t* high, int32_t* scratch);
  void (*split_97)(const float* row, std::size_t count, int parity, float low_scale, float high_scale, float* low,
                   float* high, float* scratch);
  void (*join_53)(int32_t* low, int32_t* high, std::size_t count, int parity, int32_t* row, int32_t* scratch);
  void (*join_97)(float* low, float* high, std::size_t count, int parity, float low_scale, float high_scale, float* row,
                  float* scratch);
  // Annex G.2 and G.3; `to` may be `from`.
  void (*rct_forward)(int32_t* const from[3], std::size_t count, int32_t* const to[3]);
  void (*rct_inverse)(int32_t* const from[3], std::size_t count, int32_t* const to[3]);
  void (*ict_forward)(float* const from[3], std::size_t count, float* const to[3]);
  void (*ict_inverse)(float* const from[3], std::size_t count, float* const to[3]);
  // Annex E.1.1: sign(x) * floor(|x| * inverse_step), as two's complement.
  void (*quantize)(const float* row, std::size_t count, float inverse_step, int32_t* out);
  // Sum of squares of what `quantize` and reconstruction in the middle of the bins lose. Added up in sixteen lanes on
  // every instruction set, so that all of them search the same way.
  double (*quantization_error)(const float* row, std::size_t count, float step, float inverse_step);
  // What the decoder makes of coefficients that `quantize` has gone over.
  void (*requantize)(const float* row, std::size_t count, float step, float inverse_step, float* out);
  void (*dequantize)(const int32_t* row, std::size_t count, float step, float* out);
  // Typed samples in, level shifted; out with the shift undone, rounded (float) and clipped to the depth.
  void (*read_int)(const std::byte* from, const SampleRow& layout, std::size_t count, int32_t* row);
  void (*read_float)(const std::byte* from, const SampleRow& layout, std::size_t count, float* row);
  void (*write_int)(const int32_t* row, std::size_t count, const SampleRow& layout, std::byte* to);
  void (*write_float)(const float* row, std::size_t count, const SampleRow& layout, std::byte* to);
  // Sum of squared differences between what `write_float` would round `row` to and level-shifted samples; `greatest`
  // grows to the greatest one.
  uint64_t (*sample_loss)(const float* row, const int32_t* samples, std::size_t count, int bits, uint32_t& greatest);
};

// The same of the reversible path in 64 bits, for samples of 4 bytes that are wider than kMostNarrowBits. There is one
// implementation, the plain one.
struct WideRowKernels {
  void (*lift_53)(bool inverse, int step, int64_t* dst, const int64_t* a, const int64_t* b, std::size_t count);
  void (*split_53)(int64_t* row, std::size_t count, int parity, int64_t* low, int64_t* high, int64_t* scratch);
  void (*join_53)(int64_t* low, int64_t* high, std::size_t count, int parity, int64_t* row, int64_t* scratch);
  void (*rct_forward)(int64_t* const from[3], std::size_t count, int64_t* const to[3]);
  void (*rct_inverse)(int64_t* const from[3], std::size_t count, int64_t* const to[3]);
  void (*read)(const std::byte* from, const SampleRow& layout, std::size_t count, int64_t* row);
  void (*write)(const int64_t* row, std::size_t count, const SampleRow& layout, std::byte* to);
};

const WideRowKernels& wide_row_kernels();
const RowKernels& plain_row_kernels();
const RowKernels& simd_row_kernels();

}  // namespace blosc2_grok::j2k
