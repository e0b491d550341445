// SPDX-License-Identifier: BSD-3-Clause
// The formulas, line by line those of tests/python/images.py; `//` of Python is floor_divide here.
#include "images.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace blosc2_grok::test {
namespace {

using Plane = std::vector<int64_t>;

int64_t floor_divide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

// splitmix64 of the sample's number.
uint64_t random_bits(uint64_t index, uint64_t seed) {
  uint64_t x = index + seed * 1'000'003 + 1;
  x *= 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

// Nearly normal noise: the sum of four uniform 16-bit numbers, scaled to `sigma`.
int64_t bell(uint64_t index, int64_t sigma, uint64_t seed) {
  const uint64_t bits = random_bits(index, seed);
  int64_t parts = 0;
  for (unsigned i = 0; i < 4; ++i) parts += static_cast<int64_t>(bits >> (16 * i) & 0xffff);
  return floor_divide((parts - 2 * 0xffff) * sigma, 37837);
}

// 0 to 65535, bilinear between random corners `cell` samples apart.
class Smooth {
 public:
  Smooth(int64_t columns, int64_t cell, uint64_t seed) : stride_(columns / cell + 2), cell_(cell), seed_(seed) {}

  int64_t operator()(int64_t r, int64_t c) const {
    const int64_t i = r / cell_, j = c / cell_, v = r % cell_, u = c % cell_;
    const int64_t top = corner(i, j) * (cell_ - u) + corner(i, j + 1) * u;
    const int64_t bottom = corner(i + 1, j) * (cell_ - u) + corner(i + 1, j + 1) * u;
    return (top * (cell_ - v) + bottom * v) / (cell_ * cell_);
  }

 private:
  int64_t corner(int64_t i, int64_t j) const {
    return static_cast<int64_t>(random_bits(static_cast<uint64_t>(i * stride_ + j), seed_) & 0xffff);
  }
  int64_t stride_, cell_;
  uint64_t seed_;
};

struct Grid {
  int64_t rows, columns;
  uint64_t seed;

  template <class Formula>
  Plane fill(Formula&& formula) const {
    Plane out;
    out.reserve(static_cast<size_t>(rows * columns));
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) out.push_back(formula(r, c, static_cast<uint64_t>(r * columns + c)));
    }
    return out;
  }
  Smooth smooth(int64_t cell, uint64_t shift) const { return {columns, cell, seed + shift}; }
};

// Soft shapes with edges, texture and a little noise; 0 to 65535.
Plane photo(const Grid& grid) {
  const Smooth broad = grid.smooth(61, 0), fine = grid.smooth(17, 1), shapes = grid.smooth(43, 2),
               grain = grid.smooth(3, 3);
  return grid.fill([&](int64_t r, int64_t c, uint64_t index) {
    const int64_t soft = (broad(r, c) * 5 + fine(r, c) * 2) / 7;
    const int64_t edges = shapes(r, c) > 36000 ? 16000 : 0;
    return std::clamp<int64_t>(soft * 2 / 3 + edges + grain(r, c) / 24 + bell(index, 250, grid.seed + 4), 0, 65535);
  });
}

// A radiograph of some 15 bits: broad shadows, fine lines, noise that grows with the signal.
Plane xray(const Grid& grid) {
  const Smooth broad = grid.smooth(97, 0), fine = grid.smooth(29, 1), shapes = grid.smooth(37, 2);
  return grid.fill([&](int64_t r, int64_t c, uint64_t index) {
    const int64_t bones = shapes(r, c) > 40000 ? 2500 : 0;
    const int64_t signal = 874 + broad(r, c) * 3 / 8 + fine(r, c) / 16 + bones;
    return std::clamp<int64_t>(signal + floor_divide(bell(index, 1, grid.seed + 3) * signal, 400), 0, 65535);
  });
}

// Hounsfield units: a round body of soft tissue in air, corners beyond the field of view at -2000.
Plane ct(const Grid& grid) {
  const Smooth soft = grid.smooth(13, 0), shapes = grid.smooth(23, 1);
  const int64_t rows = grid.rows, columns = grid.columns;
  return grid.fill([&](int64_t r, int64_t c, uint64_t index) -> int64_t {
    const int64_t y = (2 * r - rows) * columns, x = (2 * c - columns) * rows;
    const int64_t radius = (y * y + x * x) * 100 / (rows * columns * rows * columns);
    if (radius >= 100) return -2000;
    const int64_t tissue = shapes(r, c) > 50000 ? 1100 : 40 + floor_divide(soft(r, c) - 32768, 500);
    return (radius < 64 ? tissue : -1000) + bell(index, 12, grid.seed + 2);
  });
}

