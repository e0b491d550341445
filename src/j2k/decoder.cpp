// SPDX-License-Identifier: BSD-3-Clause
// The decoder: packets' code-blocks through wavelet and colour transform, row by row, into the caller's samples.
#include <algorithm>

#include "block_source.hpp"
#include "packet.hpp"
#include "part1_blocks.hpp"
#include "tile_reader.hpp"
#include "wide_blocks.hpp"
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
    const ComponentSize& first = size.components[0];
    if (component.dx != first.dx || component.dy != first.dy) {
      fail("components of unlike sampling are not supported: one has every ", int(first.dx), " x ", int(first.dy),
           " points of the grid a sample, another every ", int(component.dx), " x ", int(component.dy));
    }
  }
  if (image.bits > kMostBits || image.bits > 8 * image.bytes_per_sample) {
    fail(image.bits, " bits in ", image.bytes_per_sample, " bytes a sample are not supported");
  }
}

void check_coding(const TileCoding& coding, int bits) {
  const bool is_wide = bits > kMostNarrowBits;
  for (const ComponentCoding& component : coding.components) {
    if (is_wide && !component.reversible) {
      fail(bits, " bits a sample with the irreversible transformation are not supported: ", kMostNarrowBits,
           " at most");
    }
    if (is_wide && component.region_shift != 0) {
      fail(bits, " bits a sample with a region of interest (RGN) are not supported: ", kMostNarrowBits, " at most");
    }
    const bool ht = (component.codeblock_style & kCodeBlockHt) != 0;
    if ((component.codeblock_style & ~(ht ? kCodeBlockHt | kCodeBlockCausal : kCodeBlockPart1)) != 0) {
      fail("code-block style ", component.codeblock_style, " is not supported");
    }
    if (component.region_shift == 0) continue;
    if (ht) fail("regions of interest (RGN) in High-Throughput are not supported");
    // Some count its raw passes from the shifted bit-planes.
    if ((component.codeblock_style & kCodeBlockLazy) != 0) {
      fail("regions of interest (RGN) with LAZY code-blocks are not supported: encoders differ");
    }
  }
}

Rect reduced_area(const ImageSize& size, int reduce) { return ceil_shift(size.component_area(0), reduce); }

