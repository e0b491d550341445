// SPDX-License-Identifier: BSD-3-Clause
// Writes packets (ISO/IEC 15444-1 B.10): tag trees, pass counts, Lblock and lengths, then the code-blocks' bytes.
#include <algorithm>
#include <cstring>

#include "bit_io.hpp"
#include "packet.hpp"
#include "progression_changes.hpp"
#include "tile_parts.hpp"

namespace blosc2_grok::j2k {
namespace {

// Table B.4.
void put_pass_count(uint32_t passes, PacketBitWriter& out) {
  if (passes == 1) return out.put(0, 1);
  if (passes == 2) return out.put(2, 2);
  if (passes <= 5) return out.put(0xC | (passes - 3), 4);
  if (passes <= 36) return out.put(0x1E0 | (passes - 6), 9);
  out.put(0xFF80 | (passes - 37), 16);
}

// The block's chunks of one layer: the next ones after those written.
struct LayerChunks {
  int32_t first = -1, last = -1;
  int count = 0;
  uint32_t passes = 0;
};

LayerChunks chunks_of(const Tile& tile, const CodeBlock& block, int layer) {
  LayerChunks found;
  const int32_t next =
      block.written_chunk < 0 ? block.first_chunk : tile.chunks[std::size_t(block.written_chunk)].next;
  for (int32_t i = next; i >= 0; i = tile.chunks[std::size_t(i)].next) {
    const Chunk& chunk = tile.chunks[std::size_t(i)];
    if (chunk.layer != layer) break;
    if (found.first < 0) found.first = i;
    ++found.count;
    found.passes += chunk.passes;
    found.last = i;
  }
  return found;
}

template <class Visit>
void for_each_chunk(const Tile& tile, const LayerChunks& chunks, Visit&& visit) {
  int32_t i = chunks.first;
  for (int k = 0; k < chunks.count; ++k, i = tile.chunks[std::size_t(i)].next) visit(tile.chunks[std::size_t(i)]);
}

void put_lengths(const Tile& tile, const LayerChunks& chunks, CodeBlock& block, PacketBitWriter& out) {
  int growth = 0;
  for_each_chunk(tile, chunks, [&](const Chunk& chunk) {
    const int room = block.length_bits + floor_log2(chunk.passes);
    const int needed = chunk.length == 0 ? 0 : floor_log2(chunk.length) + 1;
    growth = std::max(growth, needed - room);
  });
  for (int i = 0; i < growth; ++i) out.put(1, 1);
  out.put(0, 1);
  block.length_bits = uint8_t(block.length_bits + growth);
  for_each_chunk(tile, chunks,
                 [&](const Chunk& chunk) { out.put(chunk.length, block.length_bits + floor_log2(chunk.passes)); });
}

class PacketWriter {
 public:
  PacketWriter(Tile& tile, Bytes& out, std::vector<BodyCopy>* later = nullptr)
      : tile_(tile), out_(out), later_(later) {}

  void write(int layer, const PrecinctRef& ref) {
    visit_packet(layer, ref, [&](const Chunk& chunk) {
      const std::size_t to = out_.size();
      out_.resize(to + chunk.length);
      if (later_ != nullptr) {
        later_->push_back({chunk.data, to, chunk.length});
      } else if (chunk.length != 0) {
        std::memcpy(out_.data() + to, chunk.data, chunk.length);
      }
    });
  }

  // Writes the header alone; returns the bytes of the body.
  std::size_t write_header(int layer, const PrecinctRef& ref) {
    std::size_t bytes = 0;
    visit_packet(layer, ref, [&](const Chunk& chunk) { bytes += chunk.length; });
    return bytes;
  }

  template <class Visit>
  void visit_packet(int layer, const PrecinctRef& ref, Visit&& visit) {
    const Resolution& resolution = tile_.resolution(ref.component, int(ref.resolution));
    const Precinct& precinct = tile_.precincts[resolution.first_precinct + ref.precinct];
    PacketBitWriter header(out_);
    const bool any = has_chunks(layer, resolution, precinct);
    header.put(any ? 1 : 0, 1);
    for (int b = 0; any && b < resolution.bands; ++b) {
      write_band_header(layer, band(resolution, b), precinct.bands[b], header);
    }
    header.finish();
    for (int b = 0; any && b < resolution.bands; ++b) {
      visit_band_body(layer, band(resolution, b), precinct.bands[b], visit);
    }
  }

