// SPDX-License-Identifier: BSD-3-Clause
// The decoder: packets' code-blocks through wavelet and colour transform, row by row, into the caller's samples.
#include <algorithm>

#include "packet.hpp"
#include "part1_blocks.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k {
namespace {

void check_components(const MainHeader& header, const ImageView& image) {
  const ImageSize& size = header.size;
  if (size.components.size() != image.components) {
    fail("the codestream has ", size.components.size(), " components, ", image.components, " are wanted");
  }
  if (image.component_offsets.size() != image.components) {
    fail(image.component_offsets.size(), " offsets for ", image.components, " components");
  }
  for (const ComponentSize& component : size.components) {
    if (component.bits != image.bits || component.is_signed != image.is_signed) {
      fail("the codestream has ", component.is_signed ? "signed" : "unsigned", " samples of ", int(component.bits),
           " bits, ", image.is_signed ? "signed" : "unsigned", " ones of ", image.bits, " are wanted");
    }
    if (component.dx != 1 || component.dy != 1) fail("subsampled components are not supported");
  }
  if (image.bits > 26 || image.bits > 8 * image.bytes_per_sample) {
    fail(image.bits, " bits in ", image.bytes_per_sample, " bytes a sample are not supported");
  }
}

void check_coding(const TileCoding& coding) {
  for (const ComponentCoding& component : coding.components) {
    const bool ht = (component.codeblock_style & kCodeBlockHt) != 0;
    if ((component.codeblock_style & ~(ht ? kCodeBlockHt | kCodeBlockCausal : kCodeBlockPart1)) != 0) {
      fail("code-block style ", component.codeblock_style, " is not supported");
    }
  }
}

Rect reduced_area(const ImageSize& size, int reduce) { return ceil_shift(size.image, reduce); }

// The cleanup segment is one chunk; refinement may have come in two packets, which `memory` joins.
void gather_ht_segments(const CodeBlock& block, const std::vector<Chunk>& chunks, Buffer<uint8_t>& memory,
                        HtDecodeJob& job) {
  const Chunk& cleanup = chunks[std::size_t(block.first_chunk)];
  job.cleanup = {cleanup.data, cleanup.length};
  if (cleanup.next < 0) return;
  const Chunk& first = chunks[std::size_t(cleanup.next)];
  job.refinement = {first.data, first.length};
  if (first.next < 0) return;
  const Chunk& second = chunks[std::size_t(first.next)];
  uint8_t* joined = memory.grow(std::size_t{first.length} + second.length);
  std::copy_n(first.data, first.length, joined);
  std::copy_n(second.data, second.length, joined + first.length);
  job.refinement = {joined, std::size_t{first.length} + second.length};
}

HtDecodeJob make_ht_job(const BlockPlace& place, const StripeJob& stripe, Buffer<uint8_t>& memory) {
  Tile& tile = stripe.work->tile;
  const CodeBlock& block = tile.codeblock(place.band, place.x, place.y);
  HtDecodeJob job;
  job.samples = place.samples;
  job.stride = place.stride;
  job.width = int(place.rect.width()), job.height = int(place.rect.height());
  job.passes = block.passes;
  job.missing_bits = block.missing_bits;
  job.magnitude_bits = place.band.magnitude_bits;
  job.fraction_bits = stripe.fraction_bits;
  job.causal = (stripe.style & kCodeBlockCausal) != 0;
  if (block.first_chunk >= 0) gather_ht_segments(block, tile.chunks, memory, job);
  return job;
}

void clear(const HtDecodeJob& job) {
  for (int y = 0; y < job.height; ++y) std::fill_n(job.samples + std::size_t(y) * job.stride, job.width, 0);
}

void decode_ht_blocks(const StripeJob& stripe, uint32_t first, uint32_t end, WorkerMemory& worker) {
  const KernelSet& kernels = stripe.work->kernels;
  HtDecodeJob jobs[kDecodeTogether];
  std::size_t waiting = 0;
  for (uint32_t x = first; x < end; ++x) {
    jobs[waiting] = make_ht_job(stripe.stripe.block(x), stripe, worker.block_bytes[waiting]);
    if (jobs[waiting].cleanup.empty()) {
      clear(jobs[waiting]);
    } else if (++waiting == kDecodeTogether) {
      kernels.decode_blocks({jobs, waiting}, worker.ht);
      waiting = 0;
    }
  }
  if (waiting != 0) kernels.decode_blocks({jobs, waiting}, worker.ht);
}

void decode_stripe(const void* what, uint32_t first, uint32_t end, std::size_t index) {
  const StripeJob& job = *static_cast<const StripeJob*>(what);
  WorkerMemory& worker = *job.work->workers[index];
  if ((job.style & kCodeBlockHt) != 0) return decode_ht_blocks(job, first, end, worker);
  for (uint32_t x = first; x < end; ++x) {
    decode_part1_block(job.stripe.block(x), job.style, job.fraction_bits, worker, *job.work);
  }
}

// Gives subband rows to the wavelet; a row of code-blocks is decoded before its first row is asked for.
template <class T>
class DecodeBands final : public BandRows<T> {
 public:
  DecodeBands(Workspace::Impl& work, std::vector<BandStripes>& stripes) : work_(work), stripes_(stripes) {}

