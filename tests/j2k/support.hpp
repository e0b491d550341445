// SPDX-License-Identifier: BSD-3-Clause
// Seeded images and settings for the tests of the JPEG 2000 kernels.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "codec.hpp"

namespace blosc2_grok::j2k::test {

// A planar image of 32-bit samples and its copy in the container type that a view wants.
struct Image {
  uint32_t rows = 1, columns = 1, components = 1;
  int bits = 8;
  bool is_signed = false;
  int bytes = 1;
  bool interleaved = false;
  std::vector<std::byte> memory;
  std::vector<std::ptrdiff_t> offsets;

  int32_t low() const { return is_signed ? -(1 << (bits - 1)) : 0; }
  int32_t high() const { return is_signed ? (1 << (bits - 1)) - 1 : int32_t((int64_t{1} << bits) - 1); }
  std::size_t samples() const { return std::size_t{rows} * columns * components; }

  void allocate() {
    memory.assign(samples() * std::size_t(bytes), std::byte{0});
    offsets.clear();
    for (uint32_t c = 0; c < components; ++c) {
      offsets.push_back(interleaved ? std::ptrdiff_t(c) : std::ptrdiff_t(c) * rows * columns);
    }
  }
  std::size_t index(uint32_t c, uint32_t y, uint32_t x) const {
    return interleaved ? (std::size_t{y} * columns + x) * components + c : (std::size_t{c} * rows + y) * columns + x;
  }
  void set(uint32_t c, uint32_t y, uint32_t x, int32_t value) {
    std::memcpy(memory.data() + index(c, y, x) * std::size_t(bytes), &value, std::size_t(bytes));
  }
  int32_t get(uint32_t c, uint32_t y, uint32_t x) const {
    const std::byte* at = memory.data() + index(c, y, x) * std::size_t(bytes);
    if (bytes == 1) return is_signed ? int32_t(int8_t(*at)) : int32_t(uint8_t(*at));
    if (bytes == 2) {
      uint16_t value;
      std::memcpy(&value, at, 2);
      return is_signed ? int32_t(int16_t(value)) : int32_t(value);
    }
    int32_t value;
    std::memcpy(&value, at, 4);
    return value;
  }
  template <class View, class Byte>
  View make_view(Byte* base) const {
    View view;
    view.samples = base;
    view.rows = rows, view.columns = columns, view.components = components;
    view.bits = bits, view.is_signed = is_signed, view.bytes_per_sample = bytes;
    view.row_stride = std::ptrdiff_t(columns) * (interleaved ? components : 1);
    view.column_stride = interleaved ? std::ptrdiff_t(components) : 1;
    view.component_offsets = offsets;
    return view;
  }
  ConstImageView view() const { return make_view<ConstImageView>(memory.data()); }
  ImageView view() { return make_view<ImageView>(memory.data()); }
};

inline int64_t largest_difference(const Image& a, const Image& b) {
  if (a.memory == b.memory) return 0;
  int64_t largest = 0;
  for (uint32_t c = 0; c < a.components; ++c) {
    for (std::size_t i = 0; i < std::size_t{a.rows} * a.columns; ++i) {
      const uint32_t y = uint32_t(i / a.columns), x = uint32_t(i % a.columns);
      largest = std::max<int64_t>(largest, std::abs(int64_t{a.get(c, y, x)} - b.get(c, y, x)));
    }
  }
  return largest;
}

inline double mean_squared_error(const Image& a, const Image& b) {
  double sum = 0;
  for (uint32_t c = 0; c < a.components; ++c) {
    for (uint32_t y = 0; y < a.rows; ++y) {
      for (uint32_t x = 0; x < a.columns; ++x) sum += std::pow(double(a.get(c, y, x)) - b.get(c, y, x), 2);
    }
  }
  return sum / double(a.samples());
}

// How many random cases: `J2K_TEST_CASES` makes long runs.
inline int case_count(int usual) {
  const char* wanted = std::getenv("J2K_TEST_CASES");
  return wanted != nullptr ? std::atoi(wanted) : usual;
}

enum class Content { kConstant, kNoise, kExtremes, kGradient, kCheckerboard, kSparse, kSmooth, kText, kCount };

using Random = std::mt19937_64;
inline uint32_t pick(Random& random, uint32_t low, uint32_t high) {
  return low + uint32_t(random() % (high - low + 1));
}

inline int32_t sample(Content content, const Image& image, uint32_t c, uint32_t y, uint32_t x, Random& random) {
  const int64_t low = image.low(), high = image.high(), range = high - low;
  switch (content) {
    case Content::kConstant:
      return int32_t(low + range / 3);
    case Content::kNoise:
      return int32_t(low + int64_t(random() % uint64_t(range + 1)));
    case Content::kExtremes:
      return int32_t((random() & 1) != 0 ? low : high);
    case Content::kGradient:
      return int32_t(low + (int64_t(x) * 3 + y * 5 + c * 7) % (range + 1));
    case Content::kCheckerboard:
      return int32_t(((x ^ y) & 1) != 0 ? low : high);
    case Content::kSparse:
      return int32_t(random() % 97 == 0 ? high : low + range / 2);
    case Content::kText:
      return int32_t((x / 3 * 7 + y / 5 * 11) % 5 < 2 ? low : high);
    default: {
      const double wave = std::sin(x * 0.07 + c) * std::cos(y * 0.05) * 0.4 + 0.5;
      return int32_t(low + int64_t(wave * double(range)) % (range + 1) + 0 * int64_t(random() & 1));
    }
  }
}

inline void fill(Image& image, Content content, Random& random) {
  image.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) image.set(c, y, x, sample(content, image, c, y, x, random));
    }
  }
}

