// SPDX-License-Identifier: BSD-3-Clause
// A stored block in a frame that Blosc2 itself makes, read back through Blosc2. The input is the block and three bytes:
// the size of the host's block (two; 0: what the stored one says), and what the array is (draw_frame).
#include <blosc2.h>

#include <cstring>
#include <memory>

#include "announced.hpp"
#include "blocks.hpp"
#include "fuzz.hpp"
#include "guarded_buffer.hpp"
#include "host_structs.hpp"

extern "C" int blosc2_grok_decoder(const uint8_t*, int32_t, uint8_t*, int32_t, uint8_t, void*, const void*);

namespace {

using namespace blosc2_grok::test;
using blosc2_grok::fuzz::Options;
using blosc2_grok::fuzz::require;

// The host gives 37 to the plugin alone; under a number of a user's it calls the same functions in the same way.
constexpr uint8_t kCodec = BLOSC2_USER_REGISTERED_CODECS_START;
constexpr int64_t kMostChunkBytes = 1 << 24, kMostChunks = 8;

// What the array around the block is.
struct Frame {
  Bytes stored;
  int32_t block_bytes = 0, typesize = 1, blocks = 1;
  bool has_b2nd = false, has_grok = false, is_shuffled = false, is_split = false, is_damaged = false;

  bool is_plain() const { return !has_b2nd && !has_grok; }
  int32_t chunk_bytes() const { return blocks * block_bytes; }
};

const Frame* current = nullptr;  // for the codec's functions
bool has_failed = false;         // whether one of them said so

int store_input(const uint8_t*, int32_t, uint8_t* output, int32_t output_len, uint8_t, blosc2_cparams*, const void*) {
  const Bytes& stored = current->stored;
  if (stored.size() > static_cast<size_t>(output_len)) return 0;
  std::memcpy(output, stored.data(), stored.size());
  return static_cast<int>(stored.size());
}

// Ours, between a copy of the stored block that ends where a checking allocator sees it and a guarded destination.
int decode(const uint8_t* input, int32_t input_len, uint8_t* output, int32_t output_len, uint8_t meta,
           blosc2_dparams* dparams, const void* chunk) {
  if (input_len <= 0 || output_len <= 0 || output_len > kMostChunkBytes) return BLOSC2_ERROR_DATA;
  const Bytes stored(input, input + input_len);
  GuardedBuffer block(static_cast<size_t>(output_len));
  const int result = blosc2_grok_decoder(stored.data(), input_len, block.data(), output_len, meta, dparams, chunk);
  require(block.canaries_are_intact(), "nothing is written before the block");
  require(result < 0 || result == output_len, "a decoded block is complete");
  if (current->is_plain() && !current->is_damaged) {
    Bytes alone(block.size());
    const int64_t same = blosc2_grok_decode(alone.data(), alone.size(), stored.data(), stored.size(), 1);
    require((same < 0) == (result < 0), "the host's array decides nothing where there is no metalayer");
    require(result < 0 || std::ranges::equal(alone, block.span()), "a block decodes to the same bytes in an array");
  }
  if (result < 0) has_failed = true;
  if (result > 0) std::memcpy(output, block.data(), block.size());
  return result;
}

void start_host() {
  static const bool is_started = [] {
    blosc2_init();
    static char name[] = "grok_in_a_fuzzer";
    blosc2_codec codec{kCodec, name, kCodec, 1, store_input, decode};
    return blosc2_register_codec(&codec) == BLOSC2_ERROR_SUCCESS;
  }();
  require(is_started, "the host takes the codec");
}

Frame draw_frame(Options& options) {
  const uint32_t asked = options.number(2);
  const uint8_t which = options.byte();
  Frame frame;
  frame.has_b2nd = (which & 1) != 0;
  frame.has_grok = (which & 2) != 0;
  frame.is_shuffled = (which & 4) != 0;
  frame.is_split = (which & 8) != 0;
  frame.typesize = 1 << (which >> 4 & 3);
  frame.blocks = (which & 0x40) != 0 ? 2 : 1;
  frame.is_damaged = (which & 0x80) != 0;
  const auto rest = options.rest();
  frame.stored.assign(rest.begin(), rest.end());
  const size_t bytes = asked != 0 ? asked : blosc2_grok::fuzz::announced_bytes(frame.stored);
  frame.block_bytes = static_cast<int32_t>(bytes / frame.typesize * frame.typesize);
  return frame;
}

// The image's shape where the header tells one of the block's size; else one row.
Bytes make_array_meta(const Frame& frame) {
  static constexpr const char* kDtypes[] = {"", "|u1", "<u2", "", "<f4", "", "", "", "<f8"};
  Shape shape{frame.block_bytes / frame.typesize};
  try {
    const auto header = blosc2_grok::parse_codestream_header(blosc2_grok::find_codestream(frame.stored));
    const uint64_t pixels = uint64_t{header.width()} * header.height();
    if (pixels * static_cast<uint64_t>(frame.typesize) == static_cast<uint64_t>(frame.block_bytes)) {
      shape = {static_cast<int32_t>(header.height()), static_cast<int32_t>(header.width())};
    }
  } catch (const blosc2_grok::Error&) {
  }
  Shape chunk_shape = shape;
  chunk_shape[0] *= frame.blocks;
  return make_b2nd({chunk_shape.begin(), chunk_shape.end()}, chunk_shape, shape, kDtypes[frame.typesize]);
}

struct FreeSchunk {
  void operator()(blosc2_schunk* schunk) const { blosc2_schunk_free(schunk); }
};
using SchunkPtr = std::unique_ptr<blosc2_schunk, FreeSchunk>;

void add_metalayer(blosc2_schunk* schunk, const char* name, Bytes content) {
  require(blosc2_meta_add(schunk, name, content.data(), static_cast<int32_t>(content.size())) >= 0,
          "the host takes a metalayer");
}

// One chunk, each of its blocks the input. Empty: the host had no use for such a block.
Bytes make_frame(const Frame& frame) {
  blosc2_cparams cparams = BLOSC2_CPARAMS_DEFAULTS;
  cparams.compcode = kCodec;
  cparams.typesize = frame.typesize;
  cparams.blocksize = frame.block_bytes;
  cparams.splitmode = frame.is_split ? BLOSC_ALWAYS_SPLIT : BLOSC_NEVER_SPLIT;
  cparams.filters[BLOSC2_MAX_FILTERS - 1] = frame.is_shuffled ? BLOSC_SHUFFLE : BLOSC_NOFILTER;
  blosc2_storage storage = BLOSC2_STORAGE_DEFAULTS;
  storage.contiguous = true;
  storage.cparams = &cparams;
  const SchunkPtr schunk(blosc2_schunk_new(&storage));
  require(schunk != nullptr, "the host makes an array");
  if (frame.has_b2nd) add_metalayer(schunk.get(), "b2nd", make_array_meta(frame));
  if (frame.has_grok) add_metalayer(schunk.get(), "grok", blosc2_grok::msgpack::serialize(Map{}));
  Bytes samples(static_cast<size_t>(frame.chunk_bytes()));
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<uint8_t>(i / 3 + 1);  // no block of one value
  if (blosc2_schunk_append_buffer(schunk.get(), samples.data(), frame.chunk_bytes()) != 1) return {};
  uint8_t* made = nullptr;
  bool needs_free = false;
  const int64_t bytes = blosc2_schunk_to_buffer(schunk.get(), &made, &needs_free);
  require(bytes > 0, "the host writes a frame");
  Bytes copy(made, made + bytes);
  if (needs_free) std::free(made);
  return copy;
}

void damage(Bytes& bytes, Options& options) {
  for (int changes = 1 + options.byte() % 8; changes > 0; --changes) {
    bytes[options.number(3) % bytes.size()] = options.byte();
  }
}

void read_frame(Bytes bytes) {
  const SchunkPtr schunk(blosc2_schunk_from_buffer(bytes.data(), static_cast<int64_t>(bytes.size()), false));
  if (schunk == nullptr || schunk->chunksize <= 0 || schunk->chunksize > kMostChunkBytes) return;
  for (int64_t i = 0; i < std::min<int64_t>(schunk->nchunks, kMostChunks); ++i) {
    GuardedBuffer chunk(static_cast<size_t>(schunk->chunksize));
    has_failed = false;
    const int size = blosc2_schunk_decompress_chunk(schunk.get(), i, chunk.data(), schunk->chunksize);
    require(chunk.canaries_are_intact(), "nothing is written before the chunk");
    require(size < 0 || !has_failed, "a chunk with a bad block is an error");
  }
  // The second half of the first chunk: a part of a block, or one of two.
  const int64_t items = schunk->chunksize / std::max(schunk->typesize, 1);
  Bytes part(static_cast<size_t>(schunk->chunksize));
  has_failed = false;
  const int result = blosc2_schunk_get_slice_buffer(schunk.get(), items / 2, items, part.data());
  require(result < 0 || !has_failed, "a slice with a bad block is an error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  start_host();
  Options options({data, size});
  const Frame frame = draw_frame(options);
  if (frame.stored.empty() || frame.block_bytes == 0) return 0;
  current = &frame;
  Bytes bytes = make_frame(frame);
  if (bytes.empty()) return 0;
  if (frame.is_damaged) damage(bytes, options);
  read_frame(std::move(bytes));
  return 0;
}
