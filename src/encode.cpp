// SPDX-License-Identifier: BSD-3-Clause
// The encoding pipeline: samples as they lie -> image without padding -> codestream -> stored block.
#include "encode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>

#include "blosc2_grok.h"
#include "engine.hpp"
#include "quality.hpp"
#include "segment.hpp"

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
  SourceImage image{{sample, valid.rows, valid.columns, geometry.row_stride, geometry.column_stride}, sample.bits(), {}};
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

bool asks_for_loss(const Params& params) {
  const bool quality = params.quality_mode == QualityMode::kDecibels ||
                       (params.quality_mode == QualityMode::kRates && params.quality_layers.back() > 1);
  return quality || params.irreversible.value_or(false) || params.max_cs_size > 0 || params.max_comp_size > 0 ||
         params.rsiz != 0;
}

// As many as the smallest tile side allows (more would be empty), and at least one.
unsigned clamp_resolutions(const Params& params, const SourceImage& image) {
  const uint64_t width = params.tile_size.is_zero() ? uint64_t{image.plane.columns} + params.offset.width -
                                                          params.tile_offset.width
                                                    : params.tile_size.width;
  const uint64_t height = params.tile_size.is_zero() ? uint64_t{image.plane.rows} + params.offset.height -
                                                           params.tile_offset.height
                                                     : params.tile_size.height;
  const auto most = static_cast<unsigned>(std::bit_width(std::max<uint64_t>(std::min(width, height), 1)));
  return std::min<unsigned>(params.num_resolutions, std::min(most, 32u));
}

void check_against_image(const Params& params, const SourceImage& image) {
  if (params.tile_offset.width > params.offset.width || params.tile_offset.height > params.offset.height) {
    throw Error(ErrorCode::kCodecParam, "tile_offset (", params.tile_offset.width, ", ", params.tile_offset.height,
                ") lies beyond the image's offset (", params.offset.width, ", ", params.offset.height, ")");
  }
  const auto covers = [](uint32_t tile, uint32_t tile0, uint32_t image0) { return tile == 0 || tile0 + tile > image0; };
  if (!covers(params.tile_size.width, params.tile_offset.width, params.offset.width) ||
      !covers(params.tile_size.height, params.tile_offset.height, params.offset.height)) {
    throw Error(ErrorCode::kCodecParam, "the first tile ends before the image's offset (", params.offset.width, ", ",
                params.offset.height, "): tile_size and tile_offset don't reach it");
  }
  if (params.mct == 1 && image.components.size() < 3) {
    throw Error(ErrorCode::kCodecParam, "mct=1 needs three components, the block has ", image.components.size());
  }
}

// A region of interest that isn't there is left out, and said; one that could not be decoded is refused.
Params settle_roi(Params params, const SourceImage& image) {
  if (params.roi_compno < 0 || params.roi_shift == 0) return params;
  if (static_cast<size_t>(params.roi_compno) >= image.components.size()) {
    record_notice(text("roi_compno=", params.roi_compno, " has no effect on ", image.components.size(), " components"));
    params.roi_compno = -1;
    return params;
  }
  // ISO/IEC 15444-1 H.1: every magnitude outside must fall below the region's: at least as many as bit-planes.
  const unsigned planes = image.bits + params.numgbits + 2;
  if (params.roi_shift < planes) {
    throw Error(ErrorCode::kCodecParam, "roi_shift is ", params.roi_shift, ": samples of ", image.bits,
                " bits have up to ", planes, " bit-planes, and it must not be less");
  }
  return params;
}

CodingJob make_job(const Params& params, const SourceImage& image, const Geometry& geometry, bool is_lossy,
                   unsigned threads) {
  CodingJob job{params, {}, params.irreversible.value_or(params.is_ht() && is_lossy), false, 1, threads};
  const bool has_colours = geometry.planes == 1 && (geometry.channels == 3 || geometry.channels == 4);
  job.colour_transform = params.mct == 1 || (params.mct == kMctAuto && has_colours);
  job.resolutions = clamp_resolutions(params, image);
  return job;
}

