// SPDX-License-Identifier: BSD-3-Clause
// One walk over the valid elements for each direction; the kinds differ in a formula each.
#include "mapping.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "element.hpp"
#include "grid.hpp"

namespace blosc2_grok {
namespace {

constexpr unsigned kWordBits = 16;
constexpr double kMostGridSteps = 4503599627370496.0;  // 2^52: beyond, doubles skip integers

size_t used_components(const Geometry& geometry, const ValidExtent& valid) {
  return size_t{valid.planes} * geometry.channels;
}

// Calls body(index in the codestream's order, offset of the element in the block).
template <class Body>
void for_each_element(const Geometry& geometry, const ValidExtent& valid, size_t bytes, Body&& body) {
  size_t index = 0;
  for (size_t component = 0; component < used_components(geometry, valid); ++component) {
    for (size_t row = 0; row < valid.rows; ++row) {
      const size_t first = geometry.component_offsets[component] + row * geometry.row_stride;
      for (size_t column = 0; column < valid.columns; ++column) {
        body(index++, (first + column * geometry.column_stride) * bytes);
      }
    }
  }
}

size_t element_count(const Geometry& geometry, const ValidExtent& valid) {
  return used_components(geometry, valid) * valid.rows * valid.columns;
}

// The part of the bound that is left for rounding to the dtype. It depends on nothing in the block, so that recoding
// decoded values finds the same step. Single precision then keeps bounds down to 2^-19 of the samples, half precision
// to 2^-7, for a tenth of a bit at most.
double rounding_room(const SampleType& element) {
  return element.bytes == 8 ? 0x1p-12 : element.bytes == 4 ? 0x1p-5 : 0x1p-4;
}

Int128 floor_divide(Int128 number, Int128 by) {
  const Int128 quotient = number / by;
  return number % by < 0 ? quotient - 1 : quotient;
}

// A value of the codestream back as an element's bits: the decoder's rule, also used to check the encoder.
uint64_t unmap_value(uint64_t value, const SampleType& element, const Mapping& mapping) {
  switch (mapping.kind) {
    case MapKind::kKey:
      return bits_of_key(value + mapping.offset, element) & (~uint64_t{0} >> (64 - element.bits()));
    case MapKind::kGrid: {
      const auto index = static_cast<int64_t>(value + mapping.offset);
      if (element.is_float) return bits_of_number(static_cast<double>(index) * mapping.step, element);
      return bits_of_integer(static_cast<Int128>(index) * static_cast<int64_t>(mapping.step), element);
    }
    case MapKind::kLinear: {
      return bits_of_number(mapping.origin + static_cast<double>(value) * mapping.step, element);
    }
    case MapKind::kSame:
      return bits_of_integer(static_cast<int64_t>(value), element);
  }
  return 0;
}

class Mapper {
 public:
  Mapper(const ElementBlock& block, const MapWish& wish) : block_(block), wish_(wish) {}

  std::optional<MappedImage> map() {
    prepare_step();
    if (!has_sane_step() || !find_values()) return std::nullopt;
    normalize();
    pack();
    return std::move(out_);
  }

 private:
  bool is_kept(uint64_t bits) const {
    if (wish_.kind == MapKind::kKey) return false;
    const double number = number_of(bits, block_.element);
    if (!std::isfinite(number)) return true;
    return std::ranges::find(wish_.kept_values, number) != wish_.kept_values.end();
  }

  template <class Body>
  void for_each_bits(Body&& body) const {
    for_each_element(block_.geometry, block_.valid, block_.element.bytes, [&](size_t index, size_t at) {
      body(index, load_bits(block_.bytes.data() + at, block_.element));
    });
  }

  void prepare_step() {
    Mapping& mapping = out_.mapping;
    mapping.kind = wish_.kind;
    if (wish_.kind == MapKind::kGrid) {
      // Integers: an odd step anchored at 0. Floats: just under twice the bound, for the rounding to the dtype.
      mapping.step = block_.element.is_float ? 2 * wish_.max_error * (1 - rounding_room(block_.element))
                                             : 2 * std::floor(wish_.max_error) + 1;
    }
    if (wish_.kind != MapKind::kLinear) return;
    double least = std::numeric_limits<double>::infinity(), greatest = -least;
    for_each_bits([&](size_t, uint64_t bits) {
      if (is_kept(bits)) return;
      least = std::min(least, number_of(bits, block_.element));
      greatest = std::max(greatest, number_of(bits, block_.element));
    });
    mapping.origin = std::isfinite(least) ? least : 0;
    // Divided first: the range of doubles may exceed the largest of them.
    mapping.step = greatest > least ? greatest / 65535 - least / 65535 : 0;
  }

