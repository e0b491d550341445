// SPDX-License-Identifier: BSD-3-Clause
#include "wide_blocks.hpp"

#include <algorithm>
#include <bit>

namespace blosc2_grok::j2k {
namespace {

// A block's coefficients, row after row.
struct NarrowCopy {
  int32_t* samples;
  std::size_t stride;
};

// One of kDecodeTogether, with padding around it: vectors may reach beyond the last row.
NarrowCopy take_copy(int width, std::size_t index, WorkerMemory& worker) {
  constexpr std::size_t kSize = kMaxBlockArea + 2 * kRowPadding;
  return {worker.samples.grow(kDecodeTogether * kSize) + index * kSize + kRowPadding, std::size_t(width)};
}

NarrowCopy narrowed(const int64_t* from, std::size_t stride, int width, int height, WorkerMemory& worker) {
  const NarrowCopy copy = take_copy(width, 0, worker);
  for (int y = 0; y < height; ++y) {
    const int64_t* row = from + std::size_t(y) * stride;
    std::transform(row, row + width, copy.samples + std::size_t(y) * copy.stride,
                   [](int64_t value) { return int32_t(value); });
  }
  return copy;
}

void widen(const NarrowCopy& copy, int width, int height, int64_t* to, std::size_t stride) {
  for (int y = 0; y < height; ++y) {
    std::copy_n(copy.samples + std::size_t(y) * copy.stride, width, to + std::size_t(y) * stride);
  }
}

// Of the largest magnitude.
int bits_needed(const int64_t* samples, std::size_t stride, int width, int height) {
  uint64_t all = 0;
  for (int y = 0; y < height; ++y) {
    const int64_t* row = samples + std::size_t(y) * stride;
    for (int x = 0; x < width; ++x) all |= row[x] < 0 ? 0 - uint64_t(row[x]) : uint64_t(row[x]);
  }
  return int(std::bit_width(all));
}

}  // namespace

std::size_t encode_wide_ht(const WideBlockPlace& place, int magnitude_bits, uint8_t* out, WorkerMemory& worker,
                           Workspace::Impl& work) {
  const int width = int(place.rect.width()), height = int(place.rect.height());
  const int most = std::min(magnitude_bits, kMostSimdBits);
  if (bits_needed(place.samples, place.stride, width, height) > most) {
    return wide_encode_block({place.samples, place.stride, width, height, magnitude_bits}, worker.ht[0], out);
  }
  const NarrowCopy copy = narrowed(place.samples, place.stride, width, height, worker);
  return work.kernels.encode_block({copy.samples, copy.stride, width, height, most}, worker.ht[0], out);
}

void decode_wide_ht(std::span<const WideHtDecodeJob> jobs, WorkerMemory& worker) {
  HtDecodeJob narrow[kDecodeTogether];
  bool is_narrow = true;
  const std::size_t count = std::min(jobs.size(), kDecodeTogether);
  for (std::size_t i = 0; i < count; ++i) {
    static_cast<HtBlockBytes&>(narrow[i]) = jobs[i];
    const NarrowCopy copy = take_copy(jobs[i].width, i, worker);
    narrow[i].samples = copy.samples, narrow[i].stride = copy.stride;
    is_narrow = is_narrow && jobs[i].magnitude_bits - jobs[i].missing_bits <= 31;
  }
  const uint32_t undone = is_narrow ? simd_decode_narrow({narrow, count}, worker.ht) : ~0u;
  for (std::size_t i = 0; i < count; ++i) {
    const WideHtDecodeJob& job = jobs[i];
    if ((undone >> i & 1) != 0) {
      wide_decode_block(job, worker.ht[0]);
    } else {
      widen({narrow[i].samples, narrow[i].stride}, job.width, job.height, job.samples, job.stride);
    }
  }
}

void encode_wide_part1(const WideEbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, WorkerMemory& worker,
                       Workspace::Impl& work) {
  if (bits_needed(job.samples, job.stride, job.width, job.height) > kMaxEbcotPlanes) {
    return wide_ebcot_encode(job, scratch, out, worker.ebcot_encoded);
  }
  EbcotEncodeJob narrow;
  static_cast<EbcotEncodeKind&>(narrow) = job;
  const NarrowCopy copy = narrowed(job.samples, job.stride, job.width, job.height, worker);
  narrow.samples = copy.samples, narrow.stride = copy.stride;
  work.kernels.ebcot_encode(narrow, scratch, out, worker.ebcot_encoded);
}

void decode_wide_part1(const WideEbcotDecodeJob& job, EbcotScratch& scratch, WorkerMemory& worker,
                       Workspace::Impl& work) {
  if (job.planes + job.fraction_bits > kMaxEbcotPlanes) return wide_ebcot_decode(job, scratch);
  EbcotDecodeJob narrow;
  static_cast<EbcotBlockBytes&>(narrow) = job;
  const NarrowCopy copy = take_copy(job.width, 0, worker);
  narrow.samples = copy.samples, narrow.stride = copy.stride;
  work.kernels.ebcot_decode(narrow, scratch);
  widen(copy, job.width, job.height, job.samples, job.stride);
}

}  // namespace blosc2_grok::j2k
