// SPDX-License-Identifier: BSD-3-Clause
// Reads the main header and tile-part headers (ISO/IEC 15444-1 Annex A); every length and value is checked.
#include "byte_reader.hpp"
#include "marker_codes.hpp"
#include "markers.hpp"
#include "packed_headers.hpp"
#include "progression_changes.hpp"
#include "region.hpp"

namespace blosc2_grok::j2k {
namespace {

// What a component's own segments (COC, QCC) have set, so that COD and QCD do not override them, whatever the order.
struct Overrides {
  std::vector<uint8_t> coc, qcc;
  bool in_tile = false;  // it is a tile-part's header
};

void read_siz(ByteReader& in, MainHeader& header) {
  in.u16();  // Rsiz: the code-block style says what must be known
  ImageSize& size = header.size;
  size.image.x1 = in.u32(), size.image.y1 = in.u32();
  size.image.x0 = in.u32(), size.image.y0 = in.u32();
  size.tile_width = in.u32(), size.tile_height = in.u32();
  size.tile_x0 = in.u32(), size.tile_y0 = in.u32();
  const uint32_t count = in.u16();
  if (size.image.empty()) fail("image area is empty: ", size.image.width(), " x ", size.image.height());
  if (size.tile_width == 0 || size.tile_height == 0) fail("tiles have no area");
  if (size.tile_x0 > size.image.x0 || size.tile_y0 > size.image.y0 ||
      int64_t{size.tile_x0} + size.tile_width <= size.image.x0 ||
      int64_t{size.tile_y0} + size.tile_height <= size.image.y0) {
    fail("first tile at ", size.tile_x0, ",", size.tile_y0, " does not touch the image at ", size.image.x0, ",",
         size.image.y0);
  }
  if (size.tiles() > 65535) fail(size.tiles(), " tiles are more than 65535");
  if (count == 0 || count > kMaxComponents || in.remaining() != 3 * count) fail("SIZ: bad count of components ", count);
  size.components.resize(count);
  for (ComponentSize& component : size.components) {
    const uint32_t depth = in.u8();
    component.bits = uint8_t((depth & 0x7F) + 1);
    component.is_signed = (depth & 0x80) != 0;
    component.dx = uint8_t(in.u8()), component.dy = uint8_t(in.u8());
    if (component.bits > 38 || component.dx == 0 || component.dy == 0) fail("SIZ: bad component of ", depth, " depth");
  }
}

// SPcod and SPcoc (Tables A.15, A.20).
void read_coding_style(ByteReader& in, bool precincts, ComponentCoding& coding) {
  const uint32_t levels = in.u8();
  const uint32_t width = in.u8(), height = in.u8(), style = in.u8(), transform = in.u8();
  if (levels > kMaxLevels) fail("COD: ", levels, " decompositions are more than 32");
  if (width > 8 || height > 8 || width + height > 8) fail("COD: code-block exponents ", width, " and ", height);
  if (transform > 1) fail("COD: unknown transformation ", transform);
  coding.levels = int(levels);
  coding.codeblock_width_log2 = int(width) + 2, coding.codeblock_height_log2 = int(height) + 2;
  coding.codeblock_style = int(style);
  coding.reversible = transform == 1;
  coding.precincts.fill(0xFF);
  for (uint32_t r = 0; precincts && r <= levels; ++r) {
    coding.precincts[r] = uint8_t(in.u8());
    if (r > 0 && ((coding.precincts[r] & 15) == 0 || coding.precincts[r] >> 4 == 0)) {
      fail("COD: precinct exponent 0 at resolution ", r);
    }
  }
}

void read_cod(ByteReader& in, TileCoding& coding, const Overrides& own) {
  const uint32_t style = in.u8(), progression = in.u8(), layers = in.u16(), mct = in.u8();
  if (progression > 4) fail("COD: unknown progression ", progression);
  if (layers == 0) fail("COD: no layers");
  if (mct > 1 || (mct == 1 && coding.components.size() < 3)) {
    fail("COD: component transformation ", mct, " with ", coding.components.size(), " components");
  }
  coding.progression = Progression(progression);
  coding.layers = int(layers);
  coding.mct = mct == 1;
  coding.sop = (style & 2) != 0, coding.eph = (style & 4) != 0;
  ComponentCoding fresh;
  read_coding_style(in, (style & 1) != 0, fresh);
  for (std::size_t c = 0; c < coding.components.size(); ++c) {
    if (own.coc[c]) continue;
    ComponentCoding& component = coding.components[c];
    const ComponentCoding old = component;
    component = fresh;
    component.quant_style = old.quant_style, component.guard_bits = old.guard_bits, component.steps = old.steps;
    component.region_shift = old.region_shift;
  }
}

uint32_t read_component_index(ByteReader& in, std::size_t components) {
  const uint32_t index = components < 257 ? in.u8() : in.u16();
  if (index >= components) fail("component ", index, " of ", components, " in a marker segment");
  return index;
}

void read_coc(ByteReader& in, TileCoding& coding, Overrides& own) {
  const uint32_t index = read_component_index(in, coding.components.size());
  const uint32_t style = in.u8();
  read_coding_style(in, (style & 1) != 0, coding.components[index]);
  own.coc[index] = 1;
}

// SPqcd and SPqcc (Tables A.27 to A.30): as many steps as the segment has; `check_steps` wants enough of them.
void read_quantization(ByteReader& in, ComponentCoding& coding) {
  const uint32_t style = in.u8();
  if ((style & 31) > 2) fail("QCD: unknown quantization style ", style & 31);
  coding.quant_style = QuantStyle(style & 31);
  coding.guard_bits = int(style >> 5);
  coding.steps.fill(kNoStep);
  for (int b = 0; b < kMaxBands && in.remaining() != 0; ++b) {
    coding.steps[b] = uint16_t(coding.quant_style == QuantStyle::kNone ? in.u8() << 8 : in.u16());
  }
}

void read_qcd(ByteReader& in, TileCoding& coding, const Overrides& own) {
  ComponentCoding fresh;
  read_quantization(in, fresh);
  for (std::size_t c = 0; c < coding.components.size(); ++c) {
    if (own.qcc[c]) continue;
    ComponentCoding& component = coding.components[c];
    component.quant_style = fresh.quant_style, component.guard_bits = fresh.guard_bits, component.steps = fresh.steps;
  }
}

void read_qcc(ByteReader& in, TileCoding& coding, Overrides& own) {
  const uint32_t index = read_component_index(in, coding.components.size());
  read_quantization(in, coding.components[index]);
  own.qcc[index] = 1;
}

void read_rgn(ByteReader& in, TileCoding& coding) {
  const uint32_t index = read_component_index(in, coding.components.size());
  const uint32_t style = in.u8(), shift = in.u8();
  if (style != 0) fail("RGN: unknown style ", style);
  if (shift > kMostRegionShift) fail("RGN: a shift of ", shift, ", ", kMostRegionShift, " at most are possible");
  coding.components[index].region_shift = int(shift);
}

// The first POC of a tile puts the main header's aside, others go on.
void read_poc(ByteReader& in, TileCoding& coding, const Overrides& own) {
  if (own.in_tile && !coding.has_own_changes) coding.changes.clear();
  coding.has_own_changes = own.in_tile;
  read_progression_changes(in, coding.components.size(), coding.changes);
}

// One segment that may stand in the main header or in a tile-part's header; false when it is neither.
bool read_coding_segment(uint32_t marker, ByteReader& in, TileCoding& coding, Overrides& own,
                         std::vector<PackedSegment>& packed) {
  switch (marker) {
    case kCod:
      read_cod(in, coding, own);
      return true;
    case kCoc:
      read_coc(in, coding, own);
      return true;
    case kQcd:
      read_qcd(in, coding, own);
      return true;
    case kQcc:
      read_qcc(in, coding, own);
      return true;
    case kCom:
    case kPlt:
    case kPlm:
    case kTlm:
    case kCrg:
      return true;
    case kPoc:
      read_poc(in, coding, own);
      return true;
    case kRgn:
      read_rgn(in, coding);
      return true;
    case kPpm:
    case kPpt:
      if ((marker == kPpt) != own.in_tile) fail(own.in_tile ? "PPM in a tile-part header" : "PPT in the main header");
      read_packed_segment(in, packed);
      return true;
    default:
      return false;
  }
}

void check_steps(const TileCoding& coding) {
  for (const ComponentCoding& component : coding.components) {
    const bool derived = component.quant_style == QuantStyle::kDerived;
    const int needed = derived ? 1 : 3 * component.levels + 1;
    for (int b = 0; b < needed; ++b) {
      if (component.steps[b] == kNoStep) fail("QCD: ", b, " steps for ", component.levels, " decompositions");
    }
    if (!component.reversible && component.quant_style == QuantStyle::kNone) {
      fail("QCD: no quantization with the irreversible transformation");
    }
    if (component.reversible && component.quant_style != QuantStyle::kNone) {
      fail("QCD: quantization with the reversible transformation");
    }
  }
  if (!coding.mct) return;
  for (int c = 1; c < 3; ++c) {
    if (coding.components[c].reversible != coding.components[0].reversible) fail("MCT over unlike transformations");
  }
}

ByteReader open_segment(ByteReader& in, uint32_t marker) {
  const uint32_t length = in.u16();
  if (length < 2) fail("marker ", marker, " has length ", length);
  return ByteReader(in.take(length - 2), "marker segment");
}

}  // namespace

int ComponentCoding::exponent(int resolution, int band) const {
  if (quant_style != QuantStyle::kDerived) return steps[band_index(resolution, band)] >> 11;
  // E-5: the decomposition level of the band below the deepest one lowers the exponent.
  const int level = resolution == 0 ? levels : levels - resolution + 1;
  return (steps[0] >> 11) - levels + level;
}

int ComponentCoding::mantissa(int resolution, int band) const {
  return steps[quant_style == QuantStyle::kDerived ? 0 : band_index(resolution, band)] & 0x7FF;
}

MainHeader read_main_header(std::span<const uint8_t> bytes) {
  ByteReader in(bytes, "codestream");
  MainHeader header;
  if (in.u16() != kSoc || in.u16() != kSiz) fail("no JPEG 2000 codestream: it does not begin with SOC and SIZ");
  ByteReader siz = open_segment(in, kSiz);
  read_siz(siz, header);
  header.coding.components.resize(header.size.components.size());
  for (ComponentCoding& component : header.coding.components) component.steps.fill(0xFFFF);
  Overrides own{std::vector<uint8_t>(header.coding.components.size()),
                std::vector<uint8_t>(header.coding.components.size()), false};
  bool cod = false, qcd = false;
  for (;;) {
    const uint32_t marker = in.u16();
    if (marker == kSot) break;
    if (stands_alone(marker)) continue;
    ByteReader segment = open_segment(in, marker);
    if (marker < 0xFF00) fail("main header: ", marker, " is no marker");
    read_coding_segment(marker, segment, header.coding, own, header.packed);
    cod |= marker == kCod, qcd |= marker == kQcd;
  }
  if (!cod || !qcd) fail("main header without ", cod ? "QCD" : "COD");
  check_steps(header.coding);
  header.first_tile_part = in.position() - 2;
  header.high_throughput = (header.coding.components[0].codeblock_style & kCodeBlockHt) != 0;
  return header;
}

bool read_tile_part(std::span<const uint8_t> bytes, std::size_t offset, uint64_t tiles, TilePart& part) {
  if (offset + 2 > bytes.size()) return false;
  ByteReader in(bytes.subspan(offset), "tile-part");
  const uint32_t marker = in.u16();
  if (marker == kEoc) return false;
  if (marker != kSot) fail("marker ", marker, " where a tile-part should begin, at byte ", offset);
  if (in.u16() != 10) fail("SOT: bad length at byte ", offset);
  part.tile = in.u16();
  const uint32_t length = in.u32();
  part.part = in.u8();
  in.u8();
  if (part.tile >= tiles) fail("SOT: tile ", part.tile, " of ", tiles);
  part.header = offset + 12;
  const bool to_the_end = length == 0;
  if (!to_the_end && (length < 14 || length > bytes.size() - offset)) {
    fail("tile ", part.tile, ": a tile-part of ", length, " bytes where ", bytes.size() - offset, " are left");
  }
  part.end = to_the_end ? bytes.size() : offset + length;
  if (to_the_end && part.end - part.header >= 2 && bytes[part.end - 2] == 0xFF && bytes[part.end - 1] == 0xD9) {
    part.end -= 2;
  }
  ByteReader header(bytes.subspan(part.header, part.end - part.header), "tile-part header");
  for (;;) {
    const uint32_t segment = header.u16();
    if (segment == kSod) break;
    if (stands_alone(segment)) continue;
    if (segment < 0xFF00) fail("tile-part header: ", segment, " is no marker");
    open_segment(header, segment);
  }
  part.body = part.header + header.position();
  return true;
}

void read_tile_part_header(std::span<const uint8_t> bytes, const TilePart& part, const ImageSize& size,
                           TileCoding& coding, std::vector<PackedSegment>& packed) {
  if (part.body == part.header + 2) return;
  ByteReader in(bytes.subspan(part.header, part.body - 2 - part.header), "tile-part header");
  const std::size_t components = size.components.size();
  // A tile's COD overrides the main header's COC (A.6.2), so nothing is its component's own yet.
  Overrides own{std::vector<uint8_t>(components), std::vector<uint8_t>(components), true};
  while (in.remaining() != 0) {
    const uint32_t marker = in.u16();
    if (stands_alone(marker)) continue;
    ByteReader segment = open_segment(in, marker);
    read_coding_segment(marker, segment, coding, own, packed);
  }
  check_steps(coding);
}

}  // namespace blosc2_grok::j2k
