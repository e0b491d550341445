// SPDX-License-Identifier: BSD-3-Clause
// Codeword segments of Part 1 code-blocks (ISO/IEC 15444-1 B.10.7, D.4): where they end is a matter of the pass count.
#include "part1_blocks.hpp"

#include <algorithm>

namespace blosc2_grok::j2k {
namespace {

EbcotScratch& scratch_of(WorkerMemory& worker) {
  if (!worker.ebcot) worker.ebcot = std::make_unique<EbcotScratch>();
  return *worker.ebcot;
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
void gather_segments(const CodeBlock& block, int style, const std::vector<Chunk>& chunks, WorkerMemory& worker) {
  std::size_t total = 0;
  for (int32_t i = block.first_chunk; i >= 0; i = chunks[std::size_t(i)].next) total += chunks[std::size_t(i)].length;
  uint8_t* joined = worker.block_bytes[0].grow(total + 1);
  worker.segments.clear();
  int pass = 0;
  bool open = false;
  for (int32_t i = block.first_chunk; i >= 0; i = chunks[std::size_t(i)].next) {
    const Chunk& chunk = chunks[std::size_t(i)];
    if (!open) {
      worker.segments.push_back({{chunk.data, chunk.length}, chunk.passes});
    } else {
      EbcotSegment& segment = worker.segments.back();
      const std::size_t before = segment.bytes.size();
      uint8_t* begin = joined;
      if (segment.bytes.data() != begin) std::copy_n(segment.bytes.data(), before, begin);
      std::copy_n(chunk.data, chunk.length, begin + before);
      segment = {{begin, before + chunk.length}, segment.passes + chunk.passes};
    }
    pass += chunk.passes;
    open = !ends_segment(pass - 1, unsigned(style));
    if (!open && worker.segments.back().bytes.data() == joined) joined += worker.segments.back().bytes.size();
  }
}

}  // namespace

std::size_t encode_part1_block(const BlockPlace& place, bool keep, WorkerMemory& worker, Workspace::Impl& work) {
  const Subband& band = place.band;
  const ComponentCoding& coding = work.header.coding.components[0];
  EbcotEncodeJob job;
  job.samples = place.samples, job.stride = place.stride;
  job.width = int(place.rect.width()), job.height = int(place.rect.height());
  job.band = EbcotBand(band.band);
  job.style = unsigned(coding.codeblock_style);
  job.reversible = coding.reversible;
  uint8_t* bytes = take_room(kMaxEbcotBytes, worker, work);
  EbcotEncoded& encoded = worker.ebcot_encoded;
  work.kernels.ebcot_encode(job, scratch_of(worker), bytes, encoded);
  if (encoded.planes > band.magnitude_bits) {
    fail("a coefficient has ", encoded.planes, " bits, ", band.magnitude_bits, " are announced");
  }
  if (!keep || encoded.passes == 0) return encoded.bytes;
  worker.coded = worker.coded.subspan(encoded.bytes);
  CodeBlock& block = work.tile.codeblock(band, place.x, place.y);
  block.missing_bits = uint8_t(band.magnitude_bits - encoded.planes);
  const std::lock_guard lock(work.coded_lock);
  add_segments(encoded, bytes, coding.codeblock_style, block, work.tile);
  return encoded.bytes;
}

void decode_part1_block(const BlockPlace& place, int style, int fraction_bits, WorkerMemory& worker,
                        Workspace::Impl& work) {
  const CodeBlock& block = work.tile.codeblock(place.band, place.x, place.y);
  const Rect& rect = place.rect;
  if (block.first_chunk < 0) {
    for (int64_t y = 0; y < rect.height(); ++y) {
      std::fill_n(place.samples + std::size_t(y) * place.stride, std::size_t(rect.width()), 0);
    }
    return;
  }
  gather_segments(block, style, work.tile.chunks, worker);
  EbcotDecodeJob job;
  job.segments = worker.segments;
  job.planes = place.band.magnitude_bits - block.missing_bits;
  job.fraction_bits = fraction_bits;
  job.band = EbcotBand(place.band.band);
  job.style = unsigned(style);
  job.width = int(rect.width()), job.height = int(rect.height());
  job.samples = place.samples, job.stride = place.stride;
  work.kernels.ebcot_decode(job, scratch_of(worker));
}

}  // namespace blosc2_grok::j2k
