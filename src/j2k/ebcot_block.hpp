// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block coder (ISO/IEC 15444-1 Annexes C and D): code-blocks of coefficients to coding passes and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace blosc2_grok::j2k {

inline constexpr int kMaxEbcotSide = 1024;
inline constexpr int kMaxEbcotArea = 4096;
// Of coefficients of 32 bits, and of 64: Mb is 37 at most, by seven guard bits and an exponent of 31.
inline constexpr int kMaxEbcotPlanes = 31, kMaxWidePlanes = 37;
inline constexpr int kMaxEbcotPasses = 3 * kMaxWidePlanes - 2;
template <class T>
inline constexpr int kMaxPlanesOf = sizeof(T) == sizeof(int32_t) ? kMaxEbcotPlanes : kMaxWidePlanes;
inline constexpr std::size_t kMaxEbcotBytes = std::size_t{1} << 16;

// The subband decides the zero coding contexts (Table D.1); the numbers are those of subbands in packets.
enum class EbcotBand : uint8_t { kLl = 0, kHl = 1, kLh = 2, kHh = 3 };

// Code-block style: the bits of SPcod (Table A.19).
enum EbcotStyle : uint8_t {
  kStyleLazy = 0x01,         // selective arithmetic coding bypass
  kStyleReset = 0x02,        // contexts start afresh with every pass
  kStyleTermAll = 0x04,      // every pass is a segment of its own
  kStyleCausal = 0x08,       // vertically causal contexts
  kStylePredictable = 0x10,  // predictable termination
  kStyleSegmentation = 0x20  // segmentation symbols
};

// Passes are counted from the first cleanup pass, 0: then propagation, refinement, cleanup, and so on.
constexpr bool is_cleanup(int pass) { return pass % 3 == 0; }
constexpr bool is_raw(int pass, unsigned style) { return (style & kStyleLazy) && pass >= 10 && !is_cleanup(pass); }
// Does a codeword segment end with this pass, even if more follow? (Table D.9)
constexpr bool ends_segment(int pass, unsigned style) {
  if (style & kStyleTermAll) return true;
  return (style & kStyleLazy) && pass >= 9 && pass % 3 != 1;
}

struct EbcotEncodeKind {
  int width = 0, height = 0;
  EbcotBand band = EbcotBand::kLl;
  unsigned style = 0;
  bool reversible = true;  // else samples are quantizer indices, whose values lie in the middle of their bins
  // Bit-planes below this one are not coded.
  int stop_plane = 0;
  // Coding ends before the bit-plane that, by a guess, gains less squared error a byte, if those below it do, too.
  double stop_slope = 0.0;
};
// Coefficients of one code-block in two's complement, `stride` elements from row to row. T is int32_t, or int64_t for
// samples of many bits.
template <class T>
struct EbcotEncodeJobOf : EbcotEncodeKind {
  const T* samples = nullptr;
  std::size_t stride = 0;
};
using EbcotEncodeJob = EbcotEncodeJobOf<int32_t>;
using WideEbcotEncodeJob = EbcotEncodeJobOf<int64_t>;

// The truncation point after a pass. Error is counted in squared sample units of the job.
struct EbcotPass {
  uint32_t bytes = 0;       // of the code-block up to here: a decoder given these decodes the pass
  double distortion = 0.0;  // by how much the passes up to here lower the squared error of an all-zero block
};

struct EbcotEncoded {
  int planes = 0;  // magnitude bit-planes of the largest sample; 0: nothing to code
  int passes = 0;
  std::size_t bytes = 0;
  EbcotPass pass[kMaxEbcotPasses];
};

// A codeword segment: bytes and how many passes they hold.
struct EbcotSegment {
  std::span<const uint8_t> bytes;
  int passes = 0;
};

// The result is sign(x) * (mu << fraction_bits | half), where half is the middle of what is left open: the bit below
// the last one decoded, if there is one.
struct EbcotBlockBytes {
  std::span<const EbcotSegment> segments;
  int planes =
      0;  // magnitude bit-planes from the first one coded down: Mb - P; with fraction_bits at most kMaxPlanesOf
  int fraction_bits = 0;
  EbcotBand band = EbcotBand::kLl;
  unsigned style = 0;
  int width = 0, height = 0;
};
template <class T>
struct EbcotDecodeJobOf : EbcotBlockBytes {
  T* samples = nullptr;
  std::size_t stride = 0;
};
using EbcotDecodeJob = EbcotDecodeJobOf<int32_t>;
using WideEbcotDecodeJob = EbcotDecodeJobOf<int64_t>;

// Per-thread memory of the block coder; its size does not depend on anything.
struct EbcotScratch;

// Codes a block to `out` (kMaxEbcotBytes long). Throws Error if a magnitude needs more than kMaxPlanesOf bits.
using EbcotEncodeBlock = void (*)(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out,
                                  EbcotEncoded& encoded);

// Any bytes decode to some samples. Throws Error if the job's own numbers contradict each other.
using EbcotDecodeBlock = void (*)(const EbcotDecodeJob& job, EbcotScratch& scratch);

void plain_ebcot_encode(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded);
void simd_ebcot_encode(const EbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded);
void plain_ebcot_decode(const EbcotDecodeJob& job, EbcotScratch& scratch);
void simd_ebcot_decode(const EbcotDecodeJob& job, EbcotScratch& scratch);
// The plain ones again.
void wide_ebcot_encode(const WideEbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded);
void wide_ebcot_decode(const WideEbcotDecodeJob& job, EbcotScratch& scratch);

}  // namespace blosc2_grok::j2k
