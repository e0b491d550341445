// SPDX-License-Identifier: BSD-3-Clause
#include "tile_parts.hpp"

#include <algorithm>
#include <cstring>

#include "bytes_out.hpp"
#include "marker_codes.hpp"
#include "packet.hpp"
#include "progression_changes.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr std::size_t kSotAndSod = 14;
constexpr std::size_t kMostTileParts = 255;
constexpr std::size_t kMostSegment = 65535;  // its length field included
constexpr std::size_t kPltHeader = 5, kTlmHeader = 6, kTlmEntry = 6;
constexpr std::size_t kTlmEntries = (kMostSegment - 4) / kTlmEntry;
constexpr std::size_t kMostTlm = 256;

// Seven bits a byte, the highest first; all but the last have the top bit.
void put_packet_length(std::size_t length, Bytes& out) {
  for (std::size_t bytes = packet_length_size(length); bytes > 0; --bytes) {
    put8(out, uint32_t(length >> (7 * (bytes - 1)) & 0x7F) | (bytes > 1 ? 0x80 : 0));
  }
}

// Told of a tile's packets in their order, whether each begins a tile-part.
class PartBreaks {
 public:
  explicit PartBreaks(const PartLayout& layout) : layout_(layout) {}

  bool is_before(const PrecinctRef& precinct) {
    const bool is_break = has_packet_ && ((layout_.by_resolution && precinct.resolution != resolution_) ||
                                          (layout_.by_component && precinct.component != component_));
    resolution_ = precinct.resolution, component_ = precinct.component, has_packet_ = true;
    return is_break;
  }

 private:
  const PartLayout& layout_;
  uint32_t resolution_ = 0, component_ = 0;
  bool has_packet_ = false;
};

class TilePartWriter final : public PacketObserver {
 public:
  TilePartWriter(uint32_t tile, const PartLayout& layout, Bytes& out)
      : tile_(tile), layout_(layout), breaks_(layout), out_(out) {
    begin();
  }

  void before_packet(const PrecinctRef& precinct) override {
    if (breaks_.is_before(precinct)) {
      end();
      begin();
    }
    packet_ = out_.size();
  }
  void after_packet() override {
    if (layout_.packet_lengths) lengths_.push_back(out_.size() - packet_);
  }

  void finish() {
    end();
    for (const std::size_t psot : psots_) out_[psot + 5] = uint8_t(psots_.size());
  }

 private:
  void begin() {
    if (psots_.size() == kMostTileParts) fail("tile ", tile_, " would take more than ", kMostTileParts, " tile-parts");
    psots_.push_back(write_tile_part_header(tile_, uint32_t(psots_.size()), out_));
    body_ = out_.size();
    lengths_.clear();
  }
  void end() {
    if (layout_.packet_lengths) insert_lengths();
    patch_tile_part(psots_.back(), out_);
  }

  // PLT segments, between SOT and SOD.
  void insert_lengths() {
    Bytes segments;
    std::size_t length_at = 0;
    for (std::size_t i = 0, number = 0; i < lengths_.size(); ++i) {
      if (i == 0 || segments.size() - length_at + packet_length_size(lengths_[i]) > kMostSegment) {
        if (number == 256) fail("tile ", tile_, " has more packets than 256 PLT segments hold");
        set_length(length_at, segments);
        put16(segments, kPlt);
        length_at = segments.size();
        put16(segments, 0), put8(segments, uint32_t(number++));
      }
      put_packet_length(lengths_[i], segments);
    }
    set_length(length_at, segments);
    out_.insert(out_.begin() + std::ptrdiff_t(body_ - 2), segments.begin(), segments.end());
  }
  static void set_length(std::size_t at, Bytes& segments) {
    if (segments.empty()) return;
    const std::size_t length = segments.size() - at;
    segments[at] = uint8_t(length >> 8), segments[at + 1] = uint8_t(length);
  }

  uint32_t tile_;
  const PartLayout& layout_;
  PartBreaks breaks_;
  Bytes& out_;
  std::vector<std::size_t> psots_;    // of all its tile-parts
  std::vector<std::size_t> lengths_;  // of the packets of the one in work
  std::size_t body_ = 0, packet_ = 0;
};

constexpr uint32_t kBodiesAtOnce = 64;  // of some KB each

struct BodyCopies {
  const std::vector<BodyCopy>& bodies;
  uint8_t* out;
};