Goal make_goal(const Params& params, const SourceImage& image, size_t overhead) {
  Goal goal{params.quality_mode, params.quality_layers, overhead};
  const double bytes = double(image.plane.rows) * image.plane.columns * static_cast<double>(image.components.size()) *
                       image.plane.sample.bytes;
  if (goal.mode == QualityMode::kRates) {
    for (double& layer : goal.layers) layer = layer <= 1 ? 0 : std::floor(bytes / layer);
  }
  const uint64_t cap = params.max_cs_size != 0 ? params.max_cs_size : params.max_comp_size;
  if (cap == 0) return goal;
  if (goal.mode == QualityMode::kDecibels) {
    throw Error(ErrorCode::kCodecParam, "quality_mode 'dB' and max_cs_size or max_comp_size contradict each other");
  }
  if (goal.mode == QualityMode::kNone) goal.layers.assign(1, 0);
  goal.mode = QualityMode::kRates;
  const double limit = static_cast<double>(cap + overhead);
  for (double& layer : goal.layers) layer = layer <= 0 ? limit : std::min(layer, limit);
  return goal;
}

std::array<uint8_t, 3> plugin_version() {
  return {BLOSC2_GROK_VERSION_MAJOR, BLOSC2_GROK_VERSION_MINOR, BLOSC2_GROK_VERSION_PATCH};
}

// What an engine was told must stand in what it wrote.
void check_kept(const CodestreamHeader& header, const CodingJob& job) {
  if (!job.params.is_ht() && header.rsiz != job.params.rsiz) {
    throw Error(ErrorCode::kCodecParam, "rsiz ", job.params.rsiz, " is a profile that the image doesn't fit: ",
                header.rsiz, " would be written");
  }
}

// Head of the file, main header without the engine's comments, our segment, tile-parts.
size_t assemble(std::span<uint8_t> dst, ByteSpan codestream, const CodestreamHeader& header,
                const std::vector<uint8_t>& segment, FileFormat format) {
  std::vector<uint8_t> main_header;
  size_t from = 0;
  for (const size_t comment : header.comments) {
    append(main_header, codestream.subspan(from, comment - from));
    from = comment + segment_size(codestream, comment);
  }
  append(main_header, codestream.subspan(from, header.first_tile_part - from));
  const ByteSpan tile_parts = codestream.subspan(header.first_tile_part);
  const size_t codestream_bytes = main_header.size() + segment.size() + tile_parts.size();
  std::vector<uint8_t> head;
  if (format == FileFormat::kJp2) head = make_jp2_head(header, codestream_bytes);
  const size_t total = head.size() + codestream_bytes;
  if (total > dst.size()) return 0;
  auto out = std::ranges::copy(head, dst.begin()).out;
  out = std::ranges::copy(main_header, out).out;
  out = std::ranges::copy(segment, out).out;
  std::ranges::copy(tile_parts, out);
  seal(dst.first(total), head.size() + main_header.size());
  return total;
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

  const Params params = settle_roi(request.params, image);
  check_against_image(params, image);
  const CodingJob job = make_job(params, image, geometry, is_lossy, request.threads);
  const Engine& engine = choose_encoder(image, job);

  Segment segment{sample, is_lossy, request.shuffled_typesize, request.layout, {}, {}, {}, {}};
  if (valid != ValidExtent{geometry.planes, geometry.rows, geometry.columns}) segment.valid = valid;
  segment.engine = {static_cast<uint8_t>(engine.id()), engine.version(), plugin_version()};
  if (is_lossy) {
    segment.loss.emplace();
  } else {
    segment.samples_checksum = checksum(request.block);
  }
  const size_t overhead = make_segment(segment).size() + (params.cod_format == FileFormat::kJp2 ? 85 : 0);
  const Goal goal = make_goal(params, image, overhead);
  const CodedImage coded = encode_to_goal(engine, image, job, goal, samples.size(), is_lossy);
  if (coded.loss) segment.loss = coded.loss;

  const CodestreamHeader header = parse_codestream_header(coded.codestream);
  check_kept(header, job);
  const size_t capacity = std::min(dst.size(), request.block.size() - 1);
  const size_t size = assemble(dst.first(capacity), coded.codestream, header, make_segment(segment), params.cod_format);
  if (params.verbose) {
    std::fprintf(stderr, "blosc2_grok: %s, %u x %u x %zu samples, %zu -> %zu bytes\n", engine.name().c_str(),
                 image.plane.rows, image.plane.columns, image.components.size(), request.block.size(), size);
  }
  return size;
}

}  // namespace blosc2_grok
