// SPDX-License-Identifier: BSD-3-Clause
// Elements that are no 8- or 16-bit integers, or that lose within a bound, as the integers of a codestream, and back.
#pragma once

#include <optional>
#include <vector>

#include "bytes.hpp"
#include "engine.hpp"
#include "geometry.hpp"
#include "kept.hpp"
#include "planes.hpp"

namespace blosc2_grok {

// Rounding in the 5/3 wavelet adds up to a unit a level, which two guard bits don't hold beside a range of one: engines
// then write streams that decode to other samples.
constexpr unsigned kLeastCodedBits = 2;

// How a value v of the codestream becomes an element (docs/format.md, "Mapping").
enum class MapKind : uint8_t {
  kKey = 1,     // the element whose key is v + offset: exact for every dtype
  kGrid = 2,    // (v + offset) * step, rounded to the dtype and clipped to it
  kLinear = 3,  // origin + v * step, likewise
  kSame = 4,    // v itself; for samples beside kept ones
};

struct Mapping {
  MapKind kind = MapKind::kKey;
  uint8_t words = 1;    // 16-bit components that make a value, the lowest first; 1: the value is one sample
  uint64_t offset = 0;  // two's complement
  double step = 0;
  double origin = 0;
};

// The largest difference and the mean square over the elements that are not kept, in their own units.
struct MappedLoss {
  double max_error = 0;
  double mse = 0;
  bool is_exact = true;  // bit for bit: 0 in place of -0 is no error, but no exact sample either
};

// A block's valid part as engine samples: components of rows x columns, one after the other.
struct MappedImage {
  Mapping mapping;
  SampleType sample;  // of the buffer: 4 bytes for one word, else 2
  unsigned bits = 1;
  std::vector<uint8_t> buffer;
  KeptSamples kept;
  MappedLoss loss;  // of the mapping alone
};

struct ElementBlock {
  ByteSpan bytes;
  SampleType element;
  const Geometry& geometry;
  ValidExtent valid;
};

// What may get lost in the mapping.
struct MapWish {
  MapKind kind = MapKind::kKey;
  double max_error = 0;             // for kGrid
  std::vector<double> kept_values;  // as the user named them; NaN and infinity are always kept beside a loss
  unsigned most_bits = 24;          // of one component,
  unsigned most_rough_bits = 24;    // and where neighbours are often 2^27 and more apart
};

// Empty when the wish can't be kept (a grid too fine for its range or for the floats): the block then wants kKey.
std::optional<MappedImage> map_elements(const ElementBlock& block, const MapWish& wish);

// The engine's view of a buffer for `components` components of the valid part.
template <class Byte>
ImageOf<Byte> view_mapped(Byte* buffer, const SampleType& sample, unsigned bits, const ValidExtent& valid,
                          size_t components);

// Writes the valid elements of a block from a decoded buffer.
void unmap_elements(std::span<uint8_t> block, const SampleType& element, const Geometry& geometry,
                    const ValidExtent& valid, ByteSpan buffer, const Mapping& mapping, const KeptSamples& kept);

// What decoding `buffer` would lose against the block.
MappedLoss measure_mapped(const ElementBlock& block, ByteSpan buffer, const Mapping& mapping, const KeptSamples& kept);

// The sample type of a mapping's buffer.
SampleType mapped_sample(const Mapping& mapping, bool is_signed);

template <class Byte>
ImageOf<Byte> view_mapped(Byte* buffer, const SampleType& sample, unsigned bits, const ValidExtent& valid,
                          size_t components) {
  ImageOf<Byte> image{{sample, valid.rows, valid.columns, valid.columns, 1}, bits, {}};
  const size_t plane_bytes = size_t{valid.rows} * valid.columns * sample.bytes;
  for (size_t i = 0; i < components; ++i) image.components.push_back(buffer + i * plane_bytes);
  return image;
}

}  // namespace blosc2_grok
