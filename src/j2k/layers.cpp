// SPDX-License-Identifier: BSD-3-Clause
// Layer after layer is filled by trials: packet headers are written to know their size, errors are those of the inverse
// transform. Neither codes a code-block again, or decodes one.
#include "layers.hpp"

#include <algorithm>
#include <cmath>

#include "block_source.hpp"
#include "layer_blocks.hpp"
#include "packet.hpp"
#include "part1_blocks.hpp"
#include "rate_control.hpp"
#include "tile_parts.hpp"
#include "truncated_block.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr std::size_t kEnd = 2;
constexpr int kMostTrials = 14;
constexpr double kFull = 0.9985;         // of a layer's bytes: good enough
constexpr double kErrorAim = 0.978;      // of a layer's error, within 1 and
constexpr double kErrorAtLeast = 0.957;  // 0.2 dB less
constexpr double kHeaderShare = 0.02;    // of a codestream, expected
constexpr double kShortage = 0.8;        // of the slope that was coded to: a layer that goes below it wants more
constexpr int kMostDeeper = 2;           // times; then all the way

// Code-blocks as a decoder has them that reads up to the layer in work.
class SelectedBlocks final : public BlockSource {
 public:
  explicit SelectedBlocks(Workspace::Impl& encoder) : encoder_(encoder), memory_(*encoder.layers) {}

  void start_tile(uint32_t tile) override { first_ = memory_.first_block[tile]; }

  void fill(const BlockPlace& place, int fraction_bits, WorkerMemory& worker) override {
    const std::size_t i = first_ + place.band.first_codeblock + std::size_t{place.y} * place.band.grid_width + place.x;
    const CodedBlock& coded = memory_.blocks[i];
    TruncatedBlock block;
    block.width = int(place.rect.width()), block.height = int(place.rect.height());
    block.passes = memory_.selection.passes(i);
    block.fraction_bits = fraction_bits;
    if (block.passes > 0) {
      const BlockSamples samples = kept_samples(memory_.addresses[i], worker.samples, encoder_);
      block.samples = samples.data, block.stride = samples.stride;
      block.propagated = coded.propagated;
      block.planes = place.band.magnitude_bits - coded.missing_bits;
    }
    truncate_block(block, place.samples, place.stride);
  }

 private:
  Workspace::Impl& encoder_;
  const LayerMemory& memory_;
  std::size_t first_ = 0;
};

class LayerEncoder {
 public:
  LayerEncoder(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work)
      : image_(image), options_(options), work_(work), memory_(*work.layers) {
    begin_output(work_);
    fixed_bytes_ = work_.output.size() + kEnd;
    for (Tile& tile : memory_.tiles) fixed_bytes_ += frame_size(work_.header, tile);
  }

  CodingGoal coding_goal() const {
    const LayerTarget& last = options_.layers.back();
    const double bytes = double(last.bytes) - double(fixed_bytes_);
    if (last.bytes > 0) return {std::max(1.0, (1.0 - kHeaderShare) * bytes), 0.0};
    return {0.0, last.mse * samples()};
  }

  // Fills all layers. Returns the slope down to which the last one goes.
  double choose() {
    start();
    for (int layer = 0; layer < int(options_.layers.size()); ++layer) {
      const LayerTarget& target = options_.layers[std::size_t(layer)];
      if (target.bytes > 0) {
        fill_bytes(layer, target.bytes);
        reached_error_ = INFINITY;
      } else if (target.mse > 0) {
        fill_to_error(layer, target.mse);
      } else {
        memory_.selection.take_all();
        reached_error_ = INFINITY;
      }
      used_bytes_ += try_layer(layer);
      memory_.selection.keep();
      remember();
    }
    return memory_.selection.slope_left();
  }

  // Everything but the end.
  void write() {
    begin_output(work_);
    for (uint32_t t = 0; t < memory_.tiles.size(); ++t) {
      forget_packets(memory_.tiles[t]);
      std::swap(memory_.tiles[t], work_.tile);
      write_tile(t, work_);
      std::swap(memory_.tiles[t], work_.tile);
    }
  }

  // Of decoding everything.
  Loss loss() { return std::isinf(reached_error_) ? selected_loss() : reached_loss_; }

 private:
  double samples() const { return double(image_.rows) * image_.columns * image_.components; }
  int style() const { return work_.header.coding.components[0].codeblock_style; }