  // Fills the precinct's tag trees: the layer of first inclusion, and the missing bit-planes.
  void prepare(const PrecinctRef& ref) {
    const Resolution& resolution = tile_.resolution(ref.component, int(ref.resolution));
    const Precinct& precinct = tile_.precincts[resolution.first_precinct + ref.precinct];
    for (int b = 0; b < resolution.bands; ++b) {
      const PrecinctBand& part = precinct.bands[b];
      if (part.width == 0) continue;
      TagTree inclusion = tree(part.inclusion, part), zero_bits = tree(part.zero_bits, part);
      for_each_block(band(resolution, b), part, [&](uint32_t x, uint32_t y, CodeBlock& block) {
        const int32_t first = block.first_chunk;
        inclusion.leaf(x, y).value = first < 0 ? 0xFFFF : tile_.chunks[std::size_t(first)].layer;
        zero_bits.leaf(x, y).value = block.missing_bits;
      });
      inclusion.propagate();
      zero_bits.propagate();
    }
  }

 private:
  const Subband& band(const Resolution& resolution, int b) const {
    return tile_.subbands[std::size_t(resolution.first_band + b)];
  }
  TagTree tree(std::size_t first, const PrecinctBand& part) {
    return {std::span(tile_.tag_nodes).subspan(first), part.width, part.height};
  }
  template <class Visit>
  void for_each_block(const Subband& band, const PrecinctBand& part, Visit&& visit) {
    for (uint32_t y = 0; y < part.height; ++y) {
      for (uint32_t x = 0; x < part.width; ++x) visit(x, y, tile_.codeblock(band, part.x0 + x, part.y0 + y));
    }
  }

  bool has_chunks(int layer, const Resolution& resolution, const Precinct& precinct) {
    bool any = false;
    for (int b = 0; b < resolution.bands; ++b) {
      for_each_block(band(resolution, b), precinct.bands[b], [&](uint32_t, uint32_t, CodeBlock& block) {
        any = any || chunks_of(tile_, block, layer).count != 0;
      });
    }
    return any;
  }

  void write_band_header(int layer, const Subband& band, const PrecinctBand& part, PacketBitWriter& out) {
    if (part.width == 0) return;
    TagTree inclusion = tree(part.inclusion, part), zero_bits = tree(part.zero_bits, part);
    for_each_block(band, part, [&](uint32_t x, uint32_t y, CodeBlock& block) {
      const LayerChunks chunks = chunks_of(tile_, block, layer);
      if (block.passes == 0) {
        inclusion.encode(x, y, uint32_t(layer + 1), out);
        if (chunks.count != 0) zero_bits.encode(x, y, 0xFFFF, out);
      } else {
        out.put(chunks.count != 0 ? 1 : 0, 1);
      }
      if (chunks.count == 0) return;
      put_pass_count(chunks.passes, out);
      put_lengths(tile_, chunks, block, out);
      block.passes = uint16_t(block.passes + chunks.passes);
    });
  }

  template <class Visit>
  void visit_band_body(int layer, const Subband& band, const PrecinctBand& part, Visit&& visit) {
    for_each_block(band, part, [&](uint32_t, uint32_t, CodeBlock& block) {
      const LayerChunks chunks = chunks_of(tile_, block, layer);
      for_each_chunk(tile_, chunks, visit);
      if (chunks.count != 0) block.written_chunk = chunks.last;
    });
  }

  Tile& tile_;
  Bytes& out_;
  std::vector<BodyCopy>* later_;
};

}  // namespace

void write_packets(const TileCoding& coding, Tile& tile, Bytes& out, PacketObserver& observer,
                   std::vector<BodyCopy>* later) {
  PacketWriter writer(tile, out, later);
  for (const PrecinctRef& ref : tile.order) writer.prepare(ref);
  for_each_packet(coding, kOurOwn, tile, [&](int layer, const PrecinctRef& ref) {
    observer.before_packet(ref);
    writer.write(layer, ref);
    observer.after_packet();
    return true;
  });
}

std::size_t count_packets(int layer, bool with_lengths, Tile& tile, Bytes& scratch) {
  PacketWriter writer(tile, scratch);
  scratch.clear();
  std::size_t bodies = 0;
  for (const PrecinctRef& ref : tile.order) {
    writer.prepare(ref);
    const std::size_t begin = scratch.size(), body = writer.write_header(layer, ref);
    bodies += body;
    if (with_lengths) bodies += packet_length_size(scratch.size() - begin + body);
  }
  return scratch.size() + bodies;
}

void forget_packets(Tile& tile) {
  for (CodeBlock& block : tile.codeblocks) block.length_bits = 3, block.passes = 0, block.written_chunk = -1;
  std::fill(tile.tag_nodes.begin(), tile.tag_nodes.end(), TagNode{});
}

}  // namespace blosc2_grok::j2k
