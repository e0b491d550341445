// SPDX-License-Identifier: BSD-3-Clause
// Reads packets (ISO/IEC 15444-1 B.10, 15444-15 B): which code-blocks, how many passes, where their bytes are.
#include <algorithm>

#include "bit_io.hpp"
#include "ebcot_block.hpp"
#include "marker_codes.hpp"
#include "packet.hpp"
#include "progression_changes.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr uint32_t kMaxMissingBits = 74;

// Table B.4.
uint32_t get_pass_count(PacketBitReader& in) {
  if (in.get(1) == 0) return 1;
  if (in.get(1) == 0) return 2;
  uint32_t more = in.get(2);
  if (more < 3) return 3 + more;
  more = in.get(5);
  if (more < 31) return 6 + more;
  return 37 + in.get(7);
}

class PacketReader {
 public:
  PacketReader(const TileCoding& coding, const PacketBytes& bytes, Tile& tile)
      : coding_(coding), are_apart_(bytes.are_apart), bodies_{bytes.bodies}, headers_{bytes.headers}, tile_(tile) {}

  void read(int layer, const PrecinctRef& ref) {
    const Resolution& resolution = tile_.resolution(ref.component, int(ref.resolution));
    const Precinct& precinct = tile_.precincts[resolution.first_precinct + ref.precinct];
    style_ = coding_.components[ref.component].codeblock_style;
    skip_sop();
    Cursor& in = are_apart_ ? headers_ : bodies_;
    PacketBitReader header(in.bytes.subspan(in.position));
    first_new_chunk_ = tile_.chunks.size();
    if (header.get(1) != 0) {
      for (int b = 0; b < resolution.bands; ++b) {
        read_band(layer, tile_.subbands[std::size_t(resolution.first_band + b)], precinct.bands[b], header);
      }
    }
    in.position += header.finish();
    skip_eph(in);
    take_bodies();
  }

 private:
  struct Cursor {
    std::span<const uint8_t> bytes;
    std::size_t position = 0;

    std::size_t left() const { return bytes.size() - position; }
    bool is_at(uint16_t marker, std::size_t length) const {
      return left() >= length && bytes[position] == marker >> 8 && bytes[position + 1] == (marker & 0xFF);
    }
  };
  void skip_sop() {
    // SOP may be absent even where COD allows it (A.8.1), and a packet header never begins with 0xFF91.
    if (coding_.sop && bodies_.is_at(kSop, 6)) bodies_.position += 6;
  }
  void skip_eph(Cursor& in) {
    if (!coding_.eph) return;
    if (!in.is_at(kEph, 2)) fail("tile: no EPH after a packet header at byte ", in.position);
    in.position += 2;
  }

  void read_band(int layer, const Subband& band, const PrecinctBand& part, PacketBitReader& in) {
    if (part.width == 0) return;
    const std::span<TagNode> nodes(tile_.tag_nodes);
    TagTree inclusion(nodes.subspan(part.inclusion), part.width, part.height);
    TagTree zero_bits(nodes.subspan(part.zero_bits), part.width, part.height);
    for (uint32_t y = 0; y < part.height; ++y) {
      for (uint32_t x = 0; x < part.width; ++x) {
        CodeBlock& block = tile_.codeblock(band, part.x0 + x, part.y0 + y);
        const bool first = block.passes == 0;
        const bool included = first ? inclusion.decode(x, y, uint32_t(layer + 1), in) : in.get(1) != 0;
        if (!included) continue;
        if (first) block.missing_bits = read_missing_bits(zero_bits, x, y, in);
        read_block(layer, block, in);
      }
    }
  }

  static uint8_t read_missing_bits(TagTree& tree, uint32_t x, uint32_t y, PacketBitReader& in) {
    if (!tree.decode(x, y, kMaxMissingBits + 1, in)) {
      fail("a code-block misses more than ", kMaxMissingBits, " bit-planes");
    }
    return uint8_t(tree.leaf(x, y).low);
  }

