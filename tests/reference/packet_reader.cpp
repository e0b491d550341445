// SPDX-License-Identifier: BSD-3-Clause
/// Reads packets (ISO/IEC 15444-1 B.9 and B.10).
#include <algorithm>
#include <bit>

#include "packet.hpp"

namespace blosc2_grok::reference {

int floor_log2(int value) { return std::bit_width(static_cast<unsigned>(value)) - 1; }

int segment_capacity(int style, int passes) {
  constexpr int kUnlimited = 1 << 20;
  if (style & kHighThroughput) return passes % 3 == 0 ? 1 : 3 - passes % 3;  // cleanup; SPP and MRP together
  if (style & kTerminateEachPass) return 1;
  if (!(style & kBypass)) return kUnlimited;
  if (passes < 10) return 10 - passes;                        // Table D.9: the first four bit-planes
  return (passes - 10) % 3 == 2 ? 1 : 2 - (passes - 10) % 3;  // raw passes, then a cleanup pass
}

namespace {

/// Bytes that the body of the packet holds for one segment.
struct Piece {
  CodeBlock* block;
  size_t segment;
  int64_t length;
};

class PacketReader {
 public:
  PacketReader(const Bytes& data, size_t position) : data_(data), position_(position) {}

  size_t read(int layer, int style, Precinct& precinct) {
    skip_marker(0x91, 6);  // SOP, A.8.1
    PacketBitReader bits(data_, position_);
    if (bits.get())
      for (PrecinctBand& band : precinct.bands)
        for (size_t i = 0; i < band.blocks.size(); ++i) read_block_header(bits, layer, style, band, i);
    position_ = bits.finish();
    skip_marker(0x92, 2);  // EPH, A.8.2
    for (const Piece& piece : pieces_) read_piece(piece);
    return position_;
  }

 private:
  /// These markers cannot be confused with a header: no header begins with a byte 0xFF before one above 0x8F.
  void skip_marker(int code, size_t length) {
    if (position_ + length > data_.size()) return;
    if (data_[position_] == 0xFF && data_[position_ + 1] == code) position_ += length;
  }

  void read_block_header(PacketBitReader& bits, int layer, int style, PrecinctBand& band, size_t i) {
    CodeBlock& block = band.blocks[i];
    const bool now = block.included ? bits.get() : band.inclusion.decode(i, layer + 1, bits);  // B.10.4
    if (!now) return;
    const bool first = !block.included;
    if (first) block.zero_planes = read_zero_planes(bits, band, i);
    block.included = true;
    int passes = read_pass_count(bits);
    while (bits.get()) ++block.lblock;  // B.10.7.1
    if (first && (style & kHighThroughput)) passes = read_first_ht_segment(bits, block, passes);
    while (passes > 0) passes -= read_segment_length(bits, block, style, passes);
  }

  static int read_zero_planes(PacketBitReader& bits, PrecinctBand& band, size_t i) {  // B.10.5
    int count = 0;
    while (!band.zero_planes.decode(i, count + 1, bits))
      if (++count > 100) throw Error("more than 100 missing bit-planes");
    return count;
  }

  static int read_pass_count(PacketBitReader& bits) {  // Table B.4
    if (!bits.get()) return 1;
    if (!bits.get()) return 2;
    int count = bits.get(2);
    if (count < 3) return 3 + count;
    count = bits.get(5);
    if (count < 31) return 6 + count;
    return 37 + bits.get(7);
  }

  /// Sets of three placeholder passes may precede an HT cleanup pass and count as missing bit-planes
  /// (ISO/IEC 15444-15 Annex B). Returns the passes that are left.
  int read_first_ht_segment(PacketBitReader& bits, CodeBlock& block, int passes) {
    const int placeholders = 3 * ((passes - 1) / 3);
    block.zero_planes += placeholders / 3;
    add_piece(bits, block, {1, 1, {}}, 1, placeholders + 1);
    return passes - placeholders - 1;
  }

  /// Goes on with the open segment or begins one; returns the passes that it takes.
  int read_segment_length(PacketBitReader& bits, CodeBlock& block, int style, int passes) {
    if (block.segments.empty() || block.segments.back().passes == block.segments.back().max_passes)
      block.segments.push_back({0, segment_capacity(style, block.passes), {}});
    Segment& segment = block.segments.back();
    const int taken = std::min(passes, segment.max_passes - segment.passes);
    segment.passes += taken;
    note_piece(bits, block, taken, taken);
    return taken;
  }

  void add_piece(PacketBitReader& bits, CodeBlock& block, Segment segment, int passes, int counted) {
    block.segments.push_back(std::move(segment));
    note_piece(bits, block, passes, counted);
  }

  /// B.10.7.2: a length takes Lblock bits and floor(log2(passes)) more.
  void note_piece(PacketBitReader& bits, CodeBlock& block, int passes, int counted) {
    const int width = block.lblock + floor_log2(counted);
    if (width > 32) throw Error("segment length of more than 32 bits");
    pieces_.push_back({&block, block.segments.size() - 1, bits.get(width)});
    block.passes += passes;
  }

  void read_piece(const Piece& piece) {
    if (piece.length > static_cast<int64_t>(data_.size() - position_))
      throw Error("packet body past the end of the tile");
    Bytes& bytes = piece.block->segments[piece.segment].bytes;
    bytes.insert(bytes.end(), data_.begin() + position_, data_.begin() + position_ + piece.length);
    position_ += piece.length;
  }

  const Bytes& data_;
  size_t position_;
  std::vector<Piece> pieces_;
};

/// Every packet takes a byte at least.
void check_packet_count(const Parameters& parameters, const Bytes& data, const Tile& tile) {
  size_t precincts = 0;
  for (const TileComponent& component : tile.components)
    for (const Resolution& resolution : component.resolutions) precincts += resolution.precincts.size();
  if (precincts * parameters.layers > data.size()) throw Error("fewer bytes than packets");
}

}  // namespace

void read_packets(const Parameters& parameters, const Bytes& data, Tile& tile) {
  check_packet_count(parameters, data, tile);
  size_t position = 0;
  for (const PacketId& id : packet_order(parameters, tile)) {
    Precinct& precinct = tile.components[id.component].resolutions[id.resolution].precincts[id.precinct];
    const int style = parameters.components[id.component].coding.style;
    position = PacketReader(data, position).read(id.layer, style, precinct);
  }
}

}  // namespace blosc2_grok::reference
