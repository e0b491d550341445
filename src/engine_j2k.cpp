// SPDX-License-Identifier: BSD-3-Clause
// Our own coder in src/j2k, High-Throughput (Part 15) and Part 1: re-entrant, one workspace for each thread.
#include <algorithm>
#include <cmath>

#include "engine.hpp"
#include "engine_list.hpp"
#include "j2k/codec.hpp"
#include "j2k/region.hpp"
#include "profile_rates.hpp"

namespace blosc2_grok {
namespace {

// The step of 9/7 where no quality is asked: rounding errors only.
constexpr double kFinestStep = 0.5;

j2k::Workspace& workspace() {
  thread_local j2k::Workspace instance;
  return instance;
}

// The coder's view of an image; it reads native byte order only, so others are copied.
template <class Byte, class View>
class ViewOf {
 public:
  explicit ViewOf(const ImageOf<Byte>& image) {
    const PlaneView& plane = image.plane;
    Byte* const origin = *std::ranges::min_element(image.components);
    for (Byte* component : image.components) offsets_.push_back((component - origin) / plane.sample.bytes);
    view_.samples = reinterpret_cast<decltype(view_.samples)>(origin);
    view_.rows = plane.rows;
    view_.columns = plane.columns;
    view_.components = static_cast<uint32_t>(image.components.size());
    view_.bits = static_cast<int>(image.bits);
    view_.is_signed = plane.sample.is_signed;
    view_.bytes_per_sample = plane.sample.bytes;
    view_.row_stride = static_cast<std::ptrdiff_t>(plane.row_stride);
    view_.column_stride = static_cast<std::ptrdiff_t>(plane.column_stride);
    view_.component_offsets = offsets_;
  }
  ViewOf(const ViewOf&) = delete;
  ViewOf& operator=(const ViewOf&) = delete;
  const View& operator*() const { return view_; }
  const View* operator->() const { return &view_; }

 private:
  std::vector<std::ptrdiff_t> offsets_;
  View view_;
};

// Samples of a foreign byte order, in native order and one plane after the other.
struct NativeCopy {
  std::vector<int32_t> samples;
  PlaneView plane;
  size_t plane_samples = 0;

