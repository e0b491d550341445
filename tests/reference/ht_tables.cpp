// SPDX-License-Identifier: BSD-3-Clause
/// Look-up by linear search in the tables of ISO/IEC 15444-15 Annex C, and the U-VLC of clause 7.3.
#include "ht_tables.hpp"

#include <bit>

namespace blosc2_grok::reference {

namespace {

const std::vector<VlcCode>& codes() {
  static const std::vector<VlcCode> table = {
#include "t814_vlc_rows.inc"  // made from t814-vlc.csv at configure time
  };
  return table;
}

const std::vector<VlcCode>& codes_of(int table, int context) {
  static const std::vector<std::vector<VlcCode>> groups = [] {
    std::vector<std::vector<VlcCode>> result(16);
    for (const VlcCode& code : codes()) result[8 * code.table + code.context].push_back(code);
    return result;
  }();
  return groups[8 * table + context];
}

void put_bits(BackwardBitWriter& vlc, int value, int count) {
  for (int i = 0; i < count; ++i) vlc.put((value >> i) & 1);
}

int get_bits(BackwardBitReader& vlc, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) value |= vlc.get() << i;
  return value;
}

}  // namespace

const VlcCode& read_vlc(BackwardBitReader& vlc, int table, int context) {
  int codeword = 0;
  for (int length = 1; length <= 7; ++length) {
    codeword |= vlc.get() << (length - 1);
    for (const VlcCode& code : codes_of(table, context))
      if (code.length == length && code.codeword == codeword) return code;
  }
  throw Error("no such VLC codeword");
}

const VlcCode& choose_vlc(int table, int context, int rho, int u_off, int reaches) {
  const VlcCode* best = nullptr;
  const auto cost = [](const VlcCode& code) { return code.length - std::popcount(static_cast<unsigned>(code.e_k)); };
  for (const VlcCode& code : codes_of(table, context))
    if (code.rho == rho && code.u_off == u_off && (reaches & code.e_k) == code.e_1)
      if (best == nullptr || cost(code) < cost(*best)) best = &code;
  if (best == nullptr) throw Error("no VLC codeword for this quad");
  return *best;
}

void write_vlc(BackwardBitWriter& vlc, const VlcCode& code) { put_bits(vlc, code.codeword, code.length); }

/// Prefixes 1, 2, 3 and 5 with suffixes of 0, 0, 1 and 5 bits; suffixes from 28 on have an extension of 4 bits.
ULength split_u(int u) {
  if (u <= 2) return {u, 0, 0};
  if (u <= 4) return {3, u - 3, 0};
  if (u < 5 + 28) return {5, u - 5, 0};
  const int suffix = 28 + (u - 33) % 4;
  return {5, suffix, (u - 5 - suffix) / 4};
}

int read_u_prefix(BackwardBitReader& vlc) {
  if (vlc.get()) return 1;
  if (vlc.get()) return 2;
  return vlc.get() ? 3 : 5;
}

int read_u_suffix(BackwardBitReader& vlc, int prefix) {
  if (prefix < 3) return 0;
  return get_bits(vlc, prefix == 3 ? 1 : 5);
}

int read_u_extension(BackwardBitReader& vlc, int suffix) { return suffix < 28 ? 0 : get_bits(vlc, 4); }

void write_u_prefix(BackwardBitWriter& vlc, int prefix) {
  if (prefix == 1) put_bits(vlc, 0b1, 1);
  if (prefix == 2) put_bits(vlc, 0b10, 2);
  if (prefix == 3) put_bits(vlc, 0b100, 3);
  if (prefix == 5) put_bits(vlc, 0b000, 3);
}

void write_u_suffix(BackwardBitWriter& vlc, const ULength& u) {
  if (u.prefix >= 3) put_bits(vlc, u.suffix, u.prefix == 3 ? 1 : 5);
}

void write_u_extension(BackwardBitWriter& vlc, const ULength& u) {
  if (u.suffix >= 28) put_bits(vlc, u.extension, 4);
}

}  // namespace blosc2_grok::reference