  void start() {
    memory_.selection.start(memory_.blocks);
    used_bytes_ = fixed_bytes_;
    reached_error_ = INFINITY;
    for (Tile& tile : memory_.tiles) {
      tile.chunks.clear();
      for (CodeBlock& block : tile.codeblocks) block.first_chunk = block.last_chunk = -1;
      forget_packets(tile);
    }
    for_each_block([](const CodedBlock& coded, CodeBlock& block, Tile&, std::size_t) {
      block.missing_bits = coded.missing_bits;
    });
    remember();
  }

  template <class Visit>
  void for_each_block(Visit&& visit) {
    for (std::size_t i = 0; i < memory_.blocks.size(); ++i) {
      const BlockAddress& at = memory_.addresses[i];
      Tile& tile = memory_.tiles[at.tile];
      visit(memory_.blocks[i], tile.codeblock(tile.subbands[at.band], at.x, at.y), tile, i);
    }
  }

  // ---- trials of a layer

  void remember() {
    memory_.codeblocks.resize(memory_.tiles.size()), memory_.tag_nodes.resize(memory_.tiles.size());
    chunks_.resize(memory_.tiles.size());
    for (std::size_t t = 0; t < memory_.tiles.size(); ++t) {
      memory_.codeblocks[t] = memory_.tiles[t].codeblocks;
      memory_.tag_nodes[t] = memory_.tiles[t].tag_nodes;
      chunks_[t] = memory_.tiles[t].chunks.size();
    }
  }
  void restore() {
    for (std::size_t t = 0; t < memory_.tiles.size(); ++t) {
      Tile& tile = memory_.tiles[t];
      tile.codeblocks = memory_.codeblocks[t];
      tile.tag_nodes = memory_.tag_nodes[t];
      tile.chunks.resize(chunks_[t]);
      for (const CodeBlock& block : tile.codeblocks) {
        if (block.last_chunk >= 0) tile.chunks[std::size_t(block.last_chunk)].next = -1;
      }
    }
  }

  // Adds what is selected as the layer; returns the bytes of its packets.
  std::size_t try_layer(int layer) {
    restore();
    const Selection& selection = memory_.selection;
    for_each_block([&](const CodedBlock& coded, CodeBlock& block, Tile& tile, std::size_t i) {
      add_passes({coded.bytes, coded.pass}, selection.kept_passes(i), selection.passes(i), layer, style(), block, tile);
    });
    std::size_t bytes = 0;
    const bool with_lengths = work_.header.parts.packet_lengths;
    for (Tile& tile : memory_.tiles) bytes += count_packets(layer, with_lengths, tile, memory_.scratch);
    return bytes;
  }

  void fill_bytes(int layer, std::size_t most) {
    Selection& selection = memory_.selection;
    std::size_t headers = std::size_t(kHeaderShare * double(most)), best_room = 0, best_bytes = 0;
    for (int trial = 0; trial < kMostTrials; ++trial) {
      const std::size_t room = most > used_bytes_ + headers ? most - used_bytes_ - headers : 0;
      const std::size_t bodies = selection.take_bytes(room);
      const std::size_t packets = try_layer(layer);
      const std::size_t needed = packets - bodies;  // by the headers
      if (used_bytes_ + packets <= most && bodies >= best_bytes) best_room = room, best_bytes = bodies;
      const bool is_full = used_bytes_ + packets <= most && double(used_bytes_ + packets) >= kFull * double(most);
      if (is_full || room == 0 || needed == headers) break;
      // Not to and fro between two sizes of headers.
      headers = needed > headers ? needed : needed + (headers - needed) / 4;
    }
    selection.take_bytes(best_room);
  }