  explicit NativeCopy(const PlaneView& foreign, size_t components) : plane(foreign) {
    plane.sample = {4, foreign.sample.is_signed, false, false};
    plane.row_stride = foreign.columns;
    plane.column_stride = 1;
    plane_samples = size_t{foreign.rows} * foreign.columns;
    samples.resize(plane_samples * components);
  }
  template <class Byte>
  ImageOf<Byte> view(unsigned bits) {
    ImageOf<Byte> image{plane, bits, {}};
    for (size_t at = 0; at < samples.size(); at += plane_samples) {
      image.components.push_back(reinterpret_cast<Byte*>(samples.data() + at));
    }
    return image;
  }
};

// A thread that may have to be started must have work for it.
unsigned worthwhile_threads(unsigned wanted, const PlaneView& plane, size_t components, bool is_ht) {
  const uint64_t enough = is_ht ? uint64_t{1} << 17 : uint64_t{1} << 14;
  const uint64_t samples = uint64_t{plane.rows} * plane.columns * components;
  return static_cast<unsigned>(std::clamp<uint64_t>(samples / enough, 1, std::max(wanted, 1u)));
}

j2k::Size size_of(const Extent& extent) { return {extent.width, extent.height}; }

double mse_of(double decibels, unsigned bits) {
  const double peak = std::ldexp(1.0, static_cast<int>(bits)) - 1;
  return peak * peak / std::pow(10.0, decibels / 10);
}

constexpr const char* kLazyRegion = "LAZY in a region of interest is read wrong by others";

// Whether coding passes are to be chosen. One layer of 9/7 meets its target by the step, but for a rate where
// truncation is asked for or a region comes first; HT has one layer.
bool needs_layers(const CodingJob& job) {
  if (job.params.is_ht() || job.target.layers.empty()) return false;
  const bool is_named = job.params.rate_control == RateControl::kPcrdOpt || job.params.has_region();
  const bool wants_truncation = !job.irreversible || (is_named && job.target.kind == Target::Kind::kBytes);
  return job.target.layers.size() > 1 || (wants_truncation && job.target.layers[0] > 0);
}

j2k::LayerTarget layer_target(double wanted, const CodingJob& job, unsigned bits) {
  if (job.target.kind == Target::Kind::kDecibels) return {0, mse_of(wanted, bits)};
  return {wanted > 0 ? static_cast<size_t>(std::max(wanted, 1.0)) : 0, 0};
}

// What no parameter says.
void set_profile(const CodingProfile& profile, const CodingJob& job, j2k::EncodeOptions& options) {
  options.precincts.assign(job.resolutions, {kProfilePrecinct, kProfilePrecinct});
  options.precincts.back() = {kProfileLowestPrecinct, kProfileLowestPrecinct};
  options.component_parts = options.part_lengths = true;
  options.highest_apart = profile.has_highest_apart;
}

j2k::EncodeOptions make_options(const SourceImage& image, const CodingJob& job) {
  const Params& params = job.params;
  j2k::EncodeOptions options;
  options.resolutions = static_cast<int>(job.resolutions);
  options.codeblock = size_of(params.codeblock_size);
  options.reversible = !job.irreversible;
  options.mct = job.colour_transform;
  options.high_throughput = params.is_ht();
  options.block_style = params.is_ht() ? 0 : static_cast<int>(params.mode);
  options.tile = size_of(params.tile_size);
  options.tile_offset = size_of(params.tile_offset);
  options.image_offset = size_of(params.offset);
  options.progression = static_cast<j2k::Progression>(params.progression);
  options.guard_bits = static_cast<int>(params.numgbits);
  if (!params.precinct_size.is_zero()) {
    // Smaller resolutions halve it, as in the other engines.
    j2k::Size precinct = size_of(params.precinct_size);
    for (unsigned r = 0; r < job.resolutions; ++r) {
      options.precincts.push_back(precinct);
      precinct = {std::max(precinct.width / 2, 2u), std::max(precinct.height / 2, 2u)};
    }
  }
  options.base_step = kFinestStep;
  if (params.has_region()) {
    options.region_component = static_cast<uint32_t>(params.roi_compno);
    options.region_shift = static_cast<int>(params.roi_shift);
  }
  options.profile = static_cast<int>(params.rsiz);
  if (const CodingProfile* const profile = coding_profile(params)) set_profile(*profile, job, options);
  options.tile_parts = params.enable_tile_parts;
  options.packet_lengths = params.write_plt;
  options.part_lengths |= params.write_tlm;
  options.measure_loss = job.wants_loss;
  options.threads = worthwhile_threads(job.threads, image.plane, image.components.size(), params.is_ht());
  if (needs_layers(job)) {
    for (const double wanted : job.target.layers) options.layers.push_back(layer_target(wanted, job, image.bits));
    return options;
  }
  const double wanted = job.target.layers.empty() ? 0 : job.target.layers.back();
  if (job.target.kind == Target::Kind::kBytes && wanted > 0) options.target_bytes = static_cast<size_t>(wanted);
  if (job.target.kind == Target::Kind::kDecibels) {
    options.target_mse = mse_of(wanted, image.bits);
  }
  return options;
}

// Turns the coder's own errors into ours.
template <class Body>
auto translate(ErrorCode code, Body&& body) {
  try {
    return body();
  } catch (const j2k::Error& e) {
    throw Error(code, e.what());
  }
}

class J2kEngine final : public Engine {
 public:
  EngineName id() const override { return EngineName::kJ2k; }
  std::string name() const override { return "j2k"; }
  std::string licence() const override { return "BSD-3-Clause"; }
  std::array<uint8_t, 3> version() const override {
    return {BLOSC2_GROK_VERSION_MAJOR, BLOSC2_GROK_VERSION_MINOR, BLOSC2_GROK_VERSION_PATCH};
  }

