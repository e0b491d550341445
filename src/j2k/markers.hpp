// SPDX-License-Identifier: BSD-3-Clause
// Marker segments (ISO/IEC 15444-1 Annex A, 15444-15 A): what a header says, read with doubt and written in order.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bytes.hpp"
#include "codec.hpp"
#include "integer_math.hpp"

namespace blosc2_grok::j2k {

inline constexpr int kMaxLevels = 32;
inline constexpr int kMaxBands = 3 * kMaxLevels + 1;
inline constexpr uint32_t kMaxComponents = 16384;
inline constexpr int kCodeBlockHt = 0x40;      // SPcod code-block style, 15444-15 A.4
inline constexpr int kCodeBlockLazy = 0x01;    // selective arithmetic coding bypass
inline constexpr int kCodeBlockCausal = 0x08;  // vertically causal context
inline constexpr int kCodeBlockPart1 = 0x3F;   // all styles of Part 1, Table A.19

struct ComponentSize {
  uint8_t bits = 8;
  bool is_signed = false;
  uint8_t dx = 1, dy = 1;  // XRsiz, YRsiz
  bool operator==(const ComponentSize&) const = default;
};

// SIZ: the reference grid.
struct ImageSize {
  Rect image;
  uint32_t tile_width = 0, tile_height = 0, tile_x0 = 0, tile_y0 = 0;
  std::vector<ComponentSize> components;

  uint32_t tiles_across() const { return uint32_t(ceil_div(image.x1 - tile_x0, tile_width)); }
  uint32_t tiles_down() const { return uint32_t(ceil_div(image.y1 - tile_y0, tile_height)); }
  uint64_t tiles() const { return uint64_t{tiles_across()} * tiles_down(); }
  // B-2: the image in a component's samples.
  Rect component_area(std::size_t component) const {
    const int dx = components[component].dx, dy = components[component].dy;
    return {ceil_div(image.x0, dx), ceil_div(image.y0, dy), ceil_div(image.x1, dx), ceil_div(image.y1, dy)};
  }
  bool operator==(const ImageSize&) const = default;
};

inline constexpr uint16_t kNoStep = 0xFFFF;

enum class QuantStyle : uint8_t { kNone = 0, kDerived = 1, kExpounded = 2 };

// COD or COC, and QCD or QCC, for one component.
struct ComponentCoding {
  int levels = 5;
  int codeblock_width_log2 = 6, codeblock_height_log2 = 6;
  int codeblock_style = kCodeBlockHt;
  bool reversible = true;
  std::array<uint8_t, kMaxLevels + 1> precincts;  // PPy << 4 | PPx by resolution
  QuantStyle quant_style = QuantStyle::kNone;
  int guard_bits = 2;
  std::array<uint16_t, kMaxBands> steps;  // exponent << 11 | mantissa, or kNoStep
  int region_shift = 0;                   // RGN; 0: no region of interest

  ComponentCoding() { precincts.fill(0xFF), steps.fill(kNoStep); }
  int exponent(int resolution, int band) const;
  int mantissa(int resolution, int band) const;
  bool operator==(const ComponentCoding&) const = default;
};

// One progression of POC: layers up to `end_layer` of some resolutions and components, which may be more than there are.
struct ProgressionChange {
  uint32_t first_resolution = 0, end_resolution = 0;
  uint32_t first_component = 0, end_component = 0;
  int end_layer = 0;
  Progression progression = Progression::kLrcp;
  bool operator==(const ProgressionChange&) const = default;
};

struct TileCoding {
  Progression progression = Progression::kLrcp;
  std::vector<ProgressionChange> changes;  // in place of `progression` where there are any
  bool has_own_changes = false;            // of the tile, not of the main header
  int layers = 1;
  bool mct = false;
  bool sop = false, eph = false;
  std::vector<ComponentCoding> components;
  bool operator==(const TileCoding&) const = default;
};

// Index of a subband in the order of QCD: band is 0 for LL, 1 HL, 2 LH, 3 HH.
constexpr int band_index(int resolution, int band) { return resolution == 0 ? 0 : 3 * (resolution - 1) + band; }
constexpr int band_gain_log2(int band) { return band == 0 ? 0 : band == 3 ? 2 : 1; }

// Encoder: what stands around the packets.
struct PartLayout {
  bool by_resolution = false;   // a new tile-part whenever the next packet's resolution is another one
  bool by_component = false;    // or component
  bool packet_lengths = false;  // PLT
  bool part_lengths = false;    // TLM
};

// Packet headers in a PPM or PPT segment.
struct PackedSegment {
  uint32_t index = 0;
  std::span<const uint8_t> bytes;
};

struct MainHeader {
  ImageSize size;
  TileCoding coding;
  bool high_throughput = false;
  std::size_t first_tile_part = 0;  // offset of the first SOT
  std::vector<PackedSegment> packed;  // PPM, in the codestream's bytes
  PartLayout parts;
  int profile = 0;  // encoder: Rsiz
};

struct TilePart {
  uint32_t tile = 0;
  uint32_t part = 0;
  std::size_t header = 0;  // offset of the byte after the SOT segment
  std::size_t body = 0;    // offset of the byte after SOD
  std::size_t end = 0;
  std::span<const uint8_t> packet_headers;  // from PPM
};

// Strips JP2/JPH boxes: the bytes of the first contiguous codestream.
std::span<const uint8_t> find_codestream(std::span<const uint8_t> bytes);

MainHeader read_main_header(std::span<const uint8_t> bytes);

// Reads the tile-part that starts at `offset`; false at EOC or at the end of the bytes.
bool read_tile_part(std::span<const uint8_t> bytes, std::size_t offset, uint64_t tiles, TilePart& part);

// Applies COD, COC, QCD, QCC and POC of a tile-part's header to its tile's copy of the coding; adds its PPT segments.
void read_tile_part_header(std::span<const uint8_t> bytes, const TilePart& part, const ImageSize& size,
                           TileCoding& coding, std::vector<PackedSegment>& packed);

void write_main_header(const MainHeader& header, int magnitude_bits, Bytes& out);
// Returns the offset of Psot, to be filled by `patch_tile_part` when the tile-part is complete. TNsot is left open.
std::size_t write_tile_part_header(uint32_t tile, uint32_t part, Bytes& out);
void patch_tile_part(std::size_t psot_offset, Bytes& out);
void write_end(Bytes& out);

}  // namespace blosc2_grok::j2k
