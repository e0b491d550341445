// SPDX-License-Identifier: BSD-3-Clause
// Takes a codestream with SOP and EPH apart and puts it together otherwise: packet headers in PPM or PPT, several
// tile-parts that take turns, POC in tile-part headers. Neither marker can be in a packet by chance (B.10.1, C.3), so
// that no packet has to be read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <vector>

#include "support.hpp"

namespace blosc2_grok::j2k::test {

using Bytes = std::vector<uint8_t>;

inline uint32_t number_at(std::span<const uint8_t> bytes, std::size_t at, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[at + std::size_t(i)];
  return value;
}
inline void put_number(Bytes& out, uint32_t value, int count) {
  while (count-- > 0) out.push_back(uint8_t(value >> (8 * count)));
}
inline void put_bytes(Bytes& out, std::span<const uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

struct Packet {
  Bytes header, body;
};
struct TakenTile {
  std::vector<Packet> packets;
  std::vector<std::size_t> parts;  // first packets of the tile-parts
};
struct Segment {
  uint32_t marker;
  Bytes body;
};
struct TakenStream {
  std::vector<Segment> main;  // SIZ first
  std::map<uint32_t, TakenTile> tiles;

  Segment* find(uint32_t marker) {
    const auto found = std::ranges::find(main, marker, &Segment::marker);
    return found == main.end() ? nullptr : &*found;
  }
};

inline std::size_t find_marker(std::span<const uint8_t> bytes, std::size_t from, uint32_t marker) {
  for (; from + 1 < bytes.size(); ++from) {
    if (number_at(bytes, from, 2) == marker) return from;
  }
  return bytes.size();
}

inline void take_packets(std::span<const uint8_t> body, TakenTile& tile) {
  tile.parts.push_back(tile.packets.size());
  for (std::size_t at = 0; at < body.size();) {
    if (number_at(body, at, 2) != 0xFF91) throw std::runtime_error("a packet without SOP");
    const std::size_t eph = find_marker(body, at + 6, 0xFF92), next = find_marker(body, eph, 0xFF91);
    if (eph == body.size()) throw std::runtime_error("a packet without EPH");
    tile.packets.push_back({{body.begin() + long(at) + 6, body.begin() + long(eph)},
                            {body.begin() + long(eph) + 2, body.begin() + long(next)}});
    at = next;
  }
}

// Up to this marker, which is not one of them.
inline std::vector<Segment> take_segments(std::span<const uint8_t> bytes, std::size_t& at, uint32_t end) {
  std::vector<Segment> segments;
  for (; number_at(bytes, at, 2) != end; at += 2 + number_at(bytes, at + 2, 2)) {
    const auto body = bytes.subspan(at + 4, number_at(bytes, at + 2, 2) - 2);
    segments.push_back({number_at(bytes, at, 2), {body.begin(), body.end()}});
  }
  return segments;
}

// A single tile's POC becomes the main header's.
inline TakenStream take_apart(std::span<const uint8_t> bytes) {
  TakenStream stream;
  std::size_t at = 2;
  stream.main = take_segments(bytes, at, 0xFF90);
  while (number_at(bytes, at, 2) == 0xFF90) {
    const std::size_t end = at + number_at(bytes, at + 6, 4);
    if (end < at + 14 || end > bytes.size()) throw std::runtime_error("a tile-part of a wrong length");
    TakenTile& tile = stream.tiles[number_at(bytes, at + 4, 2)];
    at += 12;
    for (const Segment& segment : take_segments(bytes, at, 0xFF93)) {
      if (segment.marker != 0xFF5F) throw std::runtime_error("a segment in a tile-part header");
      if (stream.find(0xFF5F) == nullptr) stream.main.push_back(segment);
    }
    take_packets(bytes.subspan(at + 2, end - at - 2), tile);
    at = end;
  }
  return stream;
}

enum class HeadersIn { kPackets, kPpt, kPpm };

struct Assembly {
  HeadersIn headers = HeadersIn::kPackets;
  bool sop = true, eph = true;
  uint32_t parts = 0;          // of each tile; 0: as they were
  bool poc_in_tiles = false;   // a change in each tile-part, where they were so many
  bool late_segments = false;  // PPM and PPT not in the order of their indices
  bool one_segment = false;    // of PPM or PPT
  bool same_indices = false;   // of PPT, from 0 on in each tile-part
};

struct AssembledPart {
  uint32_t tile, index;
  Bytes segments, headers, bodies;
};

inline void put_segment(Bytes& out, uint32_t marker, std::span<const uint8_t> body) {
  put_number(out, marker, 2), put_number(out, uint32_t(body.size()) + 2, 2), put_bytes(out, body);
}

// `packed` in segments of random lengths, which have indices.
inline void put_packed(Bytes& out, uint32_t marker, std::span<const uint8_t> packed, const Assembly& how,
                       uint32_t first_index, Random& random) {
  std::vector<Bytes> segments;
  for (std::size_t at = 0; at < packed.size() || segments.empty();) {
    const std::size_t most = std::min<std::size_t>(65532, packed.size() - at);
    const std::size_t wanted = packed.size() / 40 + 1 + random() % (2 * packed.size() / 3 + 1);
    const std::size_t length = how.one_segment ? most : std::min(most, wanted);
    Bytes body{uint8_t(first_index + segments.size())};
    put_bytes(body, packed.subspan(at, length));
    segments.push_back(body);
    at += length;
  }
  if (how.late_segments) std::shuffle(segments.begin(), segments.end(), random);
  for (const Bytes& body : segments) put_segment(out, marker, body);
}

inline AssembledPart assemble_part(const TakenTile& tile, std::size_t first, std::size_t end, const Assembly& how) {
  AssembledPart part;
  for (std::size_t i = first; i < end; ++i) {
    if (how.sop) {
      put_number(part.bodies, 0xFF910004, 4), put_number(part.bodies, uint32_t(i), 2);
    }
    Bytes& headers = how.headers == HeadersIn::kPackets ? part.bodies : part.headers;
    put_bytes(headers, tile.packets[i].header);
    if (how.eph) put_number(headers, 0xFF92, 2);
    put_bytes(part.bodies, tile.packets[i].body);
  }
  return part;
}

// Tile-parts by their number, so that those of different tiles take turns.
inline std::vector<AssembledPart> assemble_parts(TakenStream& stream, const Assembly& how) {
  std::vector<AssembledPart> parts;
  const Segment* poc = stream.find(0xFF5F);
  const bool wide = number_at(stream.main[0].body, 34, 2) > 256;
  for (const auto& [number, tile] : stream.tiles) {
    const std::size_t count = how.parts == 0 ? tile.parts.size() : how.parts;
    for (std::size_t p = 0; p < count; ++p) {
      const auto begin = [&](std::size_t i) {
        if (i == count) return tile.packets.size();
        return how.parts == 0 ? tile.parts[i] : tile.packets.size() * i / count;
      };
      AssembledPart part = assemble_part(tile, begin(p), begin(p + 1), how);
      part.tile = number, part.index = uint32_t(p);
      if (poc != nullptr && how.poc_in_tiles) {
        const std::size_t size = wide ? 9 : 7, changes = poc->body.size() / size;
        const bool spread = how.parts == 0 && count == changes;
        const std::span<const uint8_t> all(poc->body);
        if (spread) put_segment(part.segments, 0xFF5F, all.subspan(p * size, size));
        if (!spread && p == 0) put_segment(part.segments, 0xFF5F, all);
      }
      parts.push_back(part);
    }
  }
  std::ranges::stable_sort(parts, {}, &AssembledPart::index);
  return parts;
}

inline Bytes put_together(TakenStream stream, const Assembly& how, Random& random) {
  const std::vector<AssembledPart> parts = assemble_parts(stream, how);
  Bytes out{0xFF, 0x4F};
  for (Segment& segment : stream.main) {
    if (segment.marker == 0xFF52)
      segment.body[0] = uint8_t((segment.body[0] & ~6) | (how.sop ? 2 : 0) | (how.eph ? 4 : 0));
    if (segment.marker == 0xFF5F && how.poc_in_tiles) continue;
    put_segment(out, segment.marker, segment.body);
  }
  if (how.headers == HeadersIn::kPpm) {
    Bytes packed;
    for (const AssembledPart& part : parts) {
      put_number(packed, uint32_t(part.headers.size()), 4), put_bytes(packed, part.headers);
    }
    put_packed(out, 0xFF60, packed, how, 0, random);
  }
  for (const AssembledPart& part : parts) {
    Bytes segments = part.segments;
    if (how.headers == HeadersIn::kPpt && !part.headers.empty())
      put_packed(segments, 0xFF61, part.headers, how, how.same_indices ? 0 : 42 * part.index, random);
    put_number(out, 0xFF90000A, 4), put_number(out, part.tile, 2);
    put_number(out, uint32_t(14 + segments.size() + part.bodies.size()), 4);
    put_number(out, part.index, 1), put_number(out, 0, 1);
    put_bytes(out, segments), put_number(out, 0xFF93, 2), put_bytes(out, part.bodies);
  }
  put_number(out, 0xFFD9, 2);
  return out;
}

inline Assembly random_assembly(Random& random) {
  Assembly how;
  how.headers = HeadersIn(pick(random, 0, 2));
  how.sop = pick(random, 0, 1) == 0, how.eph = pick(random, 0, 1) == 0;
  how.parts = pick(random, 0, 3);
  how.poc_in_tiles = pick(random, 0, 1) == 0;
  how.late_segments = pick(random, 0, 1) == 0;
  how.same_indices = pick(random, 0, 2) == 0;
  return how;
}

}  // namespace blosc2_grok::j2k::test
