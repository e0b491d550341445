// SPDX-License-Identifier: BSD-3-Clause
// Packets (ISO/IEC 15444-1 B.9, B.10 and 15444-15 B): a layer's contribution of one precinct, header and body.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "bytes.hpp"
#include "tile.hpp"

namespace blosc2_grok::j2k {

// Told of each packet that is written, and may write in between.
class PacketObserver {
 public:
  virtual void before_packet(const PrecinctRef& precinct) = 0;
  virtual void after_packet() = 0;

 protected:
  ~PacketObserver() = default;
};

// A code-block's bytes and where they go.
struct BodyCopy {
  const uint8_t* from = nullptr;
  std::size_t to = 0;
  uint32_t length = 0;
};

// Writes every packet of the tile. The code-blocks hold their chunks and `missing_bits`. With `later` the bodies are left
// open, and listed there: an observer may not insert anything before them then.
void write_packets(const TileCoding& coding, Tile& tile, Bytes& out, PacketObserver& observer,
                   std::vector<BodyCopy>* later);

// The bytes that the tile's packets of a layer take, headers and bodies, if those of the layers before were counted
// like this; with those of their lengths in PLT or without. Chunks of later layers do not matter yet.
std::size_t count_packets(int layer, bool with_lengths, Tile& tile, Bytes& scratch);
// Everything as before the first packet.
void forget_packets(Tile& tile);

// A tile's packets: its tile-parts' joined bodies, and the packet headers where they are not among these.
struct PacketBytes {
  std::span<const uint8_t> bodies;
  std::span<const uint8_t> headers;
  bool are_apart = false;  // the headers, from PPM or PPT

  std::size_t header_room() const { return are_apart ? headers.size() : bodies.size(); }
};

// What a decoder of fewer resolutions or layers can do with.
struct WantedPackets {
  int reduce = 0;
  int layers = 0;  // 0: all

  bool has_resolution(const PrecinctRef& ref, const TileCoding& coding) const {
    return int(ref.resolution) + reduce <= coding.components[ref.component].levels;
  }
  int end_layer(const TileCoding& coding) const { return layers > 0 ? std::min(layers, coding.layers) : coding.layers; }
};

// Reads the tile's packets up to the last wanted one; with progression order changes all. The chunks point into the
// bodies. What came before it unwanted is left alone later.
void read_packets(const TileCoding& coding, const PacketBytes& bytes, const WantedPackets& wanted, Tile& tile);

// Takes away what layer `first` and later ones brought.
void drop_layers(int first, Tile& tile);

}  // namespace blosc2_grok::j2k
