// SPDX-License-Identifier: BSD-3-Clause
// Codeword segments of Part 1 code-blocks (ISO/IEC 15444-1 B.10.7, D.4): where they end is a matter of the pass count.
#include "part1_blocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "region.hpp"
#include "wide_blocks.hpp"

namespace blosc2_grok::j2k {
namespace {

EbcotScratch& scratch_of(WorkerMemory& worker) {
  if (!worker.ebcot) worker.ebcot = std::make_unique<EbcotScratch>();
  return *worker.ebcot;
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

void run_kernel(const EbcotEncodeJob& job, uint8_t* bytes, WorkerMemory& worker, Workspace::Impl& work) {
  work.kernels.ebcot_encode(job, scratch_of(worker), bytes, worker.ebcot_encoded);
}
void run_kernel(const WideEbcotEncodeJob& job, uint8_t* bytes, WorkerMemory& worker, Workspace::Impl& work) {
  encode_wide_part1(job, scratch_of(worker), bytes, worker, work);
}
void run_kernel(const EbcotDecodeJob& job, WorkerMemory& worker, Workspace::Impl& work) {
  work.kernels.ebcot_decode(job, scratch_of(worker));
}
void run_kernel(const WideEbcotDecodeJob& job, WorkerMemory& worker, Workspace::Impl& work) {
  decode_wide_part1(job, scratch_of(worker), worker, work);
}

template <class T>
const EbcotEncoded& run_encoder(const BlockPlaceOf<T>& place, double stop_slope, uint8_t* bytes, WorkerMemory& worker,
                                Workspace::Impl& work) {
  const Subband& band = place.band;
  const ComponentCoding& coding = work.header.coding.components[0];
  EbcotEncodeJobOf<T> job;
  job.samples = place.samples, job.stride = place.stride;
  job.width = int(place.rect.width()), job.height = int(place.rect.height());
  job.band = EbcotBand(band.band);
  job.style = unsigned(coding.codeblock_style);
  job.reversible = coding.reversible;
  job.stop_slope = stop_slope;
  run_kernel(job, bytes, worker, work);
  const EbcotEncoded& encoded = worker.ebcot_encoded;
  if (encoded.planes > band.magnitude_bits) {
    fail("a coefficient has ", encoded.planes, " bits, ", band.magnitude_bits, " are announced");
  }
  // All coefficients are the region's, so that the bit-planes below are empty and need not be coded.
  check_region_planes(encoded.planes, band.region_shift);
  return encoded;
}

// The squared error that the bits below `plane` make; a quantizer index lies in the middle of its bin.
double rest_below(int plane, const BlockPlace& place, bool reversible) {
  if (plane == 0 && reversible) return 0.0;
  const double offset = (reversible ? 0.0 : 0.5) - 0.5 * double(uint64_t{1} << plane);
  const uint32_t low = (uint32_t{1} << plane) - 1;
  double sums[4] = {};  // in turn, so that no addition waits for the one before
  for (int64_t y = 0; y < place.rect.height(); ++y) {
    const int32_t* row = place.samples + std::size_t(y) * place.stride;
    for (int64_t x = 0; x < place.rect.width(); ++x) {
      const auto magnitude = uint32_t(std::abs(row[x]));
      const double rest = magnitude > low ? double(magnitude & low) + offset : double(magnitude);
      sums[x % 4] += rest * rest;
    }
  }
  const double own = reversible ? 0.0 : double(place.rect.width() * place.rect.height()) / 12;  // within a bin
  return (sums[0] + sums[1]) + (sums[2] + sums[3]) + own;
}

// Without the grid's border. Returns the end.
uint64_t* copy_propagated(const BlockPlace& place, const EbcotScratch& scratch, uint64_t* to) {
  const EbcotGrid grid(int(place.rect.width()), int(place.rect.height()));
  for (int stripe = 0; stripe < grid.stripes; ++stripe) {
    to = std::copy_n(scratch.propagated + grid.at(stripe, 0), grid.words, to);
  }
  return to;
}

}  // namespace

template <class T>
std::size_t encode_part1_block(const BlockPlaceOf<T>& place, bool keep, WorkerMemory& worker, Workspace::Impl& work) {
  uint8_t* bytes = take_room(kMaxEbcotBytes, worker, work);
  const EbcotEncoded& encoded = run_encoder(place, 0.0, bytes, worker, work);
  if (!keep || encoded.passes == 0) return encoded.bytes;
  worker.coded = worker.coded.subspan(encoded.bytes);
  CodeBlock& block = work.tile.codeblock(place.band, place.x, place.y);
  block.missing_bits = uint8_t(place.band.magnitude_bits - encoded.planes);
  const std::unique_lock lock = work.lock_coded();
  add_passes({bytes, encoded.pass}, 0, encoded.passes, 0, work.header.coding.components[0].codeblock_style, block,
             work.tile);
  return encoded.bytes;
}

void code_part1_block(const BlockPlace& place, double stop_slope, CodedBlock& coded, WorkerMemory& worker,
                      Workspace::Impl& work) {
  constexpr std::size_t kMostRoom =
      kMaxEbcotBytes + (kMaxEbcotPasses + 1) * sizeof(EbcotPass) + kMaxEbcotWords * sizeof(uint64_t);
  uint8_t* bytes = take_room(kMostRoom, worker, work);
  const EbcotEncoded& encoded = run_encoder(place, stop_slope / (coded.weight * coded.priority), bytes, worker, work);
  coded.passes = uint16_t(encoded.passes);
  coded.bytes = bytes;
  coded.is_whole = encoded.planes == 0 || encoded.passes == 3 * encoded.planes - 2;
  coded.missing_bits = encoded.planes == 0 ? 0xFF : uint8_t(place.band.magnitude_bits - encoded.planes);
  coded.energy = 0.0;
  if (encoded.passes == 0) return;
  const bool reversible = work.header.coding.components[0].reversible;
  const int lowest_plane = encoded.planes - 1 - (encoded.passes - 1) / 3;
  coded.energy = encoded.pass[encoded.passes - 1].distortion + rest_below(lowest_plane, place, reversible);
  // The passes stand behind the bytes.
  void* behind = bytes + encoded.bytes;
  std::size_t room = kMostRoom - encoded.bytes;
  std::align(alignof(EbcotPass), std::size_t(encoded.passes) * sizeof(EbcotPass), behind, room);
  EbcotPass* const passes = static_cast<EbcotPass*>(behind);
  std::copy_n(encoded.pass, encoded.passes, passes);
  coded.pass = passes;
  // And what was found when behind those.
  static_assert(alignof(uint64_t) <= alignof(EbcotPass));
  auto* const propagated = reinterpret_cast<uint64_t*>(passes + encoded.passes);
  const uint64_t* const end = copy_propagated(place, *worker.ebcot, propagated);
  coded.propagated = propagated;
  worker.coded = worker.coded.subspan(std::size_t(reinterpret_cast<const uint8_t*>(end) - bytes));
}

void add_passes(const CodedPasses& coded, int first, int end, int layer, int style, CodeBlock& block, Tile& tile) {
  uint32_t begin = first == 0 ? 0 : coded.pass[first - 1].bytes;
  for (int pass = first; pass < end; ++pass) {
    if (pass + 1 != end && !ends_segment(pass, unsigned(style))) continue;
    const uint32_t stop = coded.pass[pass].bytes;
    add_chunk(tile, block, {coded.bytes + begin, stop - begin, uint16_t(layer), uint8_t(pass + 1 - first), -1});
    begin = stop, first = pass + 1;
  }
}

template <class T>
void decode_part1_block(const BlockPlaceOf<T>& place, int style, int fraction_bits, WorkerMemory& worker,
                        Workspace::Impl& work) {
  const CodeBlock& block = work.tile.codeblock(place.band, place.x, place.y);
  const Rect& rect = place.rect;
  if (block.first_chunk < 0) {
    for (int64_t y = 0; y < rect.height(); ++y) {
      std::fill_n(place.samples + std::size_t(y) * place.stride, std::size_t(rect.width()), T{0});
    }
    return;
  }
  gather_segments(block, style, work.tile.chunks, worker);
  const int shift = place.band.region_shift;
  const RegionPlan plan = plan_region(place.band.magnitude_bits, block.missing_bits, block.passes, shift);
  EbcotDecodeJobOf<T> job;
  job.segments = worker.segments;
  job.planes = plan.planes;
  job.fraction_bits = fraction_bits;
  job.band = EbcotBand(place.band.band);
  job.style = unsigned(style);
  job.width = int(rect.width()), job.height = int(rect.height());
  job.samples = place.samples, job.stride = place.stride;
  run_kernel(job, worker, work);
  if constexpr (std::is_same_v<T, int32_t>) {
    if (plan.is_raised) lower_region(job.samples, job.stride, job.width, job.height, shift, fraction_bits);
  }
}

template std::size_t encode_part1_block(const BlockPlace&, bool, WorkerMemory&, Workspace::Impl&);
template std::size_t encode_part1_block(const WideBlockPlace&, bool, WorkerMemory&, Workspace::Impl&);
template void decode_part1_block(const BlockPlace&, int, int, WorkerMemory&, Workspace::Impl&);
template void decode_part1_block(const WideBlockPlace&, int, int, WorkerMemory&, Workspace::Impl&);

}  // namespace blosc2_grok::j2k