  void fill_to_error(int layer, double mse) {
    Selection& selection = memory_.selection;
    if (reached_error_ <= mse) {  // by the layer before, with luck
      selection.take_nothing();
      return;
    }
    double account = kErrorAim * mse * samples(), low = 0, high = INFINITY, best = 0;
    double best_error = -1;
    Loss best_loss;
    for (int trial = 0; trial < kMostTrials; ++trial) {
      selection.take_to_error(account);
      const Loss loss = selected_loss();
      const double error = loss.squares / samples();
      const bool holds = error <= mse;
      if (holds && error > best_error) best_error = error, best = account, best_loss = loss;
      if (holds && error >= kErrorAtLeast * mse) break;
      (holds ? low : high) = account;
      if (!holds && selection.slope_left() == 0) break;  // no more is coded
      const double next = account * kErrorAim * mse / std::max(error, 0.01 * mse);
      if (next > low && next < high) {
        account = next;
      } else {
        account = std::isinf(high) ? 4 * low : low == 0 ? high / 4 : std::sqrt(low * high);
      }
      if (!std::isinf(high) && high - low < 1e-4 * high) break;
    }
    reached_error_ = best_error;
    if (best_error >= 0) {
      selection.take_to_error(best);
      reached_loss_ = best_loss;
    } else {
      selection.take_all();
      reached_error_ = INFINITY;
    }
  }

  // As a decoder has it that reads up to the layer in work.
  Loss selected_loss() {
    ImageView view;
    view.rows = image_.rows, view.columns = image_.columns, view.components = image_.components;
    view.bits = image_.bits, view.is_signed = image_.is_signed, view.bytes_per_sample = image_.bytes_per_sample;
    view.row_stride = std::ptrdiff_t(image_.columns);
    std::vector<std::ptrdiff_t> offsets;
    for (uint32_t c = 0; c < image_.components; ++c) offsets.push_back(std::ptrdiff_t(c) * image_.rows * image_.columns);
    view.component_offsets = offsets;
    memory_.decoded.resize(std::size_t(samples()) * std::size_t(image_.bytes_per_sample));
    view.samples = memory_.decoded.data();
    memory_.decoder.impl().kernels = work_.kernels;
    SelectedBlocks blocks(work_);
    decode_from(blocks, work_.header, view, options_.threads, memory_.decoder);
    return difference(view);
  }

  Loss difference(const ConstImageView& other) {
    Loss loss;
    Buffer<int32_t> memory;
    int32_t* const rows = memory.grow(2 * padded_row(image_.columns));
    int32_t* const a = rows + kRowPadding;
    int32_t* const b = a + padded_row(image_.columns);
    for (uint32_t c = 0; c < image_.components; ++c) {
      for (uint32_t y = 0; y < image_.rows; ++y) {
        read_row(image_, c, y, a), read_row(other, c, y, b);
        uint64_t squares = 0;
        for (uint32_t x = 0; x < image_.columns; ++x) {
          const int64_t apart = std::abs(int64_t{a[x]} - b[x]);
          loss.greatest = std::max(loss.greatest, apart);
          squares += uint64_t(apart * apart);
        }
        loss.squares += double(squares);
      }
    }
    return loss;
  }
  void read_row(const ConstImageView& image, uint32_t component, uint32_t y, int32_t* row) {
    const std::ptrdiff_t element = image.component_offsets[component] + std::ptrdiff_t(y) * image.row_stride;
    const SampleRow layout{image.bytes_per_sample, image.is_signed, image.bits, image.column_stride};
    work_.kernels.rows->read_int(image.samples + element * image.bytes_per_sample, layout, image.columns, row);
  }

  const ConstImageView& image_;
  const EncodeOptions& options_;
  Workspace::Impl& work_;
  LayerMemory& memory_;
  std::size_t fixed_bytes_ = 0, used_bytes_ = 0;
  double reached_error_ = INFINITY;  // by the layer before, where it was measured
  Loss reached_loss_;
  std::vector<std::size_t> chunks_;  // of each tile, before the layer in work
};

}  // namespace

void encode_layers(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work) {
  keep_tiles(image, work);
  LayerEncoder encoder(image, options, work);
  const CodingGoal goal = encoder.coding_goal();
  code_blocks(goal, work);
  for (int more = 0;; ++more) {
    const double slope = encoder.choose();
    const double coded_to = work.layers->coded_to;
    const bool is_everything = goal.bytes <= 0 && goal.squares <= 0;
    if (is_everything || slope >= kShortage * coded_to) break;
    const double deeper = slope == 0 ? 0.1 * coded_to : 0.5 * slope;
    if (!code_deeper(more < kMostDeeper ? deeper : 0.0, work)) break;
  }
  encoder.write();
  if (options.measure_loss) work.report.loss = encoder.loss();
}

}  // namespace blosc2_grok::j2k
