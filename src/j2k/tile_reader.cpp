// SPDX-License-Identifier: BSD-3-Clause
// Tile-parts in the order of their tiles, and one tile's as one piece.
#include "tile_reader.hpp"

#include <algorithm>

#include "packed_headers.hpp"

namespace blosc2_grok::j2k {
namespace {

// Joins the packet headers that PPM or PPT have; false where there are no such segments.
bool read_headers(std::span<const uint8_t> bytes, std::span<const TilePart> parts, Workspace::Impl& work) {
  work.tile_coding = work.header.coding;
  work.tile_packed.clear();
  const bool has_ppm = !work.header.packed.empty();
  bool has_ppt = false;
  std::vector<PackedSegment> packed;
  for (const TilePart& part : parts) {
    packed.clear();
    read_tile_part_header(bytes, part, work.header.size, work.tile_coding, packed);
    has_ppt = has_ppt || !packed.empty();
    append_packed_headers(packed, "PPT", work.tile_packed);
    work.tile_packed.insert(work.tile_packed.end(), part.packet_headers.begin(), part.packet_headers.end());
  }
  if (has_ppm && has_ppt) fail("both PPM and PPT");
  return has_ppm || has_ppt;
}

std::span<const uint8_t> join_bodies(std::span<const uint8_t> bytes, std::span<const TilePart> parts,
                                     Workspace::Impl& work) {
  if (parts.size() == 1) return bytes.subspan(parts[0].body, parts[0].end - parts[0].body);
  work.bodies.clear();
  for (const TilePart& part : parts) {
    work.bodies.insert(work.bodies.end(), bytes.data() + part.body, bytes.data() + part.end);
  }
  return work.bodies;
}

}  // namespace

void find_tile_parts(std::span<const uint8_t> bytes, Workspace::Impl& work) {
  work.parts.clear();
  TilePart part;
  std::size_t offset = work.header.first_tile_part;
  while (read_tile_part(bytes, offset, work.header.size.tiles(), part)) {
    work.parts.push_back(part);
    offset = part.end;
  }
  if (!work.header.packed.empty()) share_packed_headers(work.header, work.parts, work.packed);
  std::stable_sort(work.parts.begin(), work.parts.end(),
                   [](const TilePart& a, const TilePart& b) { return a.tile < b.tile; });
}

PacketBytes gather_packets(std::span<const uint8_t> bytes, std::span<const TilePart> parts, Workspace::Impl& work) {
  const bool are_apart = read_headers(bytes, parts, work);
  return {join_bodies(bytes, parts, work), work.tile_packed, are_apart};
}

}  // namespace blosc2_grok::j2k
