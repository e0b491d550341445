// SPDX-License-Identifier: BSD-3-Clause
/// Reference JPEG 2000 encoder (HT) and decoder (HT and Part 1): slow, plain, and the witness that fast kernels must
/// equal.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace blosc2_grok::reference {

using Bytes = std::vector<uint8_t>;

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Samples of one image; every component has the same size, depth and sign. `(x0, y0)` is the image offset.
struct Image {
  int64_t width = 0;
  int64_t height = 0;
  int64_t x0 = 0;
  int64_t y0 = 0;
  int bits = 8;
  bool is_signed = false;
  std::vector<std::vector<int32_t>> components;

  bool operator==(const Image&) const = default;
};

/// In the order of Table A.16, so that the number is what the COD marker segment holds.
enum class Progression { LRCP, RLCP, RPCL, PCRL, CPRL };

struct Options {
  int resolutions = 6;  ///< decomposition levels + 1, 1 to 33
  int codeblock_width = 64;
  int codeblock_height = 64;
  bool reversible = true;  ///< 5/3 and RCT, else 9/7 and ICT
  bool mct = false;
  int64_t tile_width = 0;  ///< 0: one tile that holds the whole image
  int64_t tile_height = 0;
  int64_t tile_x0 = 0;
  int64_t tile_y0 = 0;
  std::vector<std::pair<int, int>> precincts =
      {};  ///< log2 of width and height from the lowest resolution up; last repeats
  Progression progression = Progression::LRCP;
  int guard_bits = 2;
  double step = 1.0;               ///< quantization step of every subband, in code values; for 9/7 only
  int passes = 1;                  ///< 1: cleanup; 2: and significance propagation; 3: and magnitude refinement
  int skipped_planes = 0;          ///< bit-planes below the last pass that are left out
  int placeholder_sets = 0;        ///< HT sets of three empty passes before the first cleanup pass
  bool vertically_causal = false;  ///< for significance propagation
  bool derived_steps = false;  ///< the header has one step, that of the lowest band, doubled with each level; 9/7 only
  int layers = 1;              ///< code-block i begins in layer i mod layers, its refinement follows in the next
  int tile_parts = 1;          ///< in each tile; the parts of different tiles take turns
  bool sop = false;
  bool eph = false;
};

/// Encodes with HT block coding (ISO/IEC 15444-15). Two or three passes are not lossless: a sample of magnitude one
/// without a significant neighbour belongs to no pass. Throws Error where options cannot hold the image.
Bytes encode(const Image& image, const Options& options);

/// Decodes a codestream, raw or in a JP2/JPH file. Throws Error on damage and on what it does not cover.
Image decode(const Bytes& bytes);

}  // namespace blosc2_grok::reference