  void start(std::size_t component, int reduce, int style) {
    const TileComponent& at = work_.tile.components[component];
    first_band_ = std::size_t(work_.tile.resolution(component, 0).first_band);
    stripes_.resize(std::size_t(3 * std::max(0, at.levels - reduce) + 1));
    for (std::size_t b = 0; b < stripes_.size(); ++b) {
      const Subband& band = work_.tile.subbands[first_band_ + b];
      stripes_[b].start(band, kFloat, decode_stripe, work_);
      stripes_[b].step = float(0.5 * band.step);
      for (StripeJob& job : stripes_[b].jobs) job.style = style, job.fraction_bits = kFloat ? 1 : 0;
    }
  }

  // Those stripes that the wavelet needs first, come first.
  void queue_first(uint32_t grid_row) {
    for (BandStripes& stripes : stripes_) {
      if (grid_row < stripes.in_turn) queue(stripes, grid_row);
    }
  }

  T* row(std::size_t band) override {
    BandStripes& stripes = stripes_[band - first_band_];
    BandStripe* stripe = &stripes.job(stripes.grid_row).stripe;
    if (stripe->band->rect.empty()) {
      return kFloat ? static_cast<T*>(stripes.line) : reinterpret_cast<T*>(stripe->data);
    }
    if (stripe->next_y == stripe->end_y) {  // its place is free for another one
      queue(stripes, stripes.grid_row + stripes.in_turn);
      stripe = &stripes.job(++stripes.grid_row).stripe;
    }
    if (stripe->next_y == stripe->first_y) work_.crew->finish(stripes.job(stripes.grid_row).batch);
    int32_t* row = stripe->row(stripe->next_y++);
    if constexpr (kFloat) {
      float* line = static_cast<float*>(stripes.line);
      work_.kernels.rows->dequantize(row, std::size_t(stripe->band->rect.width()), stripes.step, line);
      return line;
    } else {
      return row;
    }
  }
  void commit_row(std::size_t) override {}

 private:
  static constexpr bool kFloat = std::is_same_v<T, float>;

  void queue(BandStripes& stripes, uint32_t grid_row) {
    StripeJob& job = stripes.job(grid_row);
    if (grid_row >= job.stripe.band->grid_height) return;
    job.stripe.start_stripe(grid_row);
    work_.crew->add(job.batch);
  }

  Workspace::Impl& work_;
  std::vector<BandStripes>& stripes_;
  std::size_t first_band_ = 0;
};

class TileDecoder {
 public:
  TileDecoder(const ImageView& image, int reduce, Workspace::Impl& work)
      : image_(image), reduce_(reduce), work_(work), area_(reduced_area(work.header.size, reduce)) {}