// Something like a photograph: waves, edges and noise.
inline Image picture(uint32_t rows, uint32_t columns, uint32_t components, int bits, double noise, uint64_t seed) {
  Image image;
  image.rows = rows, image.columns = columns, image.components = components;
  image.bits = bits, image.bytes = bits > 8 ? 2 : 1;
  image.interleaved = true;
  image.allocate();
  Random random(seed);
  std::normal_distribution<double> normal(0.0, noise * double(image.high()));
  for (uint32_t c = 0; c < components; ++c) {
    for (uint32_t y = 0; y < rows; ++y) {
      for (uint32_t x = 0; x < columns; ++x) {
        double value = 0.5 + 0.2 * std::sin(x * 0.013 + c) * std::cos(y * 0.021) + 0.1 * std::sin((x + 2.0 * y) * 0.17);
        value += (x / 61 + y / 47) % 3 == 0 ? 0.15 : 0.0;
        value = value * double(image.high()) + normal(random);
        image.set(c, y, x, int32_t(std::clamp(value, 0.0, double(image.high()))));
      }
    }
  }
  return image;
}

struct Case {
  Image image;
  EncodeOptions options;
  std::string name;
};

inline Size random_power(Random& random, int low, int high) {
  return {1u << pick(random, uint32_t(low), uint32_t(high)), 1u << pick(random, uint32_t(low), uint32_t(high))};
}

