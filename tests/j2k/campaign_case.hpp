// SPDX-License-Identifier: BSD-3-Clause
// Cases of the long campaign: small images with random settings; every odd seed is an extreme.
#pragma once

#include <algorithm>
#include <array>

#include "support.hpp"

namespace blosc2_grok::j2k::test {

// The signs of a wavelet's analysis filter after `levels` decompositions, high-pass in the last one or not: samples at
// full swing with these signs make its greatest coefficient (ISO/IEC 15444-1 Annex F).
inline std::vector<int> filter_signs(int levels, bool is_high, bool reversible) {
  static const std::vector<double> kLow53{-1, 2, 6, 2, -1}, kHigh53{-1, 2, -1};
  static const std::vector<double> kLow97{0.0267487574, -0.0168641184, -0.0782232665, 0.2668641184, 0.6029490182,
                                          0.2668641184, -0.0782232665, -0.0168641184, 0.0267487574};
  static const std::vector<double> kHigh97{0.0912717631,  -0.0575435263, -0.5912717631, 1.1150870525,
                                           -0.5912717631, -0.0575435263, 0.0912717631};
  const std::vector<double>& low = reversible ? kLow53 : kLow97;
  std::vector<double> filter = is_high ? (reversible ? kHigh53 : kHigh97) : low;
  for (int level = 1; level < levels; ++level) {
    std::vector<double> longer(2 * filter.size() - 1 + low.size() - 1, 0.0);
    for (std::size_t i = 0; i < filter.size(); ++i) {
      for (std::size_t k = 0; k < low.size(); ++k) longer[2 * i + k] += filter[i] * low[k];
    }
    filter = std::move(longer);
  }
  std::vector<int> signs;
  for (const double tap : filter) signs.push_back(tap < 0 ? -1 : 1);
  return signs;
}

// Fills the image with the pattern that makes one coefficient of a random subband as great as it can be, repeated.
inline void fill_for_gain(Image& image, bool reversible, Random& random) {
  image.allocate();
  const int levels = int(pick(random, 1, 4));
  const std::vector<int> across = filter_signs(levels, random() % 2 != 0, reversible);
  const std::vector<int> down = filter_signs(levels, random() % 2 != 0, reversible);
  const std::size_t at_x = random() % across.size(), at_y = random() % down.size();
  for (uint32_t c = 0; c < image.components; ++c) {
    const int sign = random() % 2 != 0 ? 1 : -1;  // unlike ones make the greatest chroma
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        const int product = sign * across[(x + at_x) % across.size()] * down[(y + at_y) % down.size()];
        image.set(c, y, x, product > 0 ? image.high() : image.low());
      }
    }
  }
}

inline void set_depth(Image& image, int bits) {
  image.bits = bits;
  image.bytes = bits > 16 ? 4 : bits > 8 ? 2 : 1;
}

inline Size small_size(Random& random, uint32_t most) { return {pick(random, 1, most), pick(random, 1, most)}; }

// Odd offsets, and tiles of one to a few samples or none.
inline void make_thin(Image& image, EncodeOptions& o, Random& random) {
  image.rows = pick(random, 1, 4), image.columns = pick(random, 1, 4);
  if (random() % 2 != 0) (random() % 2 != 0 ? image.rows : image.columns) = pick(random, 1, 40);
  o.image_offset = {pick(random, 0, 9), pick(random, 0, 9)};
  o.tile = o.tile_offset = {};
  if (random() % 2 == 0) return;
  o.tile_offset = {pick(random, 0, o.image_offset.width), pick(random, 0, o.image_offset.height)};
  const Size beyond = small_size(random, 7);
  o.tile = {o.image_offset.width - o.tile_offset.width + beyond.width,
            o.image_offset.height - o.tile_offset.height + beyond.height};
}

inline void make_extreme(Case& test, Random& random) {
  static constexpr std::array<Size, 5> kBlocks{Size{4, 4}, {4, 1024}, {1024, 4}, {64, 64}, {32, 128}};
  Image& image = test.image;
  EncodeOptions& o = test.options;
  static constexpr std::array<int, 6> kDepths{1, 2, 8, 9, 15, 16};
  if (random() % 2 != 0) set_depth(image, kDepths[random() % kDepths.size()]);
  if (random() % 2 != 0) o.codeblock = kBlocks[random() % kBlocks.size()];
  if (random() % 3 == 0) make_thin(image, o, random);
  if (random() % 6 == 0) o.precincts = {random_power(random, 1, 3)};
  if (random() % 6 == 0) o.resolutions = 33;
  if (random() % 3 == 0) o.guard_bits = int(pick(random, 0, 7));
  const uint32_t content = pick(random, 0, 5);
  if (content < 3) return fill_for_gain(image, o.reversible, random);
  fill(image, content == 3 ? Content::kExtremes : content == 4 ? Content::kCheckerboard : Content::kText, random);
}