  // Signed 64-bit values, or keys for kKey; kept elements take their left neighbour's.
  bool find_values() {
    values_.resize(element_count(block_.geometry, block_.valid));
    bool holds = true;
    uint64_t last = 0;
    bool has_last = false;
    size_t pending = 0;  // kept elements before the first value
    double squares = 0;
    for_each_bits([&](size_t index, uint64_t bits) {
      if (!holds) return;
      if (is_kept(bits)) {
        out_.kept.add(index, bits);
        values_[index] = last;
        if (!has_last) ++pending;
        return;
      }
      holds = find_value(bits, last);
      values_[index] = last;
      if (!has_last) std::fill_n(values_.begin(), pending, last);
      has_last = true;
      if (holds && wish_.kind == MapKind::kGrid) holds = check_bound(bits, last, squares);
    });
    if (counted_ > 0) out_.loss.mse = squares / static_cast<double>(counted_);
    return holds;
  }

  bool find_value(uint64_t bits, uint64_t& value) const {
    const SampleType& element = block_.element;
    const Mapping& mapping = out_.mapping;
    switch (wish_.kind) {
      case MapKind::kKey:
        value = key_of(bits, element);
        return true;
      case MapKind::kSame:
        value = static_cast<uint64_t>(static_cast<int64_t>(integer_of(bits, element)));
        return true;
      case MapKind::kLinear: {
        const double scaled = mapping.step > 0 ? (number_of(bits, element) - mapping.origin) / mapping.step : 0;
        value = static_cast<uint64_t>(std::clamp(std::nearbyint(scaled), 0.0, 65535.0));
        return true;
      }
      case MapKind::kGrid:
        break;
    }
    if (!element.is_float) {
      const auto bound = static_cast<Int128>(std::floor(wish_.max_error));
      const Int128 index = floor_divide(integer_of(bits, element) + bound, static_cast<Int128>(mapping.step));
      value = static_cast<uint64_t>(static_cast<int64_t>(index));
      return index >= INT64_MIN && index <= INT64_MAX;
    }
    const double index = std::nearbyint(number_of(bits, element) / mapping.step);
    if (!(std::fabs(index) < kMostGridSteps)) return false;
    value = static_cast<uint64_t>(static_cast<int64_t>(index));
    return true;
  }

  // The promise itself, after rounding: |x - x'| <= max_error; and recoding x' must find the same value.
  bool check_bound(uint64_t bits, uint64_t value, double& squares) {
    const SampleType& element = block_.element;
    Mapping anchored = out_.mapping;
    anchored.offset = 0;
    const uint64_t decoded = unmap_value(value, element, anchored);
    uint64_t again = 0;
    if (!find_value(decoded, again) || unmap_value(again, element, anchored) != decoded) return false;
    // Exact for integers; for floats long double holds the difference of neighbours exactly.
    const long double difference =
        element.is_float
            ? std::fabs(static_cast<long double>(number_of(bits, element)) - number_of(decoded, element))
            : std::fabs(static_cast<long double>(integer_of(bits, element) - integer_of(decoded, element)));
    const auto error = static_cast<double>(difference);
    out_.loss.max_error = std::max(out_.loss.max_error, error);
    out_.loss.is_exact = out_.loss.is_exact && ((decoded ^ bits) & (~uint64_t{0} >> (64 - element.bits()))) == 0;
    squares += error * error;
    ++counted_;
    return difference <= static_cast<long double>(wish_.max_error);
  }

  // What the decoder takes: the step of integers is counted in 63 bits (parse_mapping in segment.cpp).
  bool has_sane_step() const {
    return wish_.kind != MapKind::kGrid || out_.mapping.step < (block_.element.is_float ? 0x1p1023 : 0x1p62);
  }