// A random image with random settings; `most_bits` and `most_levels` bound it to what a witness can take.
inline Case random_case(uint64_t seed, int most_bits = 16, int most_levels = 32) {
  Random random(seed);
  Case result;
  Image& image = result.image;
  const uint32_t side = pick(random, 0, 3) == 0 ? 300 : pick(random, 0, 2) == 0 ? 5 : 90;
  image.rows = pick(random, 1, side), image.columns = pick(random, 1, side);
  image.components = pick(random, 0, 2) == 0 ? 3 : pick(random, 0, 9) == 0 ? pick(random, 1, 9) : 1;
  image.bits = pick(random, 0, 1) == 0 ? (pick(random, 0, 1) == 0 ? 8 : std::min(16, most_bits))
                                       : int(pick(random, 1, uint32_t(most_bits)));
  image.bytes = image.bits > 16 ? 4 : image.bits > 8 ? 2 : 1;
  image.is_signed = pick(random, 0, 2) == 0;
  image.interleaved = pick(random, 0, 1) == 0;
  const Content content = Content(pick(random, 0, uint32_t(Content::kCount) - 1));
  fill(image, content, random);
  EncodeOptions& o = result.options;
  o.resolutions = pick(random, 0, 1) == 0 ? 6 : int(pick(random, 1, uint32_t(most_levels) + 1));
  if (pick(random, 0, 1) == 0) {
    do o.codeblock = random_power(random, 2, 10);
    while (o.codeblock.width * o.codeblock.height > 4096);
  }
  o.reversible = true;
  o.mct = image.components >= 3 && pick(random, 0, 1) == 0;
  o.progression = Progression(pick(random, 0, 4));
  o.guard_bits = int(pick(random, 0, 3));
  if (pick(random, 0, 2) == 0) o.image_offset = {pick(random, 0, 70), pick(random, 0, 70)};
  if (pick(random, 0, 2) == 0) {
    o.tile_offset = {pick(random, 0, o.image_offset.width), pick(random, 0, o.image_offset.height)};
    o.tile = {o.image_offset.width - o.tile_offset.width + pick(random, 1, 60),
              o.image_offset.height - o.tile_offset.height + pick(random, 1, 60)};
  }
  if (pick(random, 0, 2) == 0) {
    for (uint32_t i = pick(random, 1, 4); i > 0; --i) o.precincts.push_back(random_power(random, 2, 9));
  }
  result.name = "seed " + std::to_string(seed) + ": " + std::to_string(image.rows) + "x" +
                std::to_string(image.columns) + "x" + std::to_string(image.components) + " " +
                std::to_string(image.bits) + (image.is_signed ? "s" : "u") + " bits, content " +
                std::to_string(int(content)) + ", " + std::to_string(o.resolutions) + " resolutions, blocks " +
                std::to_string(o.codeblock.width) + "x" + std::to_string(o.codeblock.height) + ", mct " +
                std::to_string(o.mct) + ", order " + std::to_string(int(o.progression)) + ", guard " +
                std::to_string(o.guard_bits) + ", offset " + std::to_string(o.image_offset.width) + "," +
                std::to_string(o.image_offset.height) + ", tile " + std::to_string(o.tile.width) + "x" +
                std::to_string(o.tile.height) + " at " + std::to_string(o.tile_offset.width) + "," +
                std::to_string(o.tile_offset.height) + ", precincts " + std::to_string(o.precincts.size());
  return result;
}

inline std::vector<uint8_t> encode_case(const Case& test, Workspace& workspace) {
  const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
  return {bytes.begin(), bytes.end()};
}

inline void expect_decoded(std::span<const uint8_t> bytes, const Image& image, Workspace& workspace) {
  Image back = image;
  back.allocate();
  decode(bytes, back.view(), workspace);
  ASSERT_EQ(back.memory, image.memory);
}

inline void expect_comes_back(const Case& test, Workspace& workspace) {
  SCOPED_TRACE(test.name);
  try {
    expect_decoded(encode_case(test, workspace), test.image, workspace);
  } catch (const Error& error) {
    FAIL() << error.what();
  }
}

// Cuts the stream, or changes up to four bytes: in its first `header` bytes as often as anywhere.
inline void mutate(std::vector<uint8_t>& bytes, std::size_t header, Random& random) {
  const uint32_t kind = pick(random, 0, 9);
  if (kind == 0) return bytes.resize(random() % bytes.size());
  const std::size_t reach = kind < 5 ? std::min<std::size_t>(bytes.size(), header) : bytes.size();
  for (uint32_t i = pick(random, 1, 4); i > 0; --i) {
    uint8_t& byte = bytes[random() % reach];
    byte = kind % 2 == 0 ? uint8_t(random()) : byte ^ uint8_t(1u << (random() % 8));
  }
}

}  // namespace blosc2_grok::j2k::test
