// SPDX-License-Identifier: BSD-3-Clause
/// Writes main and tile-part headers (ISO/IEC 15444-1 A.4 to A.9, ISO/IEC 15444-15 Annex A).
#include <algorithm>
#include <string_view>

#include "markers.hpp"

namespace blosc2_grok::reference {

namespace {

void put(Bytes& out, int64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

void put_segment(Bytes& out, int marker, const Bytes& body) {
  put(out, marker, 2);
  put(out, body.size() + 2, 2);
  out.insert(out.end(), body.begin(), body.end());
}

Bytes siz(const Siz& s) {
  Bytes out;
  put(out, 0x4000, 2);  // Rsiz: Part 15 capabilities
  for (int64_t value : {s.x1, s.y1, s.x0, s.y0, s.tile_width, s.tile_height, s.tile_x0, s.tile_y0}) put(out, value, 4);
  put(out, s.components, 2);
  for (int c = 0; c < s.components; ++c) {
    put(out, (s.is_signed ? 0x80 : 0) | (s.bits - 1), 1);
    put(out, 0x0101, 2);
  }
  return out;
}

int largest_magnitude_planes(const Parameters& p) {
  int largest = 0;
  for (const ComponentParameters& c : p.components)
    for (const StepSize& step : c.quantization.steps)
      largest = std::max(largest, c.quantization.guard_bits + step.exponent - 1);
  return largest;
}

/// ISO/IEC 15444-15 Annex A: Pcap has bit 15 of 1 to 32; Ccap15 says HT only, one set, homogeneous, 5/3 or 9/7, and B.
Bytes cap(const Parameters& p) {
  const int planes = largest_magnitude_planes(p);
  int magb = 31;
  if (planes <= 8)
    magb = 0;
  else if (planes < 28)
    magb = planes - 8;
  else if (planes <= 71)
    magb = 19 + (planes - 27 + 3) / 4;
  Bytes out;
  put(out, 0x00020000, 4);
  put(out, (p.components[0].coding.reversible ? 0 : 0x20) | magb, 2);
  return out;
}

Bytes cod(const Parameters& p) {
  const Coding& coding = p.components[0].coding;
  Bytes out;
  const bool whole = coding.precincts == std::vector(coding.precincts.size(), std::pair(15, 15));  // the default
  put(out, (whole ? 0 : 1) | p.sop << 1 | p.eph << 2, 1);
  put(out, static_cast<int>(p.progression), 1);
  put(out, p.layers, 2);
  put(out, p.mct, 1);
  put(out, coding.levels, 1);
  put(out, coding.xcb - 2, 1);
  put(out, coding.ycb - 2, 1);
  put(out, coding.style, 1);
  put(out, coding.reversible, 1);
  for (const auto& [ppx, ppy] : coding.precincts)
    if (!whole) put(out, ppy << 4 | ppx, 1);
  return out;
}

Bytes qcd(const Quantization& q) {
  Bytes out;
  put(out, q.guard_bits << 5 | q.style, 1);
  for (const StepSize& step : q.steps) {
    if (q.style == 0)
      put(out, step.exponent << 3, 1);
    else
      put(out, step.exponent << 11 | step.mantissa, 2);
  }
  return out;
}

Bytes comment() {
  Bytes out = {0, 1};  // Latin text, A.9.2
  for (char c : std::string_view("blosc2_grok reference encoder")) out.push_back(c);
  return out;
}

}  // namespace

Bytes write_main_header(const Parameters& p) {
  Bytes out = {0xFF, 0x4F};
  put_segment(out, 0xFF51, siz(p.siz));
  put_segment(out, 0xFF50, cap(p));
  put_segment(out, 0xFF52, cod(p));
  put_segment(out, 0xFF5C, qcd(p.components[0].quantization));
  put_segment(out, 0xFF64, comment());
  return out;
}

Bytes write_tile_part(int64_t tile, int part, int parts, const std::vector<Bytes>& packets) {
  Bytes body;
  for (const Bytes& packet : packets) body.insert(body.end(), packet.begin(), packet.end());
  Bytes sot;
  put(sot, tile, 2);
  put(sot, 12 + 2 + body.size(), 4);
  put(sot, part, 1);
  put(sot, parts, 1);
  Bytes out;
  put_segment(out, 0xFF90, sot);
  put(out, 0xFF93, 2);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

}  // namespace blosc2_grok::reference
