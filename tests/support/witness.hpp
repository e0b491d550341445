// SPDX-License-Identifier: BSD-3-Clause
// OpenJPEG's own C API as a reader of what we store: nothing of this library takes part.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace blosc2_grok::test {

struct WitnessImage {
  uint32_t width = 0, height = 0;
  unsigned bits = 0;
  bool is_signed = false;
  std::vector<std::vector<int32_t>> components;  // row by row
};

// Reads a JP2 file (boxes included) or a codestream, whichever `stored` is. Throws std::runtime_error.
WitnessImage read_with_openjpeg(std::span<const uint8_t> stored);

}  // namespace blosc2_grok::test
