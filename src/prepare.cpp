// SPDX-License-Identifier: BSD-3-Clause
// Which of the ways a block goes: as it lies, mapped without loss, on a grid, or scaled to 16 bits.
#include "prepare.hpp"

#include <algorithm>
#include <cmath>

#include "element.hpp"
#include "job.hpp"
#include "quality.hpp"

namespace blosc2_grok {
namespace {

constexpr size_t kMostKeptBytes = 60000;  // a marker segment has 65,535 at most

uint64_t key_differences(ByteSpan samples, const SampleType& element, const Geometry& geometry) {
  uint64_t sum = 0;
  for (const size_t offset : geometry.component_offsets) {
    for (size_t r = 0; r < geometry.rows; ++r) {
      uint64_t left = 0;
      for (size_t c = 0; c < geometry.columns; ++c) {
        const size_t at = (offset + r * geometry.row_stride + c * geometry.column_stride) * element.bytes;
        const uint64_t here = key_of(load_bits(samples.data() + at, element), element);
        // Scaled, so that the sum of 64-bit differences fits.
        if (c > 0) sum += (here > left ? here - left : left - here) >> (element.bytes == 8 ? 24 : 0);
        left = here;
      }
    }
  }
  return sum;
}

// Lossless coding is exact whatever is assumed; the assumption with the smallest differences codes smallest.
SampleType find_element(const Dtype& dtype, ByteSpan samples, const Geometry& geometry) {
  if (dtype.is_known) return dtype.sample;
  SampleType best = dtype.sample;
  uint64_t least = UINT64_MAX;
  for (const bool is_float : {false, true}) {
    for (const bool is_big_endian : {false, true}) {
      for (const bool is_signed : {false, true}) {
        const SampleType candidate{dtype.sample.bytes, is_signed, is_big_endian, is_float};
        if ((is_big_endian && candidate.bytes == 1) || (is_float && (!is_signed || candidate.bytes < 4))) continue;
        const uint64_t differences = candidate.is_direct() ? horizontal_differences(samples.data(), candidate, geometry)
                                                           : key_differences(samples, candidate, geometry);
        if (differences < least) best = candidate, least = differences;
      }
    }
  }
  return best;
}

SourceImage view_block(const PreparedImage& prepared) {
  const Geometry& geometry = prepared.geometry;
  const ValidExtent& valid = prepared.valid;
  const SampleType& element = prepared.element;
  SourceImage image{
      {element, valid.rows, valid.columns, geometry.row_stride, geometry.column_stride}, element.bits(), {}};
  for (size_t i = 0; i < size_t{valid.planes} * geometry.channels; ++i) {
    image.components.push_back(prepared.samples.data() + geometry.component_offsets[i] * element.bytes);
  }
  return image;
}

SourceImage view_prepared(const PreparedImage& prepared) {
  if (!prepared.mapped) return view_block(prepared);
  const MappedImage& mapped = *prepared.mapped;
  const size_t components = size_t{prepared.valid.planes} * prepared.geometry.channels * mapped.mapping.words;
  return view_mapped(static_cast<const uint8_t*>(mapped.buffer.data()), mapped.sample, mapped.bits, prepared.valid,
                     components);
}

void apply_bits_per_sample(PreparedImage& prepared) {
  if (!prepared.params.bits_per_sample) return;
  SourceImage& image = prepared.image;
  const unsigned bits = *prepared.params.bits_per_sample;
  if (prepared.mapped && prepared.mapped->mapping.kind != MapKind::kSame) {
    if (prepared.element.is_direct()) return;  // a grid has the depth that it needs
    throw Error(ErrorCode::kCodecParam, "bits_per_sample=", bits, " has no meaning for ",
                format_dtype(prepared.element));
  }
  if (bits > prepared.element.bits()) {
    throw Error(ErrorCode::kCodecParam, "bits_per_sample is ", bits, ", samples have ", prepared.element.bits());
  }
  const bool is_signed = prepared.element.is_signed;
  const int32_t least = is_signed ? -(1 << (bits - 1)) : 0, greatest = (1 << (is_signed ? bits - 1 : bits)) - 1;
  for (const uint8_t* component : image.components) {
    const SampleRange range = find_range(component, image.plane);
    if (range.least < least || range.greatest > greatest) {
      throw Error(ErrorCode::kCodecParam, "samples from ", range.least, " to ", range.greatest,
                  " don't fit bits_per_sample=", bits);
    }
  }
  image.bits = std::max(bits, kLeastCodedBits);
}

void forget_quality(PreparedImage& prepared) {
  Params& params = prepared.params;
  params.quality_mode = QualityMode::kNone;
  params.quality_layers.clear();
  params.max_error.reset();
  params.rmse.reset();
  params.psnr.reset();
  params.irreversible = false;
  prepared.engine_may_lose = prepared.mapping_loses = false;
}

bool wants_grid(const Params& params, const SampleType& element) {
  return params.max_error && (element.is_float ? *params.max_error > 0 : *params.max_error >= 1);
}

// The mean error asked for, in the units of the elements; unset when the quality is of another kind.
std::optional<double> wanted_rmse(const Params& params, const Mapping& linear) {
  if (params.rmse) return params.rmse;
  const bool is_decibels = params.quality_mode == QualityMode::kDecibels;
  if (!params.psnr && !is_decibels) return std::nullopt;
  const double decibels = params.psnr ? *params.psnr : params.quality_layers.back();
  return 65535 * linear.step * std::pow(10.0, -decibels / 20);
}

// 16 bits may be too coarse for the error asked for: then a grid takes its place, whose error spreads evenly over a
// step.
void refine(PreparedImage& prepared, const ElementBlock& block, MapWish wish) {
  if (!prepared.mapped || prepared.mapped->mapping.kind != MapKind::kLinear) return;
  const auto rmse = wanted_rmse(prepared.params, prepared.mapped->mapping);
  if (!rmse || prepared.mapped->mapping.step < *rmse) return;
  wish.kind = MapKind::kGrid;
  wish.max_error = *rmse * std::sqrt(3.0);
  prepared.mapped = map_elements(block, wish);
  if (prepared.mapped && std::sqrt(prepared.mapped->loss.mse) > *rmse) {
    wish.max_error = *rmse;  // no error is larger than the mean asked for
    prepared.mapped = map_elements(block, wish);
  }
  prepared.engine_may_lose = byte_cap(prepared.params) > 0;
  prepared.mapping_loses = true;
  Params& params = prepared.params;
  params.quality_mode = QualityMode::kNone;
  params.quality_layers.clear();
  params.rmse.reset();
  params.psnr.reset();
}

struct MostBits {
  unsigned smooth, rough;  // see MapWish
};

// Of one component, so that the engine which will take the block keeps every sample: ours without loss and in one
// layer; the HT coder is slow beyond 27 bits a coefficient (docs/design.md, "Dtypes").
MostBits most_mapped_bits(const PreparedImage& prepared) {
  const Params& params = prepared.params;
  const bool is_plain = !prepared.engine_may_lose && params.quality_layers.empty() && !params.has_region() &&
                        params.rate_control == RateControl::kBisect && params.framerate == 0;
  const unsigned common = params.is_ht() ? 16 : 24;
  if (!is_plain || !prefers_engine(EngineName::kJ2k, params)) return {common, common};
  return {kMostBitsOfJ2k, params.is_ht() ? 26 : kMostBitsOfJ2k};
}

// Tries the lossy mapping that the parameters ask for; when it can't be kept, the block goes without loss.
void map_with_loss(PreparedImage& prepared, const ElementBlock& block) {
  const Params& params = prepared.params;
  const MostBits most = most_mapped_bits(prepared);
  MapWish wish{MapKind::kLinear, params.max_error.value_or(0), params.keep, most.smooth, most.rough};
  if (prepared.mapping_loses) {
    wish.kind = MapKind::kGrid;
  } else if (prepared.element.is_direct()) {
    if (params.keep.empty()) return;
    wish.kind = MapKind::kSame;
  }
  prepared.mapped = map_elements(block, wish);
  refine(prepared, block, wish);
  if (!prepared.mapped) return forget_quality(prepared);
  if (serialize_kept(prepared.mapped->kept).size() > kMostKeptBytes) {
    record_notice("values to keep are scattered over more than a marker segment holds: the block is lossless");
    prepared.mapped.reset();
    return forget_quality(prepared);
  }
  prepared.mapping_loses = prepared.mapping_loses && !prepared.mapped->loss.is_exact;
}

}  // namespace

PreparedImage prepare_image(const EncodeRequest& request, ByteSpan samples) {
  PreparedImage prepared;
  prepared.samples = samples;
  prepared.params = request.params;
  prepared.geometry = make_geometry(request.layout);
  prepared.element = find_element(request.dtype, samples, prepared.geometry);
  const Geometry& geometry = prepared.geometry;
  prepared.valid = request.is_whole ? ValidExtent{geometry.planes, geometry.rows, geometry.columns}
                                    : find_valid_extent(samples.data(), prepared.element, geometry);
  prepared.mapping_loses = wants_grid(request.params, prepared.element);
  prepared.engine_may_lose = asks_engine_for_loss(request.params);
  if (prepared.is_lossy() && !request.lossless_only.empty()) {
    throw Error(ErrorCode::kCodecParam, "no loss can be allowed here: ", request.lossless_only);
  }
  const ElementBlock block{samples, prepared.element, prepared.geometry, prepared.valid};
  if (prepared.is_lossy() && request.dtype.is_boolean) {
    record_notice("a block of booleans is coded without loss");
    forget_quality(prepared);
  }
  if (prepared.is_lossy()) map_with_loss(prepared, block);
  if (!prepared.mapped && (!prepared.element.is_direct() || request.dtype.is_boolean)) {
    const MostBits most = most_mapped_bits(prepared);
    prepared.mapped = map_elements(block, {MapKind::kKey, 0, {}, most.smooth, most.rough});
  }
  prepared.image = view_prepared(prepared);
  apply_bits_per_sample(prepared);
  return prepared;
}

MappedLoss measure_prepared(const PreparedImage& prepared, ByteSpan codestream, unsigned threads) {
  const MappedImage& mapped = *prepared.mapped;
  const std::vector<uint8_t> decoded = decode_like(prepared.image, codestream, mapped.buffer.size(), threads);
  const ElementBlock block{prepared.samples, prepared.element, prepared.geometry, prepared.valid};
  return measure_mapped(block, decoded, mapped.mapping, mapped.kept);
}

}  // namespace blosc2_grok