  std::string refusal(const SourceImage& image, const CodingJob& job) const override {
    const Params& params = job.params;
    if (params.is_ht() && params.mode != block_style::kHt) return "it codes HT without other code-block styles";
    if (params.is_ht() && params.has_region()) return "it has no region of interest in HT mode";
    if (params.has_region() && (params.mode & block_style::kLazy) != 0) return kLazyRegion;
    if (params.has_region() && image.bits + params.roi_shift > j2k::kMostRegionPlanes) {
      return text("it writes ", j2k::kMostRegionPlanes, " bit-planes, too few for roi_shift=", params.roi_shift, " on ",
                  image.bits, " bits");
    }
    if (params.rsiz != 0 && params.is_ht()) return "it has no profiles in HT mode";
    const bool is_prescribed = coding_profile(params) != nullptr;
    if (params.framerate != 0 && !is_prescribed) return "it has no framerate but in profiles of cinema and IMF";
    if (params.is_ht() && params.rate_control != RateControl::kBisect) {
      return "it has no rateControlAlgorithm but BISECT in HT mode";
    }
    if (params.max_comp_size != 0 && image.components.size() > 1 && !limits_components(params)) {
      return "it can't limit single components";
    }
    return {};
  }

  std::string refusal(const CodestreamHeader&, const DecodeOptions&) const override { return {}; }

  Encoding encode(const SourceImage& source, const CodingJob& job) const override {
    return translate(ErrorCode::kFailure, [&] {
      const j2k::EncodeOptions options = make_options(source, job);
      const auto run = [&](const SourceImage& image) {
        const ViewOf<const uint8_t, j2k::ConstImageView> view(image);
        j2k::encode(*view, options, workspace());
        Encoding encoding;
        encoding.codestream = workspace().take_output();
        if (const auto& loss = workspace().report().loss) {
          const double samples = double(view->rows) * view->columns * view->components;
          encoding.loss = {loss->greatest, loss->squares / samples};
        }
        return encoding;
      };
      if (!source.plane.sample.is_big_endian) return run(source);
      NativeCopy copy(source.plane, source.components.size());
      for (size_t i = 0; i < source.components.size(); ++i) {
        gather(copy.samples.data() + i * copy.plane_samples, source.components[i], source.plane);
      }
      return run(copy.view<const uint8_t>(source.bits));
    });
  }

  void decode(const TargetImage& target, ByteSpan codestream, const CodestreamHeader& header,
              const DecodeOptions& options) const override {
    translate(ErrorCode::kData, [&] {
      j2k::DecodeOptions decode_options;
      decode_options.reduce = static_cast<int>(options.reduce);
      decode_options.layers = static_cast<int>(options.layers);
      decode_options.threads =
          worthwhile_threads(options.threads, target.plane, target.components.size(), header.is_ht());
      const auto run = [&](const TargetImage& image) {
        TargetImage exact = image;
        exact.bits = header.components[0].bits;
        const ViewOf<uint8_t, j2k::ImageView> view(exact);
        j2k::decode(codestream, *view, workspace(), decode_options);
      };
      if (!target.plane.sample.is_big_endian) return run(target);
      NativeCopy copy(target.plane, target.components.size());
      run(copy.view<uint8_t>(header.components[0].bits));
      for (size_t i = 0; i < target.components.size(); ++i) {
        scatter(target.components[i], copy.samples.data() + i * copy.plane_samples, target.plane);
      }
    });
  }

  void release_memory() const override { workspace().release(); }
  void reuse_memory(j2k::Bytes memory) const override { workspace().give_output(std::move(memory)); }
};

}  // namespace

const Engine* j2k_engine() {
  static const J2kEngine* const instance = new J2kEngine;
  return instance;
}

}  // namespace blosc2_grok
