// SPDX-License-Identifier: BSD-3-Clause
// Codeword segments of Part 1 code-blocks (ISO/IEC 15444-1 B.10.7, D.4): where they end is a matter of the pass count.
#include "part1_blocks.hpp"

#include <algorithm>

namespace blosc2_grok::j2k {
namespace {

EbcotScratch& scratch_of(Workspace::Impl& work) {
  if (!work.ebcot) work.ebcot = std::make_unique<EbcotScratch>();
  return *work.ebcot;
}

// One chunk a codeword segment.
void add_segments(const EbcotEncoded& encoded, const uint8_t* bytes, int style, CodeBlock& block, Tile& tile) {
  uint32_t begin = 0;
  int first = 0;
  for (int pass = 0; pass < encoded.passes; ++pass) {
    const bool last = pass + 1 == encoded.passes;
    if (!last && !ends_segment(pass, unsigned(style))) continue;
    const uint32_t end = last ? uint32_t(encoded.bytes) : encoded.pass[pass].bytes;
    add_chunk(tile, block, {bytes + begin, end - begin, 0, uint8_t(pass + 1 - first), -1});
    begin = end, first = pass + 1;
  }
}

// The chunks of each segment, joined where several layers have some of it.
void gather_segments(const CodeBlock& block, int style, Workspace::Impl& work) {
  const std::vector<Chunk>& chunks = work.tile.chunks;
  std::size_t total = 0;
  for (int32_t i = block.first_chunk; i >= 0; i = chunks[std::size_t(i)].next) total += chunks[std::size_t(i)].length;
  uint8_t* joined = work.block_bytes[0].grow(total + 1);
  work.segments.clear();
  int pass = 0;
  bool open = false;
  for (int32_t i = block.first_chunk; i >= 0; i = chunks[std::size_t(i)].next) {
    const Chunk& chunk = chunks[std::size_t(i)];
    if (!open) {
      work.segments.push_back({{chunk.data, chunk.length}, chunk.passes});
    } else {
      EbcotSegment& segment = work.segments.back();
      const std::size_t before = segment.bytes.size();
      uint8_t* begin = joined;
      if (segment.bytes.data() != begin) std::copy_n(segment.bytes.data(), before, begin);
      std::copy_n(chunk.data, chunk.length, begin + before);
      segment = {{begin, before + chunk.length}, segment.passes + chunk.passes};
    }
    pass += chunk.passes;
    open = !ends_segment(pass - 1, unsigned(style));
    if (!open && work.segments.back().bytes.data() == joined) joined += work.segments.back().bytes.size();
  }
}

}  // namespace

std::size_t encode_part1_block(const BandStripe& stripe, uint32_t x, bool keep, Workspace::Impl& work) {
  const Subband& band = *stripe.band;
  const ComponentCoding& coding = work.header.coding.components[0];
  const Rect rect = codeblock_rect(band, x, stripe.grid_row);
  EbcotEncodeJob job;
  job.samples = stripe.at(rect), job.stride = stripe.stride;
  job.width = int(rect.width()), job.height = int(rect.height());
  job.band = EbcotBand(band.band);
  job.style = unsigned(coding.codeblock_style);
  job.reversible = coding.reversible;
  uint8_t* bytes = work.coded.take<uint8_t>(kMaxEbcotBytes);
  EbcotEncoded& encoded = work.ebcot_encoded;
  work.kernels.ebcot_encode(job, scratch_of(work), bytes, encoded);
  if (encoded.planes > band.magnitude_bits) {
    fail("a coefficient has ", encoded.planes, " bits, ", band.magnitude_bits, " are announced");
  }
  keep = keep && encoded.passes != 0;
  work.coded.give_back(kMaxEbcotBytes - (keep ? encoded.bytes : 0));
  if (!keep) return encoded.bytes;
  CodeBlock& block = work.tile.codeblock(band, x, stripe.grid_row);
  block.missing_bits = uint8_t(band.magnitude_bits - encoded.planes);
  add_segments(encoded, bytes, coding.codeblock_style, block, work.tile);
  return encoded.bytes;
}

void decode_part1_block(const BandStripe& stripe, uint32_t x, int style, int fraction_bits, Workspace::Impl& work) {
  const Subband& band = *stripe.band;
  const CodeBlock& block = work.tile.codeblock(band, x, stripe.grid_row);
  const Rect rect = codeblock_rect(band, x, stripe.grid_row);
  int32_t* samples = stripe.at(rect);
  if (block.first_chunk < 0) {
    for (int64_t y = 0; y < rect.height(); ++y) {
      std::fill_n(samples + std::size_t(y) * stripe.stride, std::size_t(rect.width()), 0);
    }
    return;
  }
  gather_segments(block, style, work);
  EbcotDecodeJob job;
  job.segments = work.segments;
  job.planes = band.magnitude_bits - block.missing_bits;
  job.fraction_bits = fraction_bits;
  job.band = EbcotBand(band.band);
  job.style = unsigned(style);
  job.width = int(rect.width()), job.height = int(rect.height());
  job.samples = samples, job.stride = stripe.stride;
  work.kernels.ebcot_decode(job, scratch_of(work));
}

}  // namespace blosc2_grok::j2k