// The cleanup segment is one chunk; refinement may have come in two packets, which `memory` joins.
template <class T>
void gather_ht_segments(const CodeBlock& block, const std::vector<Chunk>& chunks, Buffer<uint8_t>& memory,
                        HtDecodeJobOf<T>& job) {
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

// How a component's code-blocks are coded.
struct BlockKind {
  int style = 0;
  int fraction_bits = 0;  // below the coefficients' units
};

template <class T>
HtDecodeJobOf<T> make_ht_job(const BlockPlaceOf<T>& place, const BlockKind& kind, Buffer<uint8_t>& memory, Tile& tile) {
  const CodeBlock& block = tile.codeblock(place.band, place.x, place.y);
  HtDecodeJobOf<T> job;
  job.samples = place.samples;
  job.stride = place.stride;
  job.width = int(place.rect.width()), job.height = int(place.rect.height());
  job.passes = block.passes;
  job.missing_bits = block.missing_bits;
  job.magnitude_bits = place.band.magnitude_bits;
  job.fraction_bits = kind.fraction_bits;
  job.causal = (kind.style & kCodeBlockCausal) != 0;
  if (block.first_chunk >= 0) gather_ht_segments(block, tile.chunks, memory, job);
  return job;
}

template <class T>
void clear(const HtDecodeJobOf<T>& job) {
  for (int y = 0; y < job.height; ++y) std::fill_n(job.samples + std::size_t(y) * job.stride, job.width, T{0});
}

// HT code-blocks wait for company. T is the coefficients' type.
template <class T>
class BlockDecoder {
 public:
  BlockDecoder(WorkerMemory& worker, Workspace::Impl& work) : worker_(worker), work_(work) {}

  void decode(const BlockPlaceOf<T>& place, const BlockKind& kind) {
    if constexpr (!kWide) {
      if (work_.source != nullptr) return work_.source->fill(place, kind.fraction_bits, worker_);
    }
    if ((kind.style & kCodeBlockHt) == 0) {
      return decode_part1_block(place, kind.style, kind.fraction_bits, worker_, work_);
    }
    jobs_[waiting_] = make_ht_job(place, kind, worker_.block_bytes[waiting_], work_.tile);
    if (jobs_[waiting_].cleanup.empty()) return clear(jobs_[waiting_]);
    if (++waiting_ == kDecodeTogether) finish();
  }
  void finish() {
    if constexpr (kWide) {
      if (waiting_ != 0) decode_wide_ht({jobs_, waiting_}, worker_);
    } else if (waiting_ != 0) {
      work_.kernels.decode_blocks({jobs_, waiting_}, worker_.ht);
    }
    waiting_ = 0;
  }

 private:
  static constexpr bool kWide = std::is_same_v<T, int64_t>;

  WorkerMemory& worker_;
  Workspace::Impl& work_;
  HtDecodeJobOf<T> jobs_[kDecodeTogether];
  std::size_t waiting_ = 0;
};

// Components of a tile that go together: code-blocks in, samples out.
template <class T>
class DecodePieces final : public SynthesisPieces<T> {
 public:
  DecodePieces(const ImageView& image, int reduce, Workspace::Impl& work)
      : image_(image), work_(work), reduce_(reduce), area_(reduced_area(work.header.size, reduce)) {}

  void decode(std::size_t first, int together) {
    first_ = first;
    if (work_.tile.components[first].rect.empty()) return;  // between two samples
    for (std::size_t c = first; c < first + std::size_t(together); ++c) {
      const ComponentCoding& coding = work_.tile_coding.components[c];
      if (coding.levels < reduce_) fail("reduce ", reduce_, " with ", coding.levels, " decompositions");
    }
    if (together == 3 && !has_same_pieces()) return decode_one_by_one();
    decode_together(together);
  }

 private:
  static constexpr bool kFloat = std::is_same_v<T, float>;

  void decode_together(int together) {
    work_.rows.reset_into_one();
    this->start(*work_.kernels.rows, work_.tile, first_, together, reduce_, work_.crew.size(),
                pieces_each(work_.tile_coding.components[first_]), work_.rows);
    this->run(work_.crew);
  }

  // COC markers may tell the three apart.
  bool has_same_pieces() const {
    const ComponentCoding* codings = work_.tile_coding.components.data();
    const auto is_like_first = [&](const ComponentCoding& coding) {
      return coding.levels == codings[0].levels && coding.codeblock_height_log2 == codings[0].codeblock_height_log2 &&
             std::equal(coding.precincts.begin(), coding.precincts.end(), codings[0].precincts.begin());
    };
    return is_like_first(codings[1]) && is_like_first(codings[2]);
  }

  // Whole planes, then the colour transformation.
  void decode_one_by_one() {
    const Rect rect = ceil_shift(work_.tile.components[0].rect, reduce_);
    const std::size_t width = std::size_t(rect.width()), height = std::size_t(rect.height());
    std::vector<T> memory((3 * height + 3) * padded_row(width));
    const auto row_of = [&](std::size_t i) { return memory.data() + i * padded_row(width); };
    for (first_ = 0; first_ < 3; ++first_) {
      plane_ = row_of(first_ * height);
      decode_together(1);
    }
    plane_ = nullptr, first_ = 0;
    for (std::size_t y = 0; y < height; ++y) {
      T* rows[3] = {row_of(y), row_of(height + y), row_of(2 * height + y)};
      T* colours[3] = {row_of(3 * height), row_of(3 * height + 1), row_of(3 * height + 2)};
      transform_colour(rows, width, colours);
      for (std::size_t i = 0; i < 3; ++i) write_row(colours[i], width, place(i, rect.x0, rect.y0 + int64_t(y)));
    }
  }

  void begin_piece(const PieceStage& stage, int64_t begin, int64_t end, std::size_t worker) override {
    WorkerMemory& memory = *work_.workers[worker];
    start_bands<T>(stage, begin, end, first_, this->together_, memory, work_);
    for (int i = 0; this->together_ == 3 && i < 3; ++i) {
      memory.colours[i] = memory.piece.template take<T>(padded_row(std::size_t(stage.rect.width())));
    }
  }

  uint32_t list_blocks(std::size_t stage, std::size_t owner) override {
    return list_piece_blocks(this->stages_[stage], this->together_, *work_.workers[owner]);
  }

  void do_blocks(std::size_t owner, uint32_t first, uint32_t end, std::size_t worker) override {
    const WorkerMemory& piece = *work_.workers[owner];
    BlockDecoder<Coefficient<T>> decoder(*work_.workers[worker], work_);
    for (uint32_t i = first; i < end; ++i) {
      const PieceBlock& block = piece.blocks[i];
      const BlockKind kind{work_.tile_coding.components[first_ + block.component].codeblock_style, kFloat ? 1 : 0};
      decoder.decode(piece.bands[block.component][block.band].template block<T>(block.x, block.y), kind);
    }
    decoder.finish();
  }

  T* band_row(int component, std::size_t band, int64_t y, std::size_t worker) override {
    const PieceBand& rows = work_.workers[worker]->bands[component][band];
    if constexpr (kFloat) {
      const std::size_t width = std::size_t(rows.band->rect.width());
      work_.kernels.rows->dequantize(rows.template row<T>(y), width, float(0.5 * rows.band->step), rows.line);
      return rows.line;
    } else {
      return rows.template row<T>(y);
    }
  }

  void write_rows(int64_t y, T* const* rows, std::size_t worker) override {
    const Rect& rect = this->stages_.back().rect;
    const std::size_t width = std::size_t(rect.width());
    if (plane_ != nullptr) {
      std::copy_n(rows[0], width, plane_ + std::size_t(y - rect.y0) * padded_row(width));
      return;
    }
    T* colours[kMostTogether] = {};
    if (this->together_ == 3) {
      for (int i = 0; i < 3; ++i) colours[i] = static_cast<T*>(work_.workers[worker]->colours[i]);
      transform_colour(rows, width, colours);  // the wavelet still needs its rows as they are
    }
    for (int i = 0; i < this->together_; ++i) {
      write_row(this->together_ == 3 ? colours[i] : rows[i], width, place(first_ + std::size_t(i), rect.x0, y));
    }
  }
  Arena& arena_of(std::size_t worker) override { return work_.workers[worker]->piece; }

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
  void write_row(const int64_t* row, std::size_t width, std::byte* to) {
    wide_row_kernels().write(row, width, layout(), to);
  }
  void write_row(const float* row, std::size_t width, std::byte* to) {
    work_.kernels.rows->write_float(row, width, layout(), to);
  }
  void transform_colour(int32_t* const* rows, std::size_t width, int32_t* const* to) {
    work_.kernels.rows->rct_inverse(rows, width, to);
  }
  void transform_colour(int64_t* const* rows, std::size_t width, int64_t* const* to) {
    wide_row_kernels().rct_inverse(rows, width, to);
  }
  void transform_colour(float* const* rows, std::size_t width, float* const* to) {
    work_.kernels.rows->ict_inverse(rows, width, to);
  }

  const ImageView& image_;
  Workspace::Impl& work_;
  int reduce_;
  Rect area_;
  std::size_t first_ = 0;
  T* plane_ = nullptr;  // where rows go instead of the image
};

void decode_components(const ImageView& image, int reduce, Workspace::Impl& work) {
  DecodePieces<int32_t> reversible(image, reduce, work);
  DecodePieces<float> irreversible(image, reduce, work);
  DecodePieces<int64_t> wide(image, reduce, work);
  const std::size_t components = work.tile.components.size();
  for (std::size_t c = 0; c < components;) {
    const int together = work.tile_coding.mct && c == 0 ? 3 : 1;
    if (image.bits > kMostNarrowBits) {
      wide.decode(c, together);
    } else {
      work.tile_coding.components[c].reversible ? reversible.decode(c, together) : irreversible.decode(c, together);
    }
    c += std::size_t(together);
  }
}

void decode_tiles(std::span<const uint8_t> bytes, const ImageView& image, const DecodeOptions& options,
                  Workspace::Impl& work) {
  const uint64_t tiles = work.header.size.tiles();
  std::size_t next = 0;
  for (uint32_t t = 0; t < tiles; ++t) {
    const std::size_t first = next;
    while (next < work.parts.size() && work.parts[next].tile == t) ++next;
    if (next == first) fail("tile ", t, " of ", tiles, " is missing");
    const auto parts = std::span<const TilePart>(work.parts).subspan(first, next - first);
    const PacketBytes packets = gather_packets(bytes, parts, work);
    check_coding(work.tile_coding, image.bits);
    build_tile(work.header.size, work.tile_coding, t, packets.header_room(), work.tile);
    order_precincts(work.header.size, work.tile_coding, work.tile);
    read_packets(work.tile_coding, packets, {options.reduce, options.layers}, work.tile);
    if (options.layers > 0 && options.layers < work.tile_coding.layers) drop_layers(options.layers, work.tile);
    decode_components(image, options.reduce, work);
  }
}

}  // namespace

