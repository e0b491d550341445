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
    const uint16_t packed = uint16_t(row.length | row.rho << 3 | row.e_k << 7 | row.e_1 << 11 | row.u_off << 15);
    for (uint32_t rest = 0; rest < 128u >> row.length; ++rest) {
      table[uint32_t(row.context) << 7 | rest << row.length | row.codeword].packed = packed;
    }
  }
}

// Of the codewords that may say a quad, the one that costs least: its length less the bits that e_k saves.
template <std::size_t N>
constexpr void fill_encode(const CxtVlcRow (&rows)[N], std::array<CxtVlcCode, 2050>& table) {
  std::array<int, 2050> costs{};
  costs.fill(1000);
  for (const CxtVlcRow& row : rows) {
    const int cost = 2 * row.length - 2 * std::popcount(row.e_k) + (row.e_k == 0);
    for (uint32_t epsilon = 0; epsilon < 16; ++epsilon) {
      if ((epsilon != 0) != (row.u_off != 0) || (epsilon & ~row.rho) != 0 || (epsilon & row.e_k) != row.e_1) continue;
      const uint32_t index = uint32_t(row.context) << 8 | uint32_t(row.rho) << 4 | epsilon;
      if (cost >= costs[index]) continue;
      costs[index] = cost;
      table[index].packed = uint16_t(row.codeword | row.length << 7 | row.e_k << 10);
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

constexpr HtTables make_tables() {
  HtTables tables{};
  fill_decode(kRows0, tables.decode[0]), fill_decode(kRows1, tables.decode[1]);
  fill_encode(kRows0, tables.encode[0]), fill_encode(kRows1, tables.encode[1]);
  for (int u = 0; u <= kMaxU; ++u) tables.u_vlc[std::size_t(u)] = u_vlc(u);
  return tables;
}

}  // namespace

constinit const HtTables kHtTables = make_tables();

}  // namespace blosc2_grok::j2k
