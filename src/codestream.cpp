// SPDX-License-Identifier: BSD-3-Clause
// Marker walk over a main header (ISO/IEC 15444-1 Annex A).
#include "codestream.hpp"

#include <algorithm>
#include <bit>

namespace blosc2_grok {
namespace {

constexpr uint64_t kTilePartBytes = 14;  // SOT segment and SOD: no tile takes less
constexpr size_t kMaxCsiz = 16384;

template <class... Parts>
[[noreturn]] void broken(const Parts&... parts) {
  throw Error(ErrorCode::kData, "codestream: ", parts...);
}

uint64_t divide_up(uint64_t value, uint64_t by) { return (value + by - 1) / by; }

void read_siz(CodestreamHeader& header, ByteReader reader) {
  const auto u32 = [&] { return static_cast<uint32_t>(reader.big_endian(4)); };
  header.rsiz = static_cast<uint16_t>(reader.big_endian(2));
  header.x1 = u32(), header.y1 = u32(), header.x0 = u32(), header.y0 = u32();
  header.tile_width = u32(), header.tile_height = u32(), header.tile_x0 = u32(), header.tile_y0 = u32();
  const auto components = static_cast<size_t>(reader.big_endian(2));
  if (header.x1 <= header.x0 || header.y1 <= header.y0) {
    broken("image area from ", header.x0, ",", header.y0, " to ", header.x1, ",", header.y1, " is empty");
  }
  const auto covers_start = [](uint32_t tile0, uint32_t size, uint32_t image0) {
    return size > 0 && tile0 <= image0 && uint64_t{tile0} + size > image0;
  };
  if (!covers_start(header.tile_x0, header.tile_width, header.x0) ||
      !covers_start(header.tile_y0, header.tile_height, header.y0)) {
    broken("tiles of ", header.tile_width, " x ", header.tile_height, " from ", header.tile_x0, ",", header.tile_y0,
           " don't cover the image's start");
  }
  if (components == 0 || components > kMaxCsiz || reader.left() != 3 * components) {
    broken("SIZ announces ", components, " components in ", reader.left(), " bytes");
  }
  for (size_t i = 0; i < components; ++i) {
    const uint8_t depth = reader.byte();
    const ComponentHeader component{static_cast<uint8_t>((depth & 0x7f) + 1), depth >= 0x80, reader.byte(),
                                    reader.byte()};
    if (component.bits > 38 || component.dx == 0 || component.dy == 0) {
      broken("component ", i, " has ", int{component.bits}, " bits, subsampled by ", int{component.dx}, " x ",
             int{component.dy});
    }
    header.components.push_back(component);
  }
}

void read_cod(CodestreamHeader& header, ByteReader reader) {
  header.coding_style = reader.byte();
  header.progression = reader.byte();
  header.layers = static_cast<uint16_t>(reader.big_endian(2));
  header.mct = reader.byte();
  header.decompositions = reader.byte();
  const unsigned width_exponent = reader.byte() + 2u, height_exponent = reader.byte() + 2u;
  header.codeblock_style = reader.byte();
  header.transform = reader.byte();
  if (header.layers == 0 || header.progression > 4 || header.decompositions > 32 || header.transform > 1) {
    broken("COD has ", header.layers, " layers, progression ", int{header.progression}, ", ",
           int{header.decompositions}, " decompositions, transform ", int{header.transform});
  }
  if (width_exponent > 10 || height_exponent > 10 || width_exponent + height_exponent > 12) {
    broken("code-blocks of 2^", width_exponent, " x 2^", height_exponent, " samples");
  }
  header.codeblock_width = 1u << width_exponent;
  header.codeblock_height = 1u << height_exponent;
  if ((header.coding_style & 1) != 0) {
    const ByteSpan sizes = reader.take(header.decompositions + 1u);
    header.precinct_sizes.assign(sizes.begin(), sizes.end());
    for (size_t r = 1; r < sizes.size(); ++r) {
      if ((sizes[r] & 0x0f) == 0 || sizes[r] >> 4 == 0) broken("precincts of 1 sample at resolution ", r);
    }
  }
}

// Counts of hostile headers overflow 64 bits: they stop at the most instead.
uint64_t saturating_add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
uint64_t saturating_multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

// A lower bound: precincts of the whole image, as if it were one tile.
uint64_t least_packets(const CodestreamHeader& header) {
  uint64_t packets = 0;
  for (const ComponentHeader& component : header.components) {
    for (unsigned r = 0; r <= header.decompositions; ++r) {
      const unsigned level = header.decompositions - r;
      const uint8_t size = header.precinct_sizes.empty() ? 0xff : header.precinct_sizes[r];
      const auto precincts = [level](uint64_t length, unsigned subsampling, unsigned exponent) {
        const uint64_t samples = divide_up(divide_up(length, subsampling), uint64_t{1} << level);
        return divide_up(samples > 1 ? samples - 1 : 1, uint64_t{1} << exponent);
      };
      packets = saturating_add(packets, saturating_multiply(precincts(header.width(), component.dx, size & 0x0fu),
                                                            precincts(header.height(), component.dy, size >> 4)));
    }
  }
  // Or one of each component that no subsampling can leave empty, in every tile: engines keep a record of each pair.
  const auto whole = std::ranges::count_if(header.components, [](const auto& c) { return c.dx == 1 && c.dy == 1; });
  packets = std::max(packets, saturating_multiply(header.tiles(), static_cast<uint64_t>(whole)));
  return saturating_multiply(packets, header.layers);
}

void check_plausible(const CodestreamHeader& header, size_t bytes_left) {
  const uint64_t tiles = header.tiles();
  if (tiles > 65535 || tiles * kTilePartBytes > bytes_left) broken(tiles, " tiles announced in ", bytes_left, " bytes");
  const uint64_t packets = least_packets(header);
  if (packets > bytes_left) broken(packets, " packets announced in ", bytes_left, " bytes");
}

}  // namespace

uint64_t CodestreamHeader::tiles() const {
  return divide_up(uint64_t{x1} - tile_x0, tile_width) * divide_up(uint64_t{y1} - tile_y0, tile_height);
}

size_t segment_size(ByteSpan codestream, size_t offset) {
  if (offset + 4 > codestream.size()) broken("a marker segment at ", offset, " is cut off");
  const auto length = static_cast<size_t>(load_big_endian(codestream.subspan(offset + 2, 2)));
  if (length < 2 || offset + 2 + length > codestream.size()) {
    broken("the marker segment at ", offset, " announces ", length, " bytes of ", codestream.size() - offset - 2);
  }
  return 2 + length;
}

CodestreamHeader parse_codestream_header(ByteSpan codestream) {
  if (codestream.size() < 4 || load_big_endian(codestream.first(2)) != marker::kSoc)
    broken("no SOC marker at its start");
  CodestreamHeader header;
  bool has_siz = false, has_cod = false, has_qcd = false, has_packed_headers = false;
  size_t offset = 2;
  while (true) {
    if (offset + 2 > codestream.size()) broken("no tile-part in ", codestream.size(), " bytes");
    const auto code = static_cast<uint16_t>(load_big_endian(codestream.subspan(offset, 2)));
    if (code == marker::kSot) break;
    if (marker::stands_alone(code) && has_siz) {
      offset += 2;
      continue;
    }
    if (code < 0xff4f || (code >= 0xff90 && code <= 0xff93) || code == marker::kEoc) {
      broken("no marker of a main header at ", offset, " but ", code);
    }
    const size_t size = segment_size(codestream, offset);
    const ByteReader body(codestream.subspan(offset + 4, size - 4), "marker segment");
    if (!has_siz && code != marker::kSiz) broken("SIZ is not the first marker segment");
    if (code == marker::kSiz) {
      if (has_siz) broken("two SIZ segments");
      read_siz(header, body);
      has_siz = true;
    } else if (code == marker::kCod) {
      if (has_cod) broken("two COD segments");
      read_cod(header, body);
      has_cod = true;
    } else if (code == marker::kQcd) {
      header.guard_bits = static_cast<uint8_t>(ByteReader(body).byte() >> 5);
      has_qcd = true;
    } else if (code == marker::kPpm) {
      has_packed_headers = true;
    } else if (code == marker::kCom) {
      header.comments.push_back(offset);
    }
    offset += size;
  }
  if (!has_siz || !has_cod || !has_qcd) broken("SIZ, COD or QCD is missing");
  header.first_tile_part = offset;
  check_plausible(header, codestream.size() - (has_packed_headers ? 0 : offset));
  return header;
}

}  // namespace blosc2_grok