void decode(std::span<const uint8_t> file, const ImageView& image, Workspace& workspace, const DecodeOptions& options) {
  Workspace::Impl& work = workspace.impl();
  const std::span<const uint8_t> bytes = find_codestream(file);
  work.header = read_main_header(bytes);
  if (options.reduce < 0 || options.reduce > kMaxLevels) fail("reduce ", options.reduce);
  check_components(work.header, image);
  check_coding(work.header.coding, image.bits);
  const Rect area = reduced_area(work.header.size, options.reduce);
  if (area.width() != image.columns || area.height() != image.rows) {
    fail("the codestream has ", area.height(), " rows of ", area.width(), " samples, ", image.rows, " of ",
         image.columns, " are wanted");
  }
  find_tile_parts(bytes, work);
  const CallCrew crew(options.threads, work);
  decode_tiles(bytes, image, options, work);
}

void decode_from(BlockSource& source, const MainHeader& header, const ImageView& image, unsigned threads,
                 Workspace& workspace) {
  struct SourceOfCall {
    Workspace::Impl& work;
    ~SourceOfCall() { work.source = nullptr; }
  };
  Workspace::Impl& work = workspace.impl();
  work.header = header, work.tile_coding = header.coding;
  const CallCrew crew(threads, work);
  const SourceOfCall of_call{work};
  work.source = &source;
  for (uint32_t t = 0; t < header.size.tiles(); ++t) {
    build_tile(header.size, header.coding, t, UINT64_MAX, work.tile);
    source.start_tile(t);
    decode_components(image, 0, work);
  }
}

Header read_header(std::span<const uint8_t> file) {
  const MainHeader main = read_main_header(find_codestream(file));
  const ImageSize& size = main.size;
  const ComponentCoding& coding = main.coding.components[0];
  Header header;
  const Rect area = size.component_area(0);
  header.rows = uint32_t(area.height()), header.columns = uint32_t(area.width());
  header.components = uint32_t(size.components.size());
  header.bits = size.components[0].bits, header.is_signed = size.components[0].is_signed;
  for (const ComponentSize& component : size.components) {
    header.same_components = header.same_components && component.bits == header.bits &&
                             component.dx == size.components[0].dx && component.dy == size.components[0].dy &&
                             component.is_signed == header.is_signed;
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
