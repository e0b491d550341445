// SPDX-License-Identifier: BSD-3-Clause
// Writes the main header and tile-part headers (ISO/IEC 15444-1 Annex A, 15444-15 A).
#include "bytes_out.hpp"
#include "marker_codes.hpp"
#include "markers.hpp"

namespace blosc2_grok::j2k {
namespace {

void write_siz(const ImageSize& size, uint32_t capabilities, Bytes& out) {
  put16(out, kSiz);
  put16(out, uint32_t(38 + 3 * size.components.size()));
  put16(out, capabilities);
  put32(out, uint32_t(size.image.x1)), put32(out, uint32_t(size.image.y1));
  put32(out, uint32_t(size.image.x0)), put32(out, uint32_t(size.image.y0));
  put32(out, size.tile_width), put32(out, size.tile_height);
  put32(out, size.tile_x0), put32(out, size.tile_y0);
  put16(out, uint32_t(size.components.size()));
  for (const ComponentSize& component : size.components) {
    put8(out, uint32_t(component.bits - 1) | (component.is_signed ? 0x80 : 0));
    put8(out, component.dx), put8(out, component.dy);
  }
}

// 15444-15 A.3: the parameter P that bounds the magnitude bits B of any code-block.
uint32_t magnitude_parameter(int bits) {
  if (bits <= 8) return 0;
  if (bits < 28) return uint32_t(bits - 8);
  return bits <= 71 ? uint32_t(13 + (bits >> 2)) : 31;
}

void write_cap(bool reversible, int magnitude_bits, Bytes& out) {
  put16(out, kCap);
  put16(out, 8);
  put32(out, 0x00020000);  // Part 15
  put16(out, (reversible ? 0 : 0x20) | magnitude_parameter(magnitude_bits));
}

void write_cod(const TileCoding& coding, Bytes& out) {
  const ComponentCoding& first = coding.components[0];
  bool precincts = false;
  for (int r = 0; r <= first.levels; ++r) precincts |= first.precincts[r] != 0xFF;
  put16(out, kCod);
  put16(out, uint32_t(12 + (precincts ? first.levels + 1 : 0)));
  put8(out, (precincts ? 1 : 0) | (coding.sop ? 2 : 0) | (coding.eph ? 4 : 0));
  put8(out, uint32_t(coding.progression));
  put16(out, uint32_t(coding.layers));
  put8(out, coding.mct ? 1 : 0);
  put8(out, uint32_t(first.levels));
  put8(out, uint32_t(first.codeblock_width_log2 - 2)), put8(out, uint32_t(first.codeblock_height_log2 - 2));
  put8(out, uint32_t(first.codeblock_style));
  put8(out, first.reversible ? 1 : 0);
  for (int r = 0; precincts && r <= first.levels; ++r) put8(out, first.precincts[r]);
}

void write_qcd(const ComponentCoding& coding, Bytes& out) {
  const int bands = 3 * coding.levels + 1;
  put16(out, kQcd);
  put16(out, uint32_t(3 + (coding.reversible ? bands : 2 * bands)));
  put8(out, uint32_t(coding.guard_bits) << 5 | uint32_t(coding.quant_style));
  for (int b = 0; b < bands; ++b) {
    coding.reversible ? put8(out, coding.steps[b] >> 8) : put16(out, coding.steps[b]);
  }
}

void write_poc(const TileCoding& coding, Bytes& out) {
  if (coding.changes.empty()) return;
  const bool wide = coding.components.size() > 256;
  const auto put_component = [&](uint32_t component) { wide ? put16(out, component) : put8(out, component); };
  put16(out, kPoc);
  put16(out, uint32_t(2 + (wide ? 9 : 7) * coding.changes.size()));
  for (const ProgressionChange& change : coding.changes) {
    put8(out, change.first_resolution), put_component(change.first_component);
    put16(out, uint32_t(change.end_layer));
    put8(out, change.end_resolution), put_component(change.end_component);
    put8(out, uint32_t(change.progression));
  }
}

void write_rgn(const TileCoding& coding, Bytes& out) {
  const bool wide = coding.components.size() > 256;
  for (std::size_t c = 0; c < coding.components.size(); ++c) {
    if (coding.components[c].region_shift == 0) continue;
    put16(out, kRgn);
    put16(out, wide ? 6 : 5);
    wide ? put16(out, uint32_t(c)) : put8(out, uint32_t(c));
    put8(out, 0), put8(out, uint32_t(coding.components[c].region_shift));
  }
}

}  // namespace

void write_main_header(const MainHeader& header, int magnitude_bits, Bytes& out) {
  put16(out, kSoc);
  const TileCoding& coding = header.coding;
  const bool high_throughput = (coding.components[0].codeblock_style & kCodeBlockHt) != 0;
  constexpr uint32_t kInCap = 0x4000;
  write_siz(header.size, high_throughput ? kInCap : uint32_t(header.profile), out);
  if (high_throughput) write_cap(coding.components[0].reversible, magnitude_bits, out);
  write_cod(coding, out);
  write_qcd(coding.components[0], out);
  write_poc(coding, out);
  write_rgn(coding, out);
}

std::size_t write_tile_part_header(uint32_t tile, uint32_t part, Bytes& out) {
  put16(out, kSot);
  put16(out, 10);
  put16(out, tile);
  put32(out, 0);
  put8(out, part), put8(out, 0);
  put16(out, kSod);
  return out.size() - 8;
}

void patch_tile_part(std::size_t psot_offset, Bytes& out) {
  const std::size_t length = out.size() - (psot_offset - 6);
  if (length > 0xFFFFFFFFu) fail("a tile-part of ", length, " bytes is too long");
  for (int i = 0; i < 4; ++i) out[psot_offset + i] = uint8_t(length >> (24 - 8 * i));
}

void write_end(Bytes& out) { put16(out, kEoc); }

}  // namespace blosc2_grok::j2k
