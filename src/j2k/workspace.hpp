// SPDX-License-Identifier: BSD-3-Clause
// What a Workspace holds: every array of the coder, kept from call to call.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "codec.hpp"
#include "crew.hpp"
#include "ebcot_block.hpp"
#include "ebcot_scratch.hpp"
#include "ht_scratch.hpp"
#include "markers.hpp"
#include "memory.hpp"
#include "row_kernels.hpp"
#include "tile.hpp"
#include "wavelet.hpp"

namespace blosc2_grok::j2k {

// Which implementation of the kernels runs; tests compare the two.
struct KernelSet {
  const RowKernels* rows = &simd_row_kernels();
  HtEncodeBlock encode_block = simd_encode_block;
  HtDecodeBlocks decode_blocks = simd_decode_blocks;
  EbcotEncodeBlock ebcot_encode = simd_ebcot_encode;
  EbcotDecodeBlock ebcot_decode = simd_ebcot_decode;
};

inline KernelSet plain_kernel_set() {
  return {&plain_row_kernels(), plain_encode_block, plain_decode_blocks, plain_ebcot_encode, plain_ebcot_decode};
}

// A code-block and where its coefficients are.
struct BlockPlace {
  const Subband& band;
  uint32_t x = 0, y = 0;  // in the band's grid
  Rect rect;              // in subband coordinates
  int32_t* samples = nullptr;
  std::size_t stride = 0;
};

// The part of a subband that is between the wavelet and the block coder: one row of code-blocks.
struct BandStripe {
  const Subband* band = nullptr;
  int32_t* data = nullptr;
  std::size_t stride = 0;
  uint32_t grid_row = 0;
  int64_t next_y = 0, first_y = 0, end_y = 0;  // rows of the stripe in subband coordinates

  void start(const Subband& subband, Arena& arena);
  void start_stripe(uint32_t row);
  int32_t* row(int64_t y) const { return data + std::size_t(y - first_y) * stride; }
  // Code-block x of the stripe.
  BlockPlace block(uint32_t x) const {
    const Rect rect = codeblock_rect(*band, x, grid_row);
    return {*band, x, grid_row, rect, row(rect.y0) + (rect.x0 - band->rect.x0), stride};
  }
};

// A stripe and the work on its code-blocks.
struct StripeJob {
  BandStripe stripe;
  Batch batch;
  Workspace::Impl* work = nullptr;
  int style = 0;          // decoding: of the code-blocks
  int fraction_bits = 0;  // decoding: below the coefficients' units
};

// The stripes of a subband. With a crew there are two in turn: the wavelet is at one while block coders are at the
// other.
struct BandStripes {
  StripeJob jobs[2];
  uint32_t in_turn = 1;
  uint32_t grid_row = 0;  // in work by the wavelet; decoding: the next one
  float step = 1.0f;      // what rows are multiplied with
  void* line = nullptr;   // irreversible: one row before quantization, or after its undoing

  // Code-blocks that a worker takes at once: two pairs for the HT decoder.
  static constexpr uint32_t kBlocksAtOnce = 4;

  void start(const Subband& band, bool with_line, Batch::Run run, Workspace::Impl& work);
  StripeJob& job(uint32_t grid_row) { return jobs[grid_row % in_turn]; }
};

// Coefficients of a subband, kept for several tries of a step.
struct KeptBand {
  float* data = nullptr;      // irreversible
  int32_t* counts = nullptr;  // reversible
  std::size_t stride = 0;

  template <class T>
  T*& of() {
    if constexpr (std::is_same_v<T, float>)
      return data;
    else
      return counts;
  }
};

// A kept band's code-blocks: `first_block` and every `sampling`-th one from there.
struct KeptJob {
  const Subband* band = nullptr;
  KeptBand kept;
  uint32_t first_block = 0, sampling = 1;
  Batch batch;
  Workspace::Impl* work = nullptr;
};

// What each worker of a call has to itself.
struct WorkerMemory {
  HtScratch ht[kDecodeTogether];
  Buffer<uint8_t> block_bytes[kDecodeTogether];
  std::unique_ptr<EbcotScratch> ebcot;  // from the first Part 1 code-block on
  EbcotEncoded ebcot_encoded;
  std::vector<EbcotSegment> segments;  // of the Part 1 code-block in work
  Buffer<int32_t> samples;             // of a code-block whose coefficients are kept elsewhere
  std::span<uint8_t> coded;            // what is left of this worker's piece of `Workspace::Impl::coded`
  std::size_t counted_bytes = 0;       // of the code-blocks that were coded only to know their size
};

struct LayerMemory;

struct Workspace::Impl {
  Impl();
  ~Impl();

  KernelSet kernels;
  MainHeader header;
  TileCoding tile_coding;
  Tile tile;
  Arena rows;   // wavelet rings and stripes of the components in work
  Arena coded;  // code-blocks' bytes of the tile in work
  Arena coefficients{std::size_t{1} << 22};
  std::vector<KeptBand> kept;              // of all tiles, in order
  double dropped_depth = kNothingDropped;  // for a band of unit synthesis gain
  std::vector<KeptJob> kept_jobs;
  std::unique_ptr<LayerMemory> layers;  // from the first call with quality layers on
  EncodeReport report;
  std::vector<uint8_t> output;
  std::vector<uint8_t> bodies;  // decoder: a tile's tile-parts joined
  std::vector<TilePart> parts;
  Crew* crew = nullptr;                                // of the call in work
  std::vector<std::unique_ptr<WorkerMemory>> workers;  // as many at least as the crew has
  std::mutex coded_lock;                               // of `coded` and the tile's chunks while workers add to them
  std::vector<BandStripes> stripes[3];
  Analysis<int32_t> analysis_int[3];
  Analysis<float> analysis_float[3];
  Synthesis<int32_t> synthesis_int[3];
  Synthesis<float> synthesis_float[3];

  void forget_coded();  // the bytes of all code-blocks
};

// The crew of a call, and memory for each of its workers.
class CallCrew {
 public:
  CallCrew(unsigned threads, Workspace::Impl& work);
  ~CallCrew() { work_.crew = nullptr; }
  CallCrew(const CallCrew&) = delete;
  CallCrew& operator=(const CallCrew&) = delete;

 private:
  Workspace::Impl& work_;
  Crew crew_;
};

// Room for a code-block's bytes in `coded`; what shall stay is taken off `WorkerMemory::coded` afterwards.
uint8_t* take_room(std::size_t most, WorkerMemory& worker, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