  void read_block(int layer, CodeBlock& block, PacketBitReader& in) {
    const uint32_t passes = get_pass_count(in);
    while (in.get(1) != 0) {
      if (++block.length_bits > 32) fail("Lblock of a code-block is above 32");
    }
    if ((style_ & kCodeBlockHt) == 0) {
      read_segments(layer, block, passes, in);
    } else if (block.passes == 0) {
      // HT sets ahead of the first real one are placeholders without bytes; they raise the missing bit-planes.
      const uint32_t placeholders = (passes - 1) / 3;
      read_length(layer, block, 3 * placeholders + 1, 1, in);
      block.missing_bits = uint8_t(block.missing_bits + placeholders);
      block.passes = 1;
      read_refinement(layer, block, passes - 3 * placeholders - 1, in);
    } else {
      read_refinement(layer, block, passes, in);
    }
  }

  void read_refinement(int layer, CodeBlock& block, uint32_t passes, PacketBitReader& in) {
    if (block.passes + passes > 3) fail("a code-block has more than one HT set: not supported");
    if (passes != 0) read_length(layer, block, passes, passes, in);
    block.passes = uint16_t(block.passes + passes);
  }

  // Part 1: one length a codeword segment (B.10.7.2).
  void read_segments(int layer, CodeBlock& block, uint32_t passes, PacketBitReader& in) {
    if (block.passes + passes > uint32_t(kMaxEbcotPasses)) {
      fail("a code-block of ", block.passes + passes, " coding passes: not supported");
    }
    while (passes != 0) {
      uint32_t count = 1;
      while (count < passes && !ends_segment(int(block.passes + count) - 1, unsigned(style_))) ++count;
      read_length(layer, block, count, count, in);
      block.passes = uint16_t(block.passes + count);
      passes -= count;
    }
  }

  // `counted` passes make the length's number of bits, `passes` are in the segment.
  void read_length(int layer, CodeBlock& block, uint32_t counted, uint32_t passes, PacketBitReader& in) {
    const int bits = block.length_bits + floor_log2(counted);
    if (bits > 32) fail("a codeword segment's length has ", bits, " bits");
    Chunk chunk;
    chunk.length = in.get(bits);
    chunk.layer = uint16_t(layer);
    chunk.passes = uint8_t(passes);
    add_chunk(tile_, block, chunk);
  }

  void take_bodies() {
    for (std::size_t i = first_new_chunk_; i < tile_.chunks.size(); ++i) {
      Chunk& chunk = tile_.chunks[i];
      if (chunk.length > bodies_.left()) {
        fail("a code-block of ", chunk.length, " bytes where its tile has ", bodies_.left(), " left");
      }
      chunk.data = bodies_.bytes.data() + bodies_.position;
      bodies_.position += chunk.length;
    }
  }

  const TileCoding& coding_;
  const bool are_apart_;
  Cursor bodies_, headers_;
  Tile& tile_;
  std::size_t first_new_chunk_ = 0;
  int style_ = 0;  // of the component in work
};

// Packets that a decoder of fewer resolutions and layers wants; those of a component without so many are none.
std::size_t count_wanted(const TileCoding& coding, const WantedPackets& wanted, const Tile& tile) {
  const auto is_wanted = [&](const PrecinctRef& ref) { return wanted.has_resolution(ref, coding); };
  return std::size_t(std::ranges::count_if(tile.order, is_wanted)) * std::size_t(wanted.end_layer(coding));
}

}  // namespace

void read_packets(const TileCoding& coding, const PacketBytes& bytes, const WantedPackets& wanted, Tile& tile) {
  PacketReader reader(coding, bytes, tile);
  std::size_t left = count_wanted(coding, wanted, tile);
  for_each_packet(coding, bytes.header_room(), tile, [&](int layer, const PrecinctRef& ref) {
    if (left == 0) return false;
    reader.read(layer, ref);
    left -= layer < wanted.end_layer(coding) && wanted.has_resolution(ref, coding);
    return true;
  });
}

void drop_layers(int first, Tile& tile) {
  for (CodeBlock& block : tile.codeblocks) {
    int32_t* link = &block.first_chunk;
    block.last_chunk = -1;
    while (*link >= 0 && tile.chunks[std::size_t(*link)].layer < first) {
      block.last_chunk = *link;
      link = &tile.chunks[std::size_t(*link)].next;
    }
    for (int32_t i = *link; i >= 0; i = tile.chunks[std::size_t(i)].next) {
      block.passes = uint16_t(block.passes - tile.chunks[std::size_t(i)].passes);
    }
    *link = -1;
  }
}

}  // namespace blosc2_grok::j2k