void copy_some_bodies(const void* what, uint32_t first, uint32_t end, std::size_t) {
  const BodyCopies& copies = *static_cast<const BodyCopies*>(what);
  for (uint32_t i = first; i < end; ++i) {
    const BodyCopy& body = copies.bodies[i];
    if (body.length != 0) std::memcpy(copies.out + body.to, body.from, body.length);
  }
}

void copy_bodies(const std::vector<BodyCopy>& bodies, Crew& crew, Bytes& out) {
  const BodyCopies copies{bodies, out.data()};
  Batch batch(copy_some_bodies, &copies, uint32_t(bodies.size()), kBodiesAtOnce);
  crew.add(batch);
  crew.finish(batch);
}

struct WrittenPart {
  uint32_t tile, length;
};

std::vector<WrittenPart> list_parts(std::size_t first, const Bytes& out) {
  std::vector<WrittenPart> parts;
  for (std::size_t at = first; at + kSotAndSod <= out.size();) {
    const auto get16 = [&](std::size_t offset) { return uint32_t(out[at + offset] << 8 | out[at + offset + 1]); };
    parts.push_back({get16(4), get16(6) << 16 | get16(8)});
    at += parts.back().length;
  }
  return parts;
}

std::size_t count_parts(const MainHeader& header, const Tile& tile) {
  std::size_t parts = 1;
  if (!header.parts.by_resolution && !header.parts.by_component) return parts;
  PartBreaks breaks(header.parts);
  for_each_packet(header.coding, kOurOwn, tile, [&](int, const PrecinctRef& ref) {
    parts += breaks.is_before(ref) ? 1 : 0;
    return true;
  });
  return parts;
}

std::size_t tlm_size(std::size_t parts) {
  return kTlmEntry * parts + kTlmHeader * ((parts + kTlmEntries - 1) / kTlmEntries);
}

}  // namespace

void write_tile_parts(uint32_t index, const MainHeader& header, Tile& tile, Crew& crew, Bytes& out) {
  TilePartWriter writer(index, header.parts, out);
  std::vector<BodyCopy> bodies;
  // PLT is inserted before bodies that are there already.
  const bool are_shared = crew.size() > 1 && !header.parts.packet_lengths;
  write_packets(header.coding, tile, out, writer, are_shared ? &bodies : nullptr);
  writer.finish();
  copy_bodies(bodies, crew, out);
}

void insert_part_lengths(const MainHeader& header, Bytes& out) {
  if (!header.parts.part_lengths) return;
  const std::vector<WrittenPart> parts = list_parts(header.first_tile_part, out);
  if (parts.size() > kMostTlm * kTlmEntries) fail(parts.size(), " tile-parts are more than TLM segments hold");
  Bytes segments;
  for (std::size_t first = 0; first < parts.size(); first += kTlmEntries) {
    const std::size_t count = std::min(kTlmEntries, parts.size() - first);
    put16(segments, kTlm);
    put16(segments, uint32_t(4 + kTlmEntry * count));
    put8(segments, uint32_t(first / kTlmEntries));
    put8(segments, 0x60);  // 16 bits for a tile's index, 32 for a length
    for (std::size_t i = first; i < first + count; ++i) {
      put16(segments, parts[i].tile), put32(segments, parts[i].length);
    }
  }
  out.insert(out.begin() + std::ptrdiff_t(header.first_tile_part), segments.begin(), segments.end());
}

std::size_t part_lengths_size(const MainHeader& header, const Bytes& out) {
  return header.parts.part_lengths ? tlm_size(list_parts(header.first_tile_part, out).size()) : 0;
}

std::size_t frame_size(const MainHeader& header, const Tile& tile) {
  const std::size_t packets = tile.order.size() * std::size_t(header.coding.layers);
  const std::size_t parts = count_parts(header, tile);
  std::size_t bytes = kSotAndSod * parts;
  if (header.parts.part_lengths) bytes += tlm_size(parts);
  constexpr std::size_t kMostOfPacket = 5;
  if (header.parts.packet_lengths) bytes += kPltHeader * (parts + kMostOfPacket * packets / (kMostSegment - 8));
  return bytes;
}

std::size_t packet_length_size(std::size_t length) {
  std::size_t bytes = 1;
  while (length >>= 7) ++bytes;
  return bytes;
}

}  // namespace blosc2_grok::j2k
