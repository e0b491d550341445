// SPDX-License-Identifier: BSD-3-Clause
// The encoding pipeline: samples as they lie -> image without padding -> codestream -> stored block.
#include "encode.hpp"

#include <algorithm>
#include <cstdio>

#include "blosc2_grok.h"
#include "job.hpp"
#include "stored_block.hpp"

namespace blosc2_grok {
namespace {

// Undoes the host's shuffle; `buffer` keeps the result alive.
ByteSpan natural_samples(const EncodeRequest& request, std::vector<uint8_t>& buffer) {
  if (request.shuffled_typesize == 0) return request.block;
  buffer.resize(request.block.size());
  unshuffle(buffer.data(), request.block.data(), request.block.size(), request.shuffled_typesize);
  return buffer;
}

// Lossless coding is exact whatever is assumed; the assumption with the smaller differences codes smaller.
SampleType find_sample_type(const Dtype& dtype, ByteSpan samples, const Geometry& geometry) {
  if (dtype.is_known) return dtype.sample;
  SampleType best = dtype.sample;
  uint64_t least = UINT64_MAX;
  for (const bool is_big_endian : {false, true}) {
    for (const bool is_signed : {false, true}) {
      const SampleType candidate{dtype.sample.bytes, is_signed, is_big_endian && dtype.sample.bytes > 1};
      const uint64_t differences = horizontal_differences(samples.data(), candidate, geometry);
      if (differences < least) best = candidate, least = differences;
    }
  }
  return best;
}

SourceImage make_source(ByteSpan samples, const SampleType& sample, const Geometry& geometry, const ValidExtent& valid,
                        const Params& params) {
  SourceImage image{
      {sample, valid.rows, valid.columns, geometry.row_stride, geometry.column_stride}, sample.bits(), {}};
  const size_t components = size_t{valid.planes} * geometry.channels;
  for (size_t i = 0; i < components; ++i) {
    image.components.push_back(samples.data() + geometry.component_offsets[i] * sample.bytes);
  }
  if (!params.bits_per_sample) return image;
  image.bits = *params.bits_per_sample;
  if (image.bits > sample.bits()) {
    throw Error(ErrorCode::kCodecParam, "bits_per_sample is ", image.bits, ", samples have ", sample.bits());
  }
  const int32_t least = sample.is_signed ? -(1 << (image.bits - 1)) : 0;
  const int32_t greatest = (1 << (sample.is_signed ? image.bits - 1 : image.bits)) - 1;
  for (const uint8_t* component : image.components) {
    const SampleRange range = find_range(component, image.plane);
    if (range.least < least || range.greatest > greatest) {
      throw Error(ErrorCode::kCodecParam, "samples from ", range.least, " to ", range.greatest,
                  " don't fit bits_per_sample=", image.bits);
    }
  }
  return image;
}

std::array<uint8_t, 3> plugin_version() {
  return {BLOSC2_GROK_VERSION_MAJOR, BLOSC2_GROK_VERSION_MINOR, BLOSC2_GROK_VERSION_PATCH};
}

// The first engine that codes the image as it was told; the reasons of the others are in the error.
CodedImage encode_image(const SourceImage& image, const CodingJob& job, const Goal& goal, size_t block_bytes,
                        bool is_lossy, Segment& segment) {
  std::string reasons;
  for (const Engine* engine : find_encoders(image, job)) {
    try {
      CodedImage coded = encode_to_goal(*engine, image, job, goal, block_bytes, is_lossy);
      segment.engine = {static_cast<uint8_t>(engine->id()), engine->version(), plugin_version()};
      if (coded.loss) segment.loss = coded.loss;
      return coded;
    } catch (const Error& e) {
      reasons += text(reasons.empty() ? "" : "; ", engine->name(), ": ", e.what());
    }
  }
  throw Error(ErrorCode::kCodecSupport, "no engine can do this: ", reasons);
}

}  // namespace

size_t encode_block(std::span<uint8_t> dst, const EncodeRequest& request) {
  const BlockShapeScope shape(request.layout.extents);
  const bool is_lossy = asks_for_loss(request.params);
  if (is_lossy && !request.lossless_only.empty()) {
    throw Error(ErrorCode::kCodecParam, "no loss can be allowed here: ", request.lossless_only);
  }
  std::vector<uint8_t> buffer;
  const ByteSpan samples = natural_samples(request, buffer);
  const Geometry geometry = make_geometry(request.layout);
  const SampleType sample = find_sample_type(request.dtype, samples, geometry);
  const ValidExtent valid = find_valid_extent(samples.data(), sample, geometry);
  const SourceImage image = make_source(samples, sample, geometry, valid, request.params);

  const Params params = settle_params(request.params, image);
  const CodingJob job = make_job(params, image, geometry, is_lossy, request.threads);

  Segment segment{sample, is_lossy, request.shuffled_typesize, request.layout, {}, {}, {}, {}};
  if (valid != ValidExtent{geometry.planes, geometry.rows, geometry.columns}) segment.valid = valid;
  if (is_lossy) {
    segment.loss.emplace();
  } else {
    segment.samples_checksum = checksum(request.block);
  }
  const Overhead overhead = find_overhead(segment, params.cod_format);
  const Goal goal = make_goal(params, image, overhead.total(), overhead.head);
  const CodedImage coded = encode_image(image, job, goal, samples.size(), is_lossy, segment);

  // A block that doesn't get smaller is better stored raw.
  const size_t capacity = std::min(dst.size(), request.block.size() - 1);
  const size_t size = write_stored_block(dst.first(capacity), coded.codestream, segment, params.cod_format);
  if (params.verbose) {
    std::fprintf(stderr, "blosc2_grok: %u x %u x %zu samples, %zu -> %zu bytes\n", image.plane.rows,
                 image.plane.columns, image.components.size(), request.block.size(), size);
  }
  return size;
}

}  // namespace blosc2_grok