constexpr int kMostWitnessedPlanes = 30;  // in OpenJPEG's integers

// What changes the order and the wrapping of the passes, not the samples: tile-parts, lengths, layers, a region.
inline void choose_wrapping(const Image& image, EncodeOptions& o, Random& random) {
  o.tile_parts = random() % 4 == 0;
  o.packet_lengths = random() % 4 == 0;
  o.part_lengths = random() % 4 == 0;
  if (o.high_throughput) return;
  if (random() % 4 == 0) {
    std::vector<std::size_t> sizes;
    for (uint32_t i = pick(random, 1, 4); i > 0; --i) sizes.push_back(400 + random() % (image.memory.size() + 1));
    std::sort(sizes.begin(), sizes.end());
    for (const std::size_t size : sizes) o.layers.push_back({size, 0});
    o.layers.push_back({0, 0});
  }
  // Above the bit-planes of the others, or not at all.
  const int planes = image.bits + 2 + o.mct, least = planes + o.guard_bits, most = kMostWitnessedPlanes - planes;
  if (!o.reversible || least > most || (o.block_style & 1) != 0 || random() % 4 != 0) return;
  o.region_component = pick(random, 0, image.components - 1);
  o.region_shift = int(pick(random, uint32_t(least), uint32_t(most)));
}

struct CampaignCase : Case {
  uint64_t seed = 0;
  bool is_extreme = false;
};

// Most images are of less than 64 x 64 samples, so that a million of them take hours, not days.
inline CampaignCase campaign_case(uint64_t seed, bool high_throughput) {
  CampaignCase test;
  static_cast<Case&>(test) = random_case(seed + (high_throughput ? 20000000 : 120000000), 16);
  test.seed = seed;
  Random random(seed * 2 + (high_throughput ? 1 : 0));
  EncodeOptions& o = test.options;
  o.high_throughput = high_throughput;
  o.reversible = random() % 3 != 0;
  o.base_step = std::ldexp(1.0 + double(random() % 1000) / 1000, int(pick(random, 0, 8)) - 5);
  if (!high_throughput && random() % 2 != 0) o.block_style = int(pick(random, 0, 63));
  if (random() % 8 != 0) {
    test.image.rows = 1 + test.image.rows % 64, test.image.columns = 1 + test.image.columns % 64;
    fill(test.image, Content(random() % uint64_t(Content::kCount)), random);
  }
  test.is_extreme = seed % 2 != 0;
  if (test.is_extreme) make_extreme(test, random);
  // What few witnesses read is rarer than in random_case.
  if (o.resolutions > 16 && random() % 4 != 0) o.resolutions = 1 + o.resolutions % 8;
  if (o.guard_bits < 2 && random() % 2 != 0) o.guard_bits = 3;
  o.threads = random() % 32 == 0 ? 3 : 1;
  choose_wrapping(test.image, o, random);
  return test;
}

inline std::string pair_of(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

inline std::string describe(const CampaignCase& test) {
  const Image& i = test.image;
  const EncodeOptions& o = test.options;
  std::string text = "seed " + std::to_string(test.seed) + ": " + pair_of({i.columns, i.rows}) + "x" +
                     std::to_string(i.components) + ", " + std::to_string(i.bits) + (i.is_signed ? " signed" : "") +
                     " bits, " + (o.reversible ? "5/3" : "9/7 step " + std::to_string(o.base_step)) + ", " +
                     std::to_string(o.resolutions) + " resolutions, blocks " + pair_of(o.codeblock) + ", mct " +
                     std::to_string(o.mct) + ", order " + std::to_string(int(o.progression)) + ", guard " +
                     std::to_string(o.guard_bits) + ", at " + pair_of(o.image_offset) + ", tiles " + pair_of(o.tile) +
                     " at " + pair_of(o.tile_offset) + ", style " + std::to_string(o.block_style) + ", precincts";
  for (const Size size : o.precincts) text += " " + pair_of(size);
  text += ", tile-parts " + std::to_string(o.tile_parts) + ", PLT " + std::to_string(o.packet_lengths) + ", TLM " +
          std::to_string(o.part_lengths) + ", layers";
  for (const LayerTarget& layer : o.layers) text += " " + std::to_string(layer.bytes);
  return text + ", region " + std::to_string(o.region_component) + " up by " + std::to_string(o.region_shift);
}

}  // namespace blosc2_grok::j2k::test
