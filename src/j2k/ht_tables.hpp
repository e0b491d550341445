// SPDX-License-Identifier: BSD-3-Clause
// Tables of the HT cleanup pass (ISO/IEC 15444-15 clause 7.3, Annex C): CxtVLC, U-VLC and MEL exponents.
#pragma once

#include <array>
#include <cstdint>

namespace blosc2_grok::j2k {

// What a CxtVLC codeword means: length (3 bits), then rho, e_k, e_1 (4 bits each), u_off (bit 15); bits 16 to 23 are
// left for u. Then what the quad adds to its right neighbour's context: bit 24 after the first row (twice the "west"
// bit, once moved down by 16), bits 25 to 27 in the first row (the whole context, once moved down by 18).
struct CxtVlcEntry {
  uint32_t packed = 0;

  constexpr int length() const { return packed & 7; }
  constexpr uint32_t rho() const { return packed >> 3 & 15; }
  constexpr uint32_t e_k() const { return packed >> 7 & 15; }
  constexpr uint32_t e_1() const { return packed >> 11 & 15; }
  constexpr uint32_t u_off() const { return packed >> 15 & 1; }
};

// The codeword that says a quad: codeword (7 bits), length (3 bits), e_k (4 bits).
struct CxtVlcCode {
  uint32_t packed = 0;  // 32 bits wide, for gathers

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

// What the prefixes of a pair say: bits of prefixes and suffixes together (5 bits), of the prefixes alone (3), of each
// suffix (3 and 3), and from bits 16 and 24 each u without its suffix.
struct UVlcPrefix {
  uint32_t packed = 0;

  constexpr uint32_t total_length() const { return packed & 31; }
  constexpr uint32_t prefix_length() const { return packed >> 5 & 7; }
  constexpr uint32_t first_suffix() const { return packed >> 8 & 7; }
  constexpr uint32_t second_suffix() const { return packed >> 11 & 7; }
  constexpr uint32_t first_u() const { return packed >> 16 & 255; }
  constexpr uint32_t second_u() const { return packed >> 24; }
};

inline constexpr int kMaxU = 74;      // more than any legal residual
inline constexpr int kMaxPairU = 31;  // largest residual of the table of pairs

struct HtTables {
  // [0]: first quad row. Decoding index: context << 7 | next seven bits.
  std::array<std::array<CxtVlcEntry, 1024>, 2> decode;
  // Encoding index: context << 8 | rho << 4 | epsilon, where epsilon is 0 when u_off is.
  std::array<std::array<CxtVlcCode, 2048>, 2> encode;
  std::array<UVlcCode, kMaxU + 1> u_vlc;
  // Both residuals of a pair of quads after the first row, index u0 | u1 << 5: length << 24 | bits.
  std::array<uint32_t, 1024> u_vlc_pair;
  // Decoding a pair's prefixes. Index: kind << 6 | next six bits; kind: u_off of the first and second quad, 0 to 3;
  // 4: first row with both and MEL symbol 0; 5: with MEL symbol 1.
  std::array<UVlcPrefix, 6 * 64> u_vlc_decode;
};

extern const HtTables kHtTables;

inline constexpr std::array<uint8_t, 13> kMelExponents{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5};

}  // namespace blosc2_grok::j2k
