// SPDX-License-Identifier: BSD-3-Clause
// The decoder's view of a column of a stripe: significance and signs of all neighbours in one word, and its contexts.
#pragma once

#include <array>
#include <cstdint>

#include "ebcot_block.hpp"
#include "mq_states.hpp"

namespace blosc2_grok::j2k {

// Bits 0 to 17: significance, three bits (left, own and right column) for each row from -1 to 4.
// Bits 18 to 23: signs of the own column's rows -1 to 4; 24 to 27 of the left column's rows 0 to 3; 28 to 31 the
// right's. So the 3 x 3 samples around row r are the nine bits from 3 * r up.
inline constexpr int kOwnSigns = 18, kLeftSigns = 24, kRightSigns = 28;

constexpr int zero_context(EbcotBand band, unsigned around) {
  const auto bit = [&](int i) { return int(around >> i & 1); };
  int h = bit(3) + bit(5), v = bit(1) + bit(7);
  const int d = bit(0) + bit(2) + bit(6) + bit(8);
  if (band == EbcotBand::kHh) {
    const int hv = h + v;
    if (d >= 3) return 8;
    if (d == 2) return hv >= 1 ? 7 : 6;
    if (d == 1) return hv >= 2 ? 5 : hv == 1 ? 4 : 3;
    return hv >= 2 ? 2 : hv;
  }
  if (band == EbcotBand::kHl) {
    const int swapped = h;
    h = v, v = swapped;
  }
  if (h == 2) return 8;
  if (h == 1) return v >= 1 ? 7 : d >= 1 ? 6 : 5;
  if (v >= 1) return v + 2;
  return d >= 2 ? 2 : d;
}

// Indexed by band and the nine bits around a sample (Table D.1).
using ZeroContexts = std::array<uint8_t, 512>;
constexpr std::array<ZeroContexts, 4> make_zero_contexts() {
  std::array<ZeroContexts, 4> all{};
  for (int band = 0; band < 4; ++band) {
    for (unsigned around = 0; around < 512; ++around) {
      all[std::size_t(band)][around] = uint8_t(zero_context(EbcotBand(band), around));
    }
  }
  return all;
}
inline constexpr std::array<ZeroContexts, 4> kZeroContexts = make_zero_contexts();

// The bits of flags that sign coding in a row needs: significance above, left, right and below, then the signs above,
// below, left and right. Packed together in this order, they are the index of its context.
constexpr uint32_t sign_mask(int row) {
  return uint32_t{0xAA} << 3 * row | uint32_t{5} << (kOwnSigns + row) | uint32_t{1} << (kLeftSigns + row) |
         uint32_t{1} << (kRightSigns + row);
}
inline constexpr std::array<uint32_t, 4> kSignMasks = {sign_mask(0), sign_mask(1), sign_mask(2), sign_mask(3)};

// Tables D.2 and D.3: the context, and XORbit in the top bit.
constexpr uint8_t sign_context(unsigned index) {
  const auto share = [&](int significance, int sign) {
    return index >> significance & 1 ? (index >> sign & 1 ? -1 : 1) : 0;
  };
  const auto clamp = [](int sum) { return sum > 0 ? 1 : sum < 0 ? -1 : 0; };
  int h = clamp(share(1, 6) + share(2, 7)), v = clamp(share(0, 4) + share(3, 5));
  const bool flip = h < 0 || (h == 0 && v < 0);
  if (flip) h = -h, v = -v;
  return uint8_t((h == 0 ? 9 + v : 12 + v) | (flip ? 0x80 : 0));
}
constexpr std::array<uint8_t, 256> make_sign_contexts() {
  std::array<uint8_t, 256> all{};
  for (unsigned i = 0; i < 256; ++i) all[i] = sign_context(i);
  return all;
}
inline constexpr std::array<uint8_t, 256> kSignContexts = make_sign_contexts();

}  // namespace blosc2_grok::j2k