  // Values become unsigned, counted from the least; kSame and kLinear have their range by themselves.
  void normalize() {
    if (wish_.kind == MapKind::kSame) {
      out_.bits = block_.element.bits();
      return;
    }
    if (wish_.kind == MapKind::kLinear) {
      out_.bits = kWordBits;
      return;
    }
    const bool is_signed = wish_.kind == MapKind::kGrid;
    const auto less = [is_signed](uint64_t a, uint64_t b) {
      return is_signed ? static_cast<int64_t>(a) < static_cast<int64_t>(b) : a < b;
    };
    const auto [least, greatest] = std::ranges::minmax_element(values_, less);
    const uint64_t offset = *least;
    out_.bits = std::max(kLeastCodedBits, static_cast<unsigned>(std::bit_width(*greatest - offset)));
    out_.mapping.offset = offset;
    for (uint64_t& value : values_) value -= offset;
    if (out_.bits > wish_.most_bits || (out_.bits > wish_.most_rough_bits && is_rough())) {
      out_.mapping.words = static_cast<uint8_t>((out_.bits + kWordBits - 1) / kWordBits);
      out_.bits = kWordBits;
    }
  }

  // Whether it happens once in a code-block or more.
  bool is_rough() const {
    constexpr uint64_t kFar = uint64_t{1} << 27;
    constexpr size_t kCodeBlock = 4096;
    const size_t columns = block_.valid.columns;
    size_t far = 0;
    for (size_t row = 0; row < values_.size(); row += columns) {
      for (size_t i = row + 1; i < row + columns; ++i) {
        const uint64_t here = values_[i], left = values_[i - 1];
        far += (here > left ? here - left : left - here) >= kFar ? 1 : 0;
      }
    }
    return far > values_.size() / kCodeBlock;
  }

  void pack() {
    out_.sample = mapped_sample(out_.mapping, wish_.kind == MapKind::kSame && block_.element.is_signed);
    const size_t bytes = out_.sample.bytes;
    out_.buffer.resize(values_.size() * bytes * out_.mapping.words);
    uint8_t* at = out_.buffer.data();
    for (unsigned word = 0; word < out_.mapping.words; ++word) {
      for (const uint64_t value : values_) {
        const uint64_t part = value >> (kWordBits * word);
        std::memcpy(at, &part, bytes);
        at += bytes;
      }
    }
  }

