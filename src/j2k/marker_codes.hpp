// SPDX-License-Identifier: BSD-3-Clause
// The marker codes of ISO/IEC 15444-1 Table A.2 and 15444-15 that this coder meets.
#pragma once

#include <cstdint>

namespace blosc2_grok::j2k {

enum MarkerCode : uint16_t {
  kSoc = 0xFF4F,
  kCap = 0xFF50,
  kSiz = 0xFF51,
  kCod = 0xFF52,
  kCoc = 0xFF53,
  kTlm = 0xFF55,
  kPlm = 0xFF57,
  kPlt = 0xFF58,
  kQcd = 0xFF5C,
  kQcc = 0xFF5D,
  kRgn = 0xFF5E,
  kPoc = 0xFF5F,
  kPpm = 0xFF60,
  kPpt = 0xFF61,
  kCrg = 0xFF63,
  kCom = 0xFF64,
  kSot = 0xFF90,
  kSop = 0xFF91,
  kEph = 0xFF92,
  kSod = 0xFF93,
  kEoc = 0xFFD9,
};

// Reserved ones that have no segment (Table A.1): passed over.
constexpr bool stands_alone(uint32_t marker) { return marker >= 0xFF30 && marker <= 0xFF3F; }

}  // namespace blosc2_grok::j2k
