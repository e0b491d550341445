// SPDX-License-Identifier: BSD-3-Clause
/// Writes packets (ISO/IEC 15444-1 B.9 and B.10).
#include <algorithm>

#include "packet.hpp"

namespace blosc2_grok::reference {

namespace {

/// A layer beyond the last one where nothing is sent.
int first_layer(const CodeBlock& block, int layers) { return block.segments.empty() ? layers : block.segment_layer[0]; }

void set_tag_trees(PrecinctBand& band, int layers) {
  std::vector<int> inclusion, zero_planes;
  for (const CodeBlock& block : band.blocks) {
    inclusion.push_back(first_layer(block, layers));
    zero_planes.push_back(block.zero_planes);
  }
  band.inclusion.set_values(inclusion);
  band.zero_planes.set_values(zero_planes);
}

void write_pass_count(PacketBitWriter& bits, int passes) {  // Table B.4
  if (passes == 1) return bits.put(0b0, 1);
  if (passes == 2) return bits.put(0b10, 2);
  if (passes <= 5) return bits.put(0b1100 + passes - 3, 4);
  if (passes <= 36) return bits.put(0b111100000 + passes - 6, 9);
  bits.put(0b1111111110000000 + passes - 37, 16);
}

struct Length {
  size_t bytes;
  int passes;  ///< including placeholders
};

/// Lblock grows until every length fits, then the lengths (B.10.7).
void write_lengths(PacketBitWriter& bits, CodeBlock& block, const std::vector<Length>& lengths) {
  for (const Length& length : lengths)
    while (length.bytes >> (block.lblock + floor_log2(length.passes))) {
      ++block.lblock;
      bits.put(1);
    }
  bits.put(0);
  for (const Length& length : lengths) bits.put(length.bytes, block.lblock + floor_log2(length.passes));
}

void write_block(PacketBitWriter& bits, Bytes& body, PrecinctBand& band, size_t i, int layer) {
  CodeBlock& block = band.blocks[i];
  std::vector<Length> now;
  int passes = 0;
  for (size_t s = 0; s < block.segments.size(); ++s) {
    if (block.segment_layer[s] != layer) continue;
    const Bytes& bytes = block.segments[s].bytes;
    now.push_back({bytes.size(), block.segments[s].passes + (s == 0 ? 3 * block.placeholder_sets : 0)});
    passes += now.back().passes;
    body.insert(body.end(), bytes.begin(), bytes.end());
  }
  if (block.included)
    bits.put(!now.empty());
  else
    band.inclusion.encode(i, layer + 1, bits);
  if (now.empty()) return;
  if (!block.included) band.zero_planes.encode(i, block.zero_planes + 1, bits);
  block.included = true;
  write_pass_count(bits, passes);
  write_lengths(bits, block, now);
}

/// SOP (A.8.1) counts the packets of a tile modulo 65536.
Bytes sop_marker(size_t number) {
  return {0xFF, 0x91, 0, 4, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
}

bool nothing_to_send(const Precinct& precinct, int layer) {
  for (const PrecinctBand& band : precinct.bands)
    for (const CodeBlock& block : band.blocks)
      for (int l : block.segment_layer)
        if (l == layer) return false;
  return true;
}

/// A packet without code-blocks may be one zero bit or say so block by block; both are written, in turn.
Bytes write_packet(const Parameters& parameters, Precinct& precinct, int layer, size_t number) {
  PacketBitWriter bits;
  const bool zero_length = number % 2 == 0 && nothing_to_send(precinct, layer);
  Bytes body;
  bits.put(!zero_length);
  for (PrecinctBand& band : precinct.bands)
    for (size_t i = 0; i < band.blocks.size() && !zero_length; ++i) write_block(bits, body, band, i, layer);
  Bytes packet = parameters.sop ? sop_marker(number) : Bytes();
  const Bytes header = bits.finish();
  packet.insert(packet.end(), header.begin(), header.end());
  if (parameters.eph) packet.insert(packet.end(), {0xFF, 0x92});
  packet.insert(packet.end(), body.begin(), body.end());
  return packet;
}

}  // namespace

std::vector<Bytes> write_packets(const Parameters& parameters, Tile& tile) {
  for (TileComponent& component : tile.components)
    for (Resolution& resolution : component.resolutions)
      for (Precinct& precinct : resolution.precincts)
        for (PrecinctBand& band : precinct.bands) set_tag_trees(band, parameters.layers);
  std::vector<Bytes> packets;
  for (const PacketId& id : packet_order(parameters, tile)) {
    Precinct& precinct = tile.components[id.component].resolutions[id.resolution].precincts[id.precinct];
    packets.push_back(write_packet(parameters, precinct, id.layer, packets.size()));
  }
  return packets;
}

}  // namespace blosc2_grok::reference
