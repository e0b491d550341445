// SPDX-License-Identifier: BSD-3-Clause
// Builds the HT tables from the standard's rows when the library is compiled.
#include "ht_tables.hpp"

#include <bit>

namespace blosc2_grok::j2k {
namespace {

struct CxtVlcRow {
  uint8_t context, rho, u_off, e_k, e_1, codeword, length;
};

#include "ht_vlc_rows.inc"

template <std::size_t N>
constexpr void fill_decode(const CxtVlcRow (&rows)[N], std::array<CxtVlcEntry, 1024>& table) {
  for (const CxtVlcRow& row : rows) {
    const uint32_t west = (row.rho & 0xC) != 0, first_row = uint32_t(row.rho >> 1 | (row.rho & 1));
    const uint32_t packed = uint32_t(row.length | row.rho << 3 | row.e_k << 7 | row.e_1 << 11 | row.u_off << 15) |
                            west << 24 | first_row << 25;
    for (uint32_t rest = 0; rest < 128u >> row.length; ++rest) {
      table[uint32_t(row.context) << 7 | rest << row.length | row.codeword].packed = packed;
    }
  }
}

// Of the codewords that may say a quad, the one that costs least: its length less the bits that e_k saves.
template <std::size_t N>
constexpr void fill_encode(const CxtVlcRow (&rows)[N], std::array<CxtVlcCode, 2048>& table) {
  std::array<int, 2048> costs{};
  costs.fill(1000);
  for (const CxtVlcRow& row : rows) {
    const int cost = 2 * row.length - 2 * std::popcount(row.e_k) + (row.e_k == 0);
    for (uint32_t epsilon = 0; epsilon < 16; ++epsilon) {
      if ((epsilon != 0) != (row.u_off != 0) || (epsilon & ~row.rho) != 0 || (epsilon & row.e_k) != row.e_1) continue;
      const uint32_t index = uint32_t(row.context) << 8 | uint32_t(row.rho) << 4 | epsilon;
      if (cost >= costs[index]) continue;
      costs[index] = cost;
      table[index].packed = uint32_t(row.codeword | row.length << 7 | row.e_k << 10);
    }
  }
}

// Table 3: u = prefix + suffix + 4 * extension with prefixes 1, 2, 3, 5.
constexpr UVlcCode u_vlc(int u) {
  if (u == 0) return {};
  if (u == 1) return {1, 1, 0, 0, 0, 0};
  if (u == 2) return {2, 2, 0, 0, 0, 0};
  if (u <= 4) return {4, 3, uint8_t(u - 3), 1, 0, 0};
  if (u <= 32) return {0, 3, uint8_t(u - 5), 5, 0, 0};
  return {0, 3, uint8_t(28 + (u - 33) % 4), 5, uint8_t((u - 33) / 4), 4};
}

// The parts of 7.3.6 in order: prefixes, suffixes; no extension below 33.
constexpr uint32_t u_vlc_pair(int u0, int u1) {
  const UVlcCode a = u_vlc(u0), b = u_vlc(u1);
  uint32_t bits = 0, length = 0;
  const uint32_t parts[4][2] = {{a.prefix, a.prefix_length},
                                {b.prefix, b.prefix_length},
                                {a.suffix, a.suffix_length},
                                {b.suffix, b.suffix_length}};
  for (const auto& part : parts) bits |= part[0] << length, length += part[1];
  return length << 24 | bits;
}

struct Prefix {
  uint32_t value, length, suffix_length;
};

constexpr Prefix prefix_of(uint32_t bits) {
  if ((bits & 1) != 0) return {1, 1, 0};
  if ((bits & 2) != 0) return {2, 2, 0};
  return (bits & 4) != 0 ? Prefix{3, 3, 1} : Prefix{5, 3, 5};
}

constexpr UVlcPrefix u_vlc_prefix(uint32_t kind, uint32_t bits) {
  const bool first = kind != 0 && kind != 2, second = kind >= 2;
  const uint32_t base = kind == 5 ? 2 : 0;
  const Prefix a = first ? prefix_of(bits) : Prefix{0, 0, 0};
  // First row, MEL symbol 0: behind a first residual above 2 the second one is a single bit.
  const bool one_bit = kind == 4 && a.value > 2;
  Prefix b = second ? prefix_of(bits >> a.length) : Prefix{0, 0, 0};
  if (one_bit) b = {(bits >> a.length & 1) + 1, 1, 0};
  const uint32_t prefixes = a.length + b.length, u0 = first ? a.value + base : 0, u1 = second ? b.value + base : 0;
  return {(prefixes + a.suffix_length + b.suffix_length) | prefixes << 5 | a.suffix_length << 8 |
          b.suffix_length << 11 | u0 << 16 | u1 << 24};
}

constexpr HtTables make_tables() {
  HtTables tables{};
  fill_decode(kRows0, tables.decode[0]), fill_decode(kRows1, tables.decode[1]);
  fill_encode(kRows0, tables.encode[0]), fill_encode(kRows1, tables.encode[1]);
  for (int u = 0; u <= kMaxU; ++u) tables.u_vlc[std::size_t(u)] = u_vlc(u);
  for (uint32_t i = 0; i < 1024; ++i) tables.u_vlc_pair[i] = u_vlc_pair(int(i & 31), int(i >> 5));
  for (uint32_t i = 0; i < 6 * 64; ++i) tables.u_vlc_decode[i] = u_vlc_prefix(i >> 6, i & 63);
  return tables;
}

}  // namespace

constinit const HtTables kHtTables = make_tables();

}  // namespace blosc2_grok::j2k