  void decode_components() {
    const std::size_t components = work_.tile.components.size();
    for (std::size_t c = 0; c < components;) {
      const int together = work_.tile_coding.mct && c == 0 ? 3 : 1;
      work_.rows.reset();
      work_.tile_coding.components[c].reversible ? decode_group<int32_t>(c, together, work_.synthesis_int)
                                                 : decode_group<float>(c, together, work_.synthesis_float);
      c += std::size_t(together);
    }
  }

 private:
  template <class T>
  void decode_group(std::size_t first, int together, Synthesis<T>* syntheses) {
    DecodeBands<T> bands[3] = {{work_, work_.stripes[0]}, {work_, work_.stripes[1]}, {work_, work_.stripes[2]}};
    for (int i = 0; i < together; ++i) {
      const std::size_t c = first + std::size_t(i);
      const ComponentCoding& coding = work_.tile_coding.components[c];
      if (coding.levels < reduce_) fail("reduce ", reduce_, " with ", coding.levels, " decompositions");
      bands[i].start(c, reduce_, coding.codeblock_style);
      syntheses[i].start(*work_.kernels.rows, work_.tile, c, reduce_, bands[i], work_.rows);
    }
    for (uint32_t grid_row = 0; grid_row < 2; ++grid_row) {
      for (int i = 0; i < together; ++i) bands[i].queue_first(grid_row);
    }
    const Rect rect = ceil_shift(work_.tile.components[first].rect, reduce_);
    if (rect.empty()) return;
    T* colours[3] = {};
    for (int i = 0; i < together; ++i) colours[i] = work_.rows.take<T>(padded_row(std::size_t(rect.width())));
    for (int64_t y = rect.y0; y < rect.y1; ++y) {
      T* rows[3] = {};
      for (int i = 0; i < together; ++i) rows[i] = syntheses[i].next();
      // The wavelet still needs its rows as they are.
      if (together == 3) transform_colour(rows, std::size_t(rect.width()), colours);
      for (int i = 0; i < together; ++i) {
        write_row(together == 3 ? colours[i] : rows[i], std::size_t(rect.width()),
                  place(first + std::size_t(i), rect.x0, y));
      }
    }
  }

  std::byte* place(std::size_t component, int64_t x, int64_t y) const {
    const std::ptrdiff_t element = image_.component_offsets[component] +
                                   std::ptrdiff_t(y - area_.y0) * image_.row_stride +
                                   std::ptrdiff_t(x - area_.x0) * image_.column_stride;
    return image_.samples + element * image_.bytes_per_sample;
  }
  SampleRow layout() const { return {image_.bytes_per_sample, image_.is_signed, image_.bits, image_.column_stride}; }

  void write_row(const int32_t* row, std::size_t width, std::byte* to) {
    work_.kernels.rows->write_int(row, width, layout(), to);
  }
  void write_row(const float* row, std::size_t width, std::byte* to) {
    work_.kernels.rows->write_float(row, width, layout(), to);
  }
  void transform_colour(int32_t** rows, std::size_t width, int32_t** to) {
    work_.kernels.rows->rct_inverse(rows, width, to);
  }
  void transform_colour(float** rows, std::size_t width, float** to) {
    work_.kernels.rows->ict_inverse(rows, width, to);
  }

