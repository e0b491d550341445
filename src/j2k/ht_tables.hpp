// SPDX-License-Identifier: BSD-3-Clause
// Tables of the HT cleanup pass (ISO/IEC 15444-15 clause 7.3, Annex C): CxtVLC, U-VLC and MEL exponents.
#pragma once

#include <array>
#include <cstdint>

namespace blosc2_grok::j2k {

// What a CxtVLC codeword means: length (3 bits), then rho, e_k, e_1 (4 bits each), u_off (bit 15).
struct CxtVlcEntry {
  uint16_t packed = 0;

  constexpr int length() const { return packed & 7; }
  constexpr uint32_t rho() const { return packed >> 3 & 15; }
  constexpr uint32_t e_k() const { return packed >> 7 & 15; }
  constexpr uint32_t e_1() const { return packed >> 11 & 15; }
  constexpr uint32_t u_off() const { return packed >> 15; }
};

// The codeword that says a quad: codeword (7 bits), length (3 bits), e_k (4 bits).
struct CxtVlcCode {
  uint16_t packed = 0;

  constexpr uint32_t codeword() const { return packed & 127; }
  constexpr int length() const { return packed >> 7 & 7; }
  constexpr uint32_t e_k() const { return packed >> 10; }
};

// The u values' prefix, suffix and extension (Table 3), each with its length.
struct UVlcCode {
  uint8_t prefix = 0, prefix_length = 0;
  uint8_t suffix = 0, suffix_length = 0;
  uint8_t extension = 0, extension_length = 0;
};

inline constexpr int kMaxU = 74;  // more than any legal residual

struct HtTables {
  // [0]: first quad row. Decoding index: context << 7 | next seven bits.
  std::array<std::array<CxtVlcEntry, 1024>, 2> decode;
  // Encoding index: context << 8 | rho << 4 | epsilon, where epsilon is 0 when u_off is.
  // Two entries more than needed, so that 32-bit gathers stay inside.
  std::array<std::array<CxtVlcCode, 2050>, 2> encode;
  std::array<UVlcCode, kMaxU + 1> u_vlc;
};

extern const HtTables kHtTables;

inline constexpr std::array<uint8_t, 13> kMelExponents{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5};

}  // namespace blosc2_grok::j2k