// Black glyphs of 5 x 7 random dots, each dot 2 x 2 samples, on white.
Plane glyphs(const Grid& grid) {
  const int64_t glyphs_in_a_row = grid.columns / 7 + 1;
  return grid.fill([&](int64_t row, int64_t column, uint64_t) -> int64_t {
    const int64_t r = row / 2, c = column / 2;
    const uint64_t dots =
        random_bits(static_cast<uint64_t>(r / 10 * glyphs_in_a_row + c / 7), grid.seed) & ((uint64_t{1} << 35) - 1);
    const int64_t at = std::min<int64_t>(r % 10 * 5 + c % 7, 63);
    return r % 10 < 7 && c % 7 < 5 && (dots >> at & 1) == 1 ? 0 : 65535;
  });
}

// The greatest contrast there is, sample by sample.
Plane checkerboard(const Grid& grid) {
  return grid.fill(
      [&](int64_t r, int64_t c, uint64_t) { return (r + c + static_cast<int64_t>(grid.seed)) % 2 * 65535; });
}

// Every value equally often: can't be compressed.
Plane noise(const Grid& grid) {
  return grid.fill(
      [&](int64_t, int64_t, uint64_t index) { return static_cast<int64_t>(random_bits(index, grid.seed) & 0xffff); });
}

Plane constant(const Grid& grid) {
  return grid.fill([&](int64_t, int64_t, uint64_t) { return 21845 + static_cast<int64_t>(grid.seed); });
}

const std::map<std::string, std::function<Plane(const Grid&)>, std::less<>> kKinds{
    {"photo", photo}, {"xray", xray},        {"ct", ct}, {"text", glyphs}, {"checkerboard", checkerboard},
    {"noise", noise}, {"constant", constant}};

struct Range {
  int64_t least, greatest;
};

Range range_of(const SampleType& sample) {
  const int64_t values = int64_t{1} << sample.bits();
  return sample.is_signed ? Range{-values / 2, values / 2 - 1} : Range{0, values - 1};
}

Plane make_plane(std::string_view kind, const SampleType& sample, const Grid& grid) {
  const auto found = kKinds.find(kind);
  if (found == kKinds.end()) throw std::invalid_argument("no image of kind " + std::string(kind));
  Plane plane = found->second(grid);
  const auto [least, greatest] = range_of(sample);
  const bool is_absolute = (kind == "xray" || kind == "ct") && sample.bytes == 2;
  for (int64_t& value : plane) {
    if (is_absolute) {
      value = std::clamp(value + (kind == "ct" && least == 0 ? 2000 : 0), least, greatest);
      continue;
    }
    if (kind == "ct") value = (value + 2000) * 16;
    if (sample.bytes == 1) value = floor_divide(value, 256);
    value = std::clamp<int64_t>(value, 0, 65535) + least;
  }
  return plane;
}

Plane interleave(const Plane& first, int64_t channels, bool is_shifted, const Range& range) {
  Plane out;
  const int64_t step = is_shifted ? (range.greatest - range.least) / 20 : 0;
  for (const int64_t value : first) {
    for (int64_t i = 0; i < channels; ++i) out.push_back(std::clamp(value + step * i, range.least, range.greatest));
  }
  return out;
}

Plane make_samples(std::string_view kind, const SampleType& sample, Shape shape, uint64_t seed) {
  if (shape.size() == 1) return make_plane(kind, sample, {1, shape[0], seed});
  if (shape.size() == 2) return make_plane(kind, sample, {shape[0], shape[1], seed});
  if (shape.back() == 3 || shape.back() == 4) {
    const int64_t channels = shape.back();
    shape.pop_back();
    const bool is_shifted = kind == "photo" || kind == "xray" || kind == "ct" || kind == "text";
    return interleave(make_samples(kind, sample, shape, seed), channels, is_shifted, range_of(sample));
  }
  Plane out;
  for (int32_t i = 0; i < shape[0]; ++i) {
    const Plane part =
        make_samples(kind, sample, Shape(shape.begin() + 1, shape.end()), seed + 10 * static_cast<uint64_t>(i));
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

}  // namespace

std::vector<uint8_t> make_image(std::string_view kind, const SampleType& sample, const Shape& shape, uint64_t seed) {
  std::vector<uint8_t> bytes;
  for (const int64_t value : make_samples(kind, sample, shape, seed)) {
    const auto low = static_cast<uint8_t>(value), high = static_cast<uint8_t>(value >> 8);
    if (sample.bytes == 1) {
      bytes.push_back(low);
    } else {
      bytes.insert(bytes.end(), {sample.is_big_endian ? high : low, sample.is_big_endian ? low : high});
    }
  }
  return bytes;
}

uint64_t image_checksum(const std::vector<uint8_t>& image) { return XXH3_64bits(image.data(), image.size()); }

}  // namespace blosc2_grok::test