  const ElementBlock& block_;
  const MapWish& wish_;
  MappedImage out_;
  std::vector<uint64_t> values_;
  size_t counted_ = 0;  // elements whose error is in the loss
};

// The value that an index has in a decoded buffer.
uint64_t buffer_value(ByteSpan buffer, size_t index, size_t elements, const Mapping& mapping) {
  if (mapping.words == 1) {
    int32_t value;
    std::memcpy(&value, buffer.data() + index * sizeof value, sizeof value);
    return static_cast<uint64_t>(int64_t{value});
  }
  uint64_t value = 0;
  for (size_t word = 0; word < mapping.words; ++word) {
    uint16_t part;
    std::memcpy(&part, buffer.data() + (word * elements + index) * sizeof part, sizeof part);
    value |= uint64_t{part} << (kWordBits * word);
  }
  return value;
}

// Calls body(element offset, bits as decoded, whether it is a kept element).
template <class Body>
void for_each_decoded(const SampleType& element, const Geometry& geometry, const ValidExtent& valid, ByteSpan buffer,
                      const Mapping& mapping, const KeptSamples& kept, Body&& body) {
  const size_t elements = element_count(geometry, valid);
  auto run = kept.runs().begin();
  for_each_element(geometry, valid, element.bytes, [&](size_t index, size_t at) {
    while (run != kept.runs().end() && index >= run->start + run->length) ++run;
    if (run != kept.runs().end() && index >= run->start) return body(at, run->bits, true);
    body(at, unmap_value(buffer_value(buffer, index, elements, mapping), element, mapping), false);
  });
}

}  // namespace

SampleType mapped_sample(const Mapping& mapping, bool is_signed) {
  return {static_cast<uint8_t>(mapping.words == 1 ? 4 : 2), is_signed, false, false};
}

namespace {

// The common case, max_error on 8- and 16-bit integers, goes by rows; the promise holds by the grid's definition.
constexpr double kMostFastBound = 1 << 20;

bool is_fast_grid(const SampleType& element, MapKind kind, bool has_kept) {
  return kind == MapKind::kGrid && element.is_direct() && !has_kept;
}

MappedImage map_integers(const ElementBlock& block, int32_t bound) {
  const size_t count = element_count(block.geometry, block.valid);
  const size_t components = used_components(block.geometry, block.valid);
  std::vector<int32_t> values(count);
  const PlaneView view{block.element, block.valid.rows, block.valid.columns, block.geometry.row_stride,
                       block.geometry.column_stride};
  for (size_t i = 0; i < components; ++i) {
    gather(values.data() + i * (count / components),
           block.bytes.data() + block.geometry.component_offsets[i] * block.element.bytes, view);
  }
  const auto greatest = static_cast<int32_t>((uint32_t{1} << (block.element.bits() - block.element.is_signed)) - 1);
  const GridSums sums =
      values_to_grid(values.data(), count, bound, {block.element.is_signed ? -greatest - 1 : 0, greatest});
  for (int32_t& value : values) value -= sums.least_index;

  MappedImage out;
  out.mapping.kind = MapKind::kGrid;
  out.mapping.step = 2.0 * bound + 1;
  out.mapping.offset = static_cast<uint64_t>(int64_t{sums.least_index});
  out.sample = mapped_sample(out.mapping, false);
  out.bits = std::max(
      1u, static_cast<unsigned>(std::bit_width(static_cast<uint32_t>(sums.greatest_index - sums.least_index))));
  out.buffer.resize(count * sizeof(int32_t));
  std::memcpy(out.buffer.data(), values.data(), out.buffer.size());
  out.loss = {static_cast<double>(sums.max_error), sums.squares / static_cast<double>(count), sums.max_error == 0};
  return out;
}

void unmap_integers(std::span<uint8_t> block, const SampleType& element, const Geometry& geometry,
                    const ValidExtent& valid, ByteSpan buffer, const Mapping& mapping) {
  const size_t components = used_components(geometry, valid);
  const size_t plane_samples = size_t{valid.rows} * valid.columns;
  std::vector<int32_t> values(plane_samples);
  const PlaneView view{element, valid.rows, valid.columns, geometry.row_stride, geometry.column_stride};
  for (size_t i = 0; i < components; ++i) {
    std::memcpy(values.data(), buffer.data() + i * plane_samples * sizeof(int32_t), plane_samples * sizeof(int32_t));
    grid_to_values(values.data(), plane_samples, static_cast<int64_t>(mapping.offset),
                   static_cast<int64_t>(std::min(mapping.step, 0x1p31)));
    scatter(block.data() + geometry.component_offsets[i] * element.bytes, values.data(), view);
  }
}

}  // namespace

std::optional<MappedImage> map_elements(const ElementBlock& block, const MapWish& wish) {
  if (is_fast_grid(block.element, wish.kind, !wish.kept_values.empty()) && wish.max_error < kMostFastBound) {
    return map_integers(block, static_cast<int32_t>(wish.max_error));
  }
  return Mapper(block, wish).map();
}

void unmap_elements(std::span<uint8_t> block, const SampleType& element, const Geometry& geometry,
                    const ValidExtent& valid, ByteSpan buffer, const Mapping& mapping, const KeptSamples& kept) {
  if (is_fast_grid(element, mapping.kind, !kept.empty()) && mapping.words == 1) {
    return unmap_integers(block, element, geometry, valid, buffer, mapping);
  }
  for_each_decoded(element, geometry, valid, buffer, mapping, kept,
                   [&](size_t at, uint64_t bits, bool) { store_bits(block.data() + at, bits, element); });
}

MappedLoss measure_mapped(const ElementBlock& block, ByteSpan buffer, const Mapping& mapping, const KeptSamples& kept) {
  MappedLoss loss;
  double squares = 0;
  size_t counted = 0;
  for_each_decoded(
      block.element, block.geometry, block.valid, buffer, mapping, kept, [&](size_t at, uint64_t bits, bool is_kept) {
        if (is_kept) return;
        const uint64_t original = load_bits(block.bytes.data() + at, block.element);
        const double error = std::fabs(number_of(original, block.element) - number_of(bits, block.element));
        loss.max_error = std::max(loss.max_error, error);
        squares += error * error;
        ++counted;
      });
  if (counted > 0) loss.mse = squares / static_cast<double>(counted);
  return loss;
}

}  // namespace blosc2_grok
