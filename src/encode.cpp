// SPDX-License-Identifier: BSD-3-Clause
// The encoding pipeline: elements as they lie -> image without padding -> codestream -> stored block.
#include "encode.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "blosc2_grok.h"
#include "job.hpp"
#include "prepare.hpp"
#include "profile.hpp"
#include "profile_rates.hpp"
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

std::array<uint8_t, 3> plugin_version() {
  return {BLOSC2_GROK_VERSION_MAJOR, BLOSC2_GROK_VERSION_MINOR, BLOSC2_GROK_VERSION_PATCH};
}

// Everything of the segment that is known before coding; losses are placeholders of the right size.
Segment describe(const PreparedImage& prepared, const EncodeRequest& request) {
  Segment segment;
  segment.sample = prepared.element;
  segment.is_lossy = prepared.is_lossy();
  segment.is_bytes = request.is_bytes;
  segment.shuffled_typesize = request.shuffled_typesize;
  segment.layout = request.layout;
  if (prepared.is_padded()) segment.valid = prepared.valid;
  if (prepared.mapped) {
    segment.mapping = prepared.mapped->mapping;
    segment.kept = prepared.mapped->kept;
  }
  if (segment.is_lossy) {
    segment.loss.emplace();
  } else {
    segment.samples_checksum = checksum(request.block);
  }
  return segment;
}

void release_memory() {
  for (const Engine* engine : engines()) engine->release_memory();
}

LossRecord measure_decoded(const PreparedImage& prepared, ByteSpan codestream, unsigned threads) {
  if (!prepared.mapped) return measure_loss(prepared.image, codestream, prepared.samples.size(), threads);
  const MappedLoss loss = measure_prepared(prepared, codestream, threads);
  return {loss.max_error, loss.mse};
}

Measure make_measure(const PreparedImage& prepared, unsigned threads) {
  if (!prepared.engine_may_lose) return nullptr;
  return [&prepared, threads](ByteSpan codestream) {
    // The image is there a second time meanwhile, and most blocks are never decoded.
    release_memory();
    const LossRecord loss = measure_decoded(prepared, codestream, threads);
    release_memory();
    return loss;
  };
}

// One lossless block in 64, chosen by what is in it, so that the same block always goes the same way.
bool is_checked(const Params& params, const Segment& segment) {
  if (params.verify != Verify::kSampled) return params.verify == Verify::kAll;
  return segment.samples_checksum && *segment.samples_checksum % 64 == 0;
}

// The first engine that codes the image as it was told; the reasons of the others are in the error.
CodedImage encode_image(const PreparedImage& prepared, const CodingJob& job, const Goal& goal, Segment& segment) {
  std::string reasons;
  const size_t bytes = prepared.mapped ? prepared.mapped->buffer.size() : prepared.samples.size();
  const Measure measure = make_measure(prepared, job.threads);
  for (const Engine* engine : find_encoders(prepared.image, job)) {
    try {
      CodedImage coded = encode_to_goal(*engine, prepared.image, job, goal, bytes, measure);
      segment.engine = {static_cast<uint8_t>(engine->id()), engine->version(), plugin_version()};
      if (prepared.mapping_loses && !prepared.engine_may_lose)
        coded.loss = {prepared.mapped->loss.max_error, prepared.mapped->loss.mse};
      return coded;
    } catch (const Error& e) {
      reasons += text(reasons.empty() ? "" : "; ", engine->name(), ": ", e.what());
    }
  }
  throw Error(ErrorCode::kCodecSupport, "no engine can do this: ", reasons);
}

// A cap holds whatever quality was asked for.
CodedImage encode_within_cap(const PreparedImage& prepared, const CodingJob& job, const Overhead& overhead,
                             Segment& segment) {
  const Goal goal = make_goal(prepared, overhead);
  CodedImage coded = encode_image(prepared, job, goal, segment);
  const uint64_t cap = byte_cap(prepared.params);
  if (goal.mode != QualityMode::kDecibels || cap == 0 ||
      coded.codestream.size() + goal.overhead <= cap + overhead.head) {
    return coded;
  }
  record_notice(text("a block of the quality asked for would exceed the cap of ", cap, " bytes: it has less quality"));
  const Goal capped{QualityMode::kRates, {static_cast<double>(cap + overhead.head)}, goal.overhead};
  return encode_image(prepared, job, capped, segment);
}

