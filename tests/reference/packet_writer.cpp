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

void write_pass_count(PacketBitWriter& bits, int passes) {  // Table B.4, as far as one HT set needs it
  if (passes == 1) bits.put(0b0, 1);
  if (passes == 2) bits.put(0b10, 2);
  if (passes == 3) bits.put(0b1100, 4);
}

/// Lblock grows until every length fits, then the lengths (B.10.7).
void write_lengths(PacketBitWriter& bits, CodeBlock& block, const std::vector<const Segment*>& segments) {
  for (const Segment* s : segments)
    while (static_cast<int64_t>(s->bytes.size()) >> (block.lblock + floor_log2(s->passes))) {
      ++block.lblock;
      bits.put(1);
    }
  bits.put(0);
  for (const Segment* s : segments) bits.put(s->bytes.size(), block.lblock + floor_log2(s->passes));
}

void write_block(PacketBitWriter& bits, Bytes& body, PrecinctBand& band, size_t i, int layer) {
  CodeBlock& block = band.blocks[i];
  std::vector<const Segment*> now;
  int passes = 0;
  for (size_t s = 0; s < block.segments.size(); ++s)
    if (block.segment_layer[s] == layer) {
      now.push_back(&block.segments[s]);
      passes += block.segments[s].passes;
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
  for (const Segment* s : now) body.insert(body.end(), s->bytes.begin(), s->bytes.end());
}

/// SOP (A.8.1) counts the packets of a tile modulo 65536.
void write_sop(Bytes& out, size_t number) {
  const Bytes marker = {0xFF, 0x91, 0, 4, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  out.insert(out.end(), marker.begin(), marker.end());
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
  Bytes packet = bits.finish();
  if (parameters.eph) packet.insert(packet.end(), {0xFF, 0x92});
  packet.insert(packet.end(), body.begin(), body.end());
  return packet;
}

}  // namespace

Bytes write_packets(const Parameters& parameters, Tile& tile) {
  for (TileComponent& component : tile.components)
    for (Resolution& resolution : component.resolutions)
      for (Precinct& precinct : resolution.precincts)
        for (PrecinctBand& band : precinct.bands) set_tag_trees(band, parameters.layers);
  Bytes out;
  size_t number = 0;
  for (const PacketId& id : packet_order(parameters, tile)) {
    if (parameters.sop) write_sop(out, number);
    Precinct& precinct = tile.components[id.component].resolutions[id.resolution].precincts[id.precinct];
    const Bytes packet = write_packet(parameters, precinct, id.layer, number++);
    out.insert(out.end(), packet.begin(), packet.end());
  }
  return out;
}

}  // namespace blosc2_grok::reference
