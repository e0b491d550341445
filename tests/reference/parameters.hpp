// SPDX-License-Identifier: BSD-3-Clause
/// What the main and tile-part headers say (ISO/IEC 15444-1 Annex A), as plain values.
#pragma once

#include "reference.hpp"

namespace blosc2_grok::reference {

/// SIZ, A.5.1, with the same depth and no subsampling in all components.
struct Siz {
  int64_t x1 = 0, y1 = 0, x0 = 0, y0 = 0;
  int64_t tile_width = 0, tile_height = 0, tile_x0 = 0, tile_y0 = 0;
  int components = 0;
  int bits = 0;
  bool is_signed = false;
};

/// Bits of the code-block style, Table A.19 and ISO/IEC 15444-15 Annex A.
enum CodeBlockStyle {
  kBypass = 0x01,
  kResetContexts = 0x02,
  kTerminateEachPass = 0x04,
  kVerticallyCausal = 0x08,
  kSegmentationSymbols = 0x20,
  kHighThroughput = 0x40,
  kMixed = 0x80,
};

/// The part of COD that COC may replace: SPcod, Table A.15.
struct Coding {
  int levels = 0;
  int xcb = 6;  ///< log2 of the nominal code-block width
  int ycb = 6;
  int style = 0;
  bool reversible = true;
  std::vector<std::pair<int, int>> precincts;  ///< PPx, PPy of each resolution
};

struct StepSize {
  int exponent = 0;
  int mantissa = 0;
};

/// QCD or QCC, A.6.4: style 0 none, 1 derived, 2 expounded.
struct Quantization {
  int style = 0;
  int guard_bits = 0;
  std::vector<StepSize> steps;
};

struct ComponentParameters {
  Coding coding;
  Quantization quantization;
};

struct Parameters {
  Siz siz;
  Progression progression = Progression::LRCP;
  int layers = 1;
  bool mct = false;
  bool sop = false;
  bool eph = false;
  std::vector<ComponentParameters> components;
};

/// The parameters that `encode` writes for this image (encoder side).
Parameters make_parameters(const Image& image, const Options& options);

}  // namespace blosc2_grok::reference