// As many times as large as its profile allows; 1 or less where it is not.
double times_too_large(const CodedImage& coded, const FrameBytes& most, const Overhead& overhead) {
  double times = 0;
  if (most.codestream != 0) {
    times = static_cast<double>(coded.codestream.size() + overhead.segment) / static_cast<double>(most.codestream);
  }
  if (most.component != 0) {
    const auto largest = static_cast<double>(largest_component(coded.codestream));
    constexpr double kMargin = 1.005;  // its share of the whole changes with the size
    const double over = largest / static_cast<double>(most.component);
    if (over > 1) times = std::max(times, kMargin * over);
  }
  return times;
}

// A profile's limits, of the whole and of single components, hold whatever quality was asked for.
CodedImage encode_within_profile(const PreparedImage& prepared, const CodingJob& job, const Overhead& overhead,
                                 Segment& segment) {
  CodedImage coded = encode_within_cap(prepared, job, overhead, segment);
  const CodingProfile* const profile = coding_profile(prepared.params);
  if (profile == nullptr) return coded;
  const FrameBytes most = frame_bytes(*profile, prepared.params);
  constexpr int kMostAttempts = 8;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const double times = times_too_large(coded, most, overhead);
    if (times <= 1) return coded;
    if (attempt == 0 && prepared.params.has_quality()) {
      record_notice(text("rsiz=", prepared.params.rsiz, ": a frame of the quality asked for would exceed ",
                         most.codestream, " bytes, or a component ", most.component, ": it has less quality"));
    }
    const auto codestream = static_cast<double>(coded.codestream.size() + overhead.segment);
    const Goal smaller{QualityMode::kRates,
                       {std::floor(codestream / times) + static_cast<double>(overhead.head)},
                       overhead.total()};
    coded = encode_image(prepared, job, smaller, segment);
  }
  throw Error(ErrorCode::kCodecSupport, "rsiz=", prepared.params.rsiz,
              ": no size of the frame keeps its components to ", most.component, " bytes");
}

// What was written otherwise than the parameters say.
void record_departures(const PreparedImage& prepared, const CodedImage& coded) {
  const Params& params = prepared.params;
  if (prepared.engine_may_lose && !states_loss(params) && coded.loss && coded.loss->mse > 0) {
    record_notice(text("rsiz=", params.rsiz, ": this profile changed samples, by up to ", coded.loss->max_error,
                       ", though no loss was asked for"));
  }
  constexpr uint32_t kAlwaysEnough = 2;
  if (params.numgbits >= kAlwaysEnough) return;
  const uint32_t written = parse_codestream_header(coded.codestream).guard_bits;
  if (written != params.numgbits) {
    record_notice(text("numgbits=", params.numgbits, ": this wavelet needs ", written, ", which were written"));
  }
}

}  // namespace

size_t encode_block(std::span<uint8_t> dst, const EncodeRequest& request) {
  note_block_shape(request.layout.extents);
  std::vector<uint8_t> buffer;
  PreparedImage prepared = prepare_image(request, natural_samples(request, buffer));
  prepared.params = settle_params(with_profile(std::move(prepared.params), prepared.image), prepared.image);
  const Params& params = prepared.params;
  Segment segment = describe(prepared, request);
  CodingJob job = make_job(prepared, request.threads);
  check_profile(prepared, job);
  job.is_checked = is_checked(params, segment);
  // A mapping's loss is not the codestream's.
  job.wants_loss = prepared.engine_may_lose && !prepared.mapped && params.verify != Verify::kAll;

  CodedImage coded = encode_within_profile(prepared, job, find_overhead(segment, params.cod_format), segment);
  if (segment.is_lossy) segment.loss = coded.loss;
  record_departures(prepared, coded);

  const size_t capacity = request.must_shrink ? std::min(dst.size(), request.block.size() - 1) : dst.size();
  const size_t size = write_stored_block(dst.first(capacity), coded.codestream, segment, params.cod_format);
  if (params.verbose) {
    std::fprintf(stderr, "blosc2_grok: %u x %u x %zu samples, %zu -> %zu bytes\n", prepared.image.plane.rows,
                 prepared.image.plane.columns, prepared.image.components.size(), request.block.size(), size);
  }
  for (const Engine* engine : engines()) {
    if (static_cast<uint8_t>(engine->id()) == segment.engine.id) engine->reuse_memory(std::move(coded.codestream));
  }
  return size;
}

}  // namespace blosc2_grok
