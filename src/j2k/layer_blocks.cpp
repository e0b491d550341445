// SPDX-License-Identifier: BSD-3-Clause
// Three rounds: a few code-blocks of each subband whole, some more a good deal deeper than those say, then the rest a
// little deeper than all of them say. What is coded stays.
#include "layer_blocks.hpp"

#include <algorithm>
#include <cmath>

#include "part1_blocks.hpp"
#include "quantizer.hpp"
#include "tile_encoder.hpp"

namespace blosc2_grok::j2k {
namespace {

// One of so many code-blocks of a subband is coded in a round, and how deep below the slope expected.
struct Round {
  uint32_t sampling;
  double depth;
};
constexpr Round kRounds[] = {{64, 0.0}, {12, 0.25}, {1, 0.6}};
constexpr int kRoundCount = int(std::size(kRounds));
constexpr uint32_t kFewest = 2;  // of a subband's code-blocks in a round

// Squared sums over all components of what the inverse colour transformations (Annex G) make of a unit error.
constexpr double kRctGain[3] = {3.0, 0.6875, 0.6875};
constexpr double kIctGain[3] = {3.0, 3.2584, 2.4756};

double colour_gain(const TileCoding& coding, std::size_t component) {
  if (!coding.mct || component >= 3) return 1.0;
  return coding.components[0].reversible ? kRctGain[component] : kIctGain[component];
}

int round_of(uint32_t number, uint32_t group_size) {
  for (int i = 0; i + 1 < kRoundCount; ++i) {
    const uint32_t pace = std::clamp(group_size / kFewest, 1u, kRounds[i].sampling);
    if (number % pace == pace / 2) return i;
  }
  return kRoundCount - 1;
}

// Bit-planes of a region of interest count as they would if its coefficients were as large as they are meant to be.
double priority_of(const Subband& band) { return std::ldexp(1.0, 2 * band.region_shift); }

void list_band(uint32_t tile, uint32_t band_index, uint32_t group, double weight, LayerMemory& memory) {
  const Subband& band = memory.tiles[tile].subbands[band_index];
  if (group >= memory.group_sizes.size()) memory.group_sizes.resize(group + 1);
  CodedBlock block;
  block.weight = weight * band.step * band.step;
  block.priority = priority_of(band);
  for (uint32_t y = 0; y < band.grid_height; ++y) {
    for (uint32_t x = 0; x < band.grid_width; ++x) {
      memory.blocks.push_back(block);
      memory.addresses.push_back({tile, band_index, x, y, memory.group_sizes[group]++, group, 0});
    }
  }
}

void list_tile(uint32_t t, const TileCoding& coding, LayerMemory& memory) {
  Tile& tile = memory.tiles[t];
  const bool reversible = coding.components[0].reversible;
  for (std::size_t c = 0; c < tile.components.size(); ++c) {
    const int levels = tile.components[c].levels;
    for (int r = 0; r <= levels; ++r) {
      const Resolution& resolution = tile.resolution(c, r);
      for (int b = 0; b < resolution.bands; ++b) {
        const auto index = uint32_t(resolution.first_band + b);
        const double norm = synthesis_norm(reversible, r == 0 ? levels : levels - r + 1, tile.subbands[index].band);
        list_band(t, index, index, norm * norm * colour_gain(coding, c), memory);
      }
    }
  }
}

// Codes entries `first` to `end` - 1 of the queue.
void code_some(const void* what, uint32_t first, uint32_t end, std::size_t index) {
  // The crew hands everything out as constant; what is written belongs to one code-block.
  Workspace::Impl& work = **static_cast<Workspace::Impl* const*>(what);
  LayerMemory& memory = *work.layers;
  WorkerMemory& worker = *work.workers[index];
  for (uint32_t i = first; i < end; ++i) {
    const BlockAddress& at = memory.addresses[memory.queue[i]];
    const Subband& band = memory.tiles[at.tile].subbands[at.band];
    const BlockSamples samples = kept_samples(at, worker.samples, work);
    code_part1_block({band, at.x, at.y, codeblock_rect(band, at.x, at.y), samples.data, samples.stride},
                     memory.stop_slope, memory.blocks[memory.queue[i]], worker, work);
  }
}

void code_queue(double stop_slope, Workspace::Impl& work) {
  LayerMemory& memory = *work.layers;
  memory.stop_slope = stop_slope;
  Workspace::Impl* const what = &work;
  Batch batch(code_some, &what, uint32_t(memory.queue.size()), kBlocksAtOnce);
  work.crew.add(batch);
  work.crew.finish(batch);
}

// How many code-blocks each of those coded so far stands for, by group.
std::vector<double> shares(int rounds, const LayerMemory& memory) {
  std::vector<double> coded(memory.group_sizes.size());
  for (const BlockAddress& at : memory.addresses) coded[at.group] += at.round < rounds ? 1 : 0;
  for (std::size_t i = 0; i < coded.size(); ++i) coded[i] = coded[i] == 0 ? 0 : memory.group_sizes[i] / coded[i];
  return coded;
}

// The slope at which the goal will be met, judged by the first rounds.
double expected_slope(const CodingGoal& goal, int rounds, const LayerMemory& memory) {
  const std::vector<double> share = shares(rounds, memory);
  std::vector<TruncationPoint> points;
  double squares = 0, bytes = 0;
  for (std::size_t i = 0; i < memory.blocks.size(); ++i) {
    if (memory.addresses[i].round >= rounds) continue;
    add_hull(memory.blocks[i], uint32_t(i), points);
    squares += share[memory.addresses[i].group] * memory.blocks[i].weight * memory.blocks[i].energy;
  }
  sort_points(points);
  std::vector<uint16_t> taken(memory.blocks.size());
  for (const TruncationPoint& point : points) {
    const CodedBlock& block = memory.blocks[point.block];
    const double many = share[memory.addresses[point.block].group];
    bytes += many * double(block.bytes_of(point.passes) - block.bytes_of(taken[point.block]));
    squares -= many * (block.gain_of(point.passes) - block.gain_of(taken[point.block]));
    taken[point.block] = point.passes;
    if (goal.bytes > 0 ? bytes > goal.bytes : squares < goal.squares) return point.slope;
  }
  return 0;
}

}  // namespace

BlockSamples kept_samples(const BlockAddress& at, Buffer<int32_t>& memory, Workspace::Impl& work) {
  const Subband& band = work.layers->tiles[at.tile].subbands[at.band];
  const KeptBand& kept = work.kept[work.layers->first_kept[at.tile] + at.band];
  const Rect rect = codeblock_rect(band, at.x, at.y);
  const std::size_t begin =
      kRowPadding + std::size_t(rect.y0 - band.rect.y0) * kept.stride + std::size_t(rect.x0 - band.rect.x0);
  if (kept.data == nullptr) return {kept.counts + begin, kept.stride};
  const std::size_t stride = padded_row(std::size_t(rect.width()));
  int32_t* const samples = memory.grow(stride * std::size_t(rect.height())) + kRowPadding;
  for (std::size_t y = 0; y < std::size_t(rect.height()); ++y) {
    work.kernels.rows->quantize(kept.data + begin + y * kept.stride, std::size_t(rect.width()), float(1.0 / band.step),
                                samples + y * stride);
  }
  return {samples, stride};
}

void keep_tiles(const ConstImageView& image, Workspace::Impl& work) {
  if (!work.layers) work.layers = std::make_unique<LayerMemory>();
  LayerMemory& memory = *work.layers;
  const MainHeader& header = work.header;
  work.kept.clear();
  work.coefficients.reset();
  memory.tiles.resize(header.size.tiles());
  memory.first_kept.clear(), memory.first_block.clear();
  memory.blocks.clear(), memory.addresses.clear(), memory.group_sizes.clear();
  for (uint32_t t = 0; t < header.size.tiles(); ++t) {
    build_tile(header.size, header.coding, t, UINT64_MAX, work.tile);
    memory.first_kept.push_back(work.kept.size());
    memory.first_block.push_back(memory.blocks.size());
    keep_tile_rows(image, work);
    std::swap(memory.tiles[t], work.tile);
    order_precincts(header.size, header.coding, memory.tiles[t]);
    list_tile(t, header.coding, memory);
  }
  for (BlockAddress& at : memory.addresses) at.round = round_of(at.number, memory.group_sizes[at.group]);
}

void code_blocks(const CodingGoal& goal, Workspace::Impl& work) {
  LayerMemory& memory = *work.layers;
  work.forget_coded();
  memory.coded_to = 0.0;
  const bool is_everything = goal.bytes <= 0 && goal.squares <= 0;
  for (int round = 0; round < kRoundCount; ++round) {
    memory.queue.clear();
    for (uint32_t i = 0; i < memory.blocks.size(); ++i) {
      if (memory.addresses[i].round == round) memory.queue.push_back(i);
    }
    const bool stops = !is_everything && round > 0;
    code_queue(stops ? kRounds[round].depth * expected_slope(goal, round, memory) : 0.0, work);
    memory.coded_to = std::max(memory.coded_to, memory.stop_slope);
  }
}

bool code_deeper(double stop_slope, Workspace::Impl& work) {
  LayerMemory& memory = *work.layers;
  memory.queue.clear();
  for (uint32_t i = 0; i < memory.blocks.size(); ++i) {
    if (!memory.blocks[i].is_whole) memory.queue.push_back(i);
  }
  if (memory.queue.empty()) return false;
  code_queue(stop_slope, work);
  memory.coded_to = stop_slope;
  return true;
}

}  // namespace blosc2_grok::j2k
