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
#include "wavelet_pieces.hpp"

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

// What coefficients are kept as that wavelet and colour transform have as T.
template <class T>
using Coefficient = std::conditional_t<std::is_same_v<T, float>, int32_t, T>;

// A code-block and where its coefficients are.
template <class T>
struct BlockPlaceOf {
  const Subband& band;
  uint32_t x = 0, y = 0;  // in the band's grid
  Rect rect;              // in subband coordinates
  T* samples = nullptr;
  std::size_t stride = 0;
};
using BlockPlace = BlockPlaceOf<int32_t>;

// The rows of a subband that a piece of the wavelet makes or takes: whole rows of code-blocks, all from the arena.
struct PieceBand {
  const Subband* band = nullptr;
  void* data = nullptr;  // int32_t, or int64_t for samples of many bits
  std::size_t stride = 0;
  int64_t first_y = 0, end_y = 0;  // in subband coordinates
  float* line = nullptr;           // irreversible: one row before quantization, or after its undoing

  // T is what the transforms work on.
  template <class T>
  void start(const Subband& subband, int64_t begin, int64_t end, Arena& arena);
  template <class T>
  Coefficient<T>* row(int64_t y) const {
    return static_cast<Coefficient<T>*>(data) + std::size_t(y - first_y) * stride;
  }
  // Code-block (x, y) of the subband's grid, which is in the piece.
  template <class T>
  BlockPlaceOf<Coefficient<T>> block(uint32_t x, uint32_t y) const {
    const Rect rect = codeblock_rect(*band, x, y);
    return {*band, x, y, rect, row<T>(rect.y0) + (rect.x0 - band->rect.x0), stride};
  }
  // Calls visit(grid row) for each row of code-blocks.
  template <class Visit>
  void for_each_grid_row(Visit&& visit) const {
    if (band->rect.empty() || first_y == end_y) return;
    const int h = band->codeblock_height_log2;
    for (int64_t y = floor_shift(first_y, h); y < ceil_shift(end_y, h); ++y) visit(uint32_t(y - band->grid_y0));
  }
};

// Of the piece that a worker has in hand.
struct PieceBlock {
  uint8_t component = 0, band = 0;  // in WorkerMemory::bands
  uint32_t x = 0, y = 0;            // in the band's grid
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

// Code-blocks that a worker takes of kept coefficients.
constexpr uint32_t kBlocksAtOnce = 4;

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
  Arena piece;                         // of the wavelet's piece in work
  const PieceStage* stage = nullptr;   // of that piece
  void* colours[kMostTogether] = {};   // decoding: a row of each component after the colour transformation
  int32_t* original = nullptr;         // measuring a loss: a row of the image,
  uint32_t greatest = 0;               // and the greatest difference yet
  PieceBand bands[kMostTogether][4];   // of that piece; LL, HL, LH, HH
  std::vector<PieceBlock> blocks;      // all of that piece
  std::span<uint8_t> coded;            // what is left of this worker's piece of `Workspace::Impl::coded`
  std::size_t counted_bytes = 0;       // of the code-blocks that were coded only to know their size
};

struct LayerMemory;
class BlockSource;

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
  std::vector<CodeBlock> codeblocks_before;  // while the only tile is coded again in part
  std::vector<Chunk> chunks_before;
  std::unique_ptr<LayerMemory> layers;  // from the first call with quality layers on
  Buffer<double> row_sums;
  EncodeReport report;
  Bytes output;
  std::vector<uint8_t> bodies;  // decoder: a tile's tile-parts joined
  std::vector<uint8_t> packed, tile_packed;  // decoder: packet headers from PPM, and a tile's from there or PPT
  std::vector<TilePart> parts;
  BlockSource* source = nullptr;                       // decoder: of code-blocks that don't come from packets
  Crew crew;
  std::vector<std::unique_ptr<WorkerMemory>> workers;  // as many at least as the crew has
  std::mutex coded_lock;                               // of `coded` and the tile's chunks while workers add to them

  // Nobody else is there to be kept out where a call has one thread.
  std::unique_lock<std::mutex> lock_coded() {
    return crew.size() > 1 ? std::unique_lock(coded_lock) : std::unique_lock<std::mutex>();
  }
  void forget_coded();  // the bytes of all code-blocks
};

// Pieces of the wavelet for each worker: HT gains little from many.
inline uint32_t pieces_each(const ComponentCoding& coding) {
  return (coding.codeblock_style & kCodeBlockHt) != 0 ? 4 : 1;
}

// Rows `begin` to `end` of a stage: the bands' rows of its components, in the worker's arena.
template <class T>
void start_bands(const PieceStage& stage, int64_t begin, int64_t end, std::size_t first_component, int together,
                 WorkerMemory& worker, Workspace::Impl& work);

// Fills `blocks` with all code-blocks of the rows that `start_bands` began. Returns how many there are.
uint32_t list_piece_blocks(const PieceStage& stage, int together, WorkerMemory& worker);

// Gathers the crew for a call, with memory for each worker.
class CallCrew {
 public:
  CallCrew(unsigned threads, Workspace::Impl& work);
  ~CallCrew() { work_.crew.dismiss(); }
  CallCrew(const CallCrew&) = delete;
  CallCrew& operator=(const CallCrew&) = delete;

 private:
  Workspace::Impl& work_;
};

// Room for a code-block's bytes in `coded`; what shall stay is taken off `WorkerMemory::coded` afterwards.
uint8_t* take_room(std::size_t most, WorkerMemory& worker, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