  const ImageView& image_;
  int reduce_;
  Workspace::Impl& work_;
  Rect area_;
};

void find_tile_parts(std::span<const uint8_t> bytes, Workspace::Impl& work) {
  work.parts.clear();
  TilePart part;
  std::size_t offset = work.header.first_tile_part;
  while (read_tile_part(bytes, offset, work.header.size.tiles(), part)) {
    work.parts.push_back(part);
    offset = part.end;
  }
  std::stable_sort(work.parts.begin(), work.parts.end(),
                   [](const TilePart& a, const TilePart& b) { return a.tile < b.tile; });
}

// The tile-parts of one tile: their headers applied, their bodies as one piece.
std::span<const uint8_t> join_tile_parts(std::span<const uint8_t> bytes, std::span<const TilePart> parts,
                                         Workspace::Impl& work) {
  work.tile_coding = work.header.coding;
  for (const TilePart& part : parts) read_tile_part_header(bytes, part, work.header.size, work.tile_coding);
  check_coding(work.tile_coding);
  if (parts.size() == 1) return bytes.subspan(parts[0].body, parts[0].end - parts[0].body);
  work.bodies.clear();
  for (const TilePart& part : parts) {
    work.bodies.insert(work.bodies.end(), bytes.data() + part.body, bytes.data() + part.end);
  }
  return work.bodies;
}

void decode_tiles(std::span<const uint8_t> bytes, const ImageView& image, const DecodeOptions& options,
                  Workspace::Impl& work) {
  const uint64_t tiles = work.header.size.tiles();
  std::size_t next = 0;
  for (uint32_t t = 0; t < tiles; ++t) {
    const std::size_t first = next;
    while (next < work.parts.size() && work.parts[next].tile == t) ++next;
    if (next == first) fail("tile ", t, " of ", tiles, " is missing");
    const std::span<const uint8_t> body =
        join_tile_parts(bytes, std::span(work.parts).subspan(first, next - first), work);
    build_tile(work.header.size, work.tile_coding, t, body.size(), work.tile);
    order_precincts(work.header.size, work.tile_coding, work.tile);
    read_packets(work.tile_coding, body, work.tile);
    if (options.layers > 0 && options.layers < work.tile_coding.layers) drop_layers(options.layers, work.tile);
    TileDecoder(image, options.reduce, work).decode_components();
  }
}

}  // namespace

void decode(std::span<const uint8_t> file, const ImageView& image, Workspace& workspace, const DecodeOptions& options) {
  Workspace::Impl& work = workspace.impl();
  const std::span<const uint8_t> bytes = find_codestream(file);
  work.header = read_main_header(bytes);
  if (options.reduce < 0 || options.reduce > kMaxLevels) fail("reduce ", options.reduce);
  check_components(work.header, image);
  check_coding(work.header.coding);
  const Rect area = reduced_area(work.header.size, options.reduce);
  if (area.width() != image.columns || area.height() != image.rows) {
    fail("the codestream has ", area.height(), " rows of ", area.width(), " samples, ", image.rows, " of ",
         image.columns, " are wanted");
  }
  find_tile_parts(bytes, work);
  const CallCrew crew(options.threads, work);
  decode_tiles(bytes, image, options, work);
}

Header read_header(std::span<const uint8_t> file) {
  const MainHeader main = read_main_header(find_codestream(file));
  const ImageSize& size = main.size;
  const ComponentCoding& coding = main.coding.components[0];
  Header header;
  header.rows = uint32_t(size.image.height()), header.columns = uint32_t(size.image.width());
  header.components = uint32_t(size.components.size());
  header.bits = size.components[0].bits, header.is_signed = size.components[0].is_signed;
  for (const ComponentSize& component : size.components) {
    header.same_components = header.same_components && component.bits == header.bits && component.dx == 1 &&
                             component.dy == 1 && component.is_signed == header.is_signed;
  }
  header.high_throughput = main.high_throughput;
  header.reversible = coding.reversible, header.mct = main.coding.mct;
  header.resolutions = coding.levels + 1, header.layers = main.coding.layers;
  header.tile = {size.tile_width, size.tile_height};
  header.tile_offset = {size.tile_x0, size.tile_y0};
  header.image_offset = {uint32_t(size.image.x0), uint32_t(size.image.y0)};
  return header;
}

}  // namespace blosc2_grok::j2k
