// SPDX-License-Identifier: BSD-3-Clause
// Where a parameter's meaning depends on the block (docs/design.md, "Parameters").
#include "job.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "profile_rates.hpp"

namespace blosc2_grok {
namespace {

// Halvings, counted from 0, whose input is not empty for any tile of an axis: a single sample at an odd place leaves
// nothing to the next (ISO/IEC 15444-1 B.5), and OpenJPEG and Grok then read memory that is not theirs.
unsigned count_halvings(uint64_t begin, uint64_t end, uint64_t tile_begin, uint64_t tile_side, unsigned most) {
  if (tile_side == 0) tile_side = end - tile_begin;
  constexpr uint64_t kMostTiles = 65535;
  if ((end - tile_begin) / tile_side > kMostTiles) return most;  // no engine takes them
  for (uint64_t at = tile_begin; at < end; at += tile_side) {
    const uint64_t first = std::max(at, begin), last = std::min(at + tile_side, end);
    const auto is_empty = [&](unsigned halvings) {
      const uint64_t rounding = (uint64_t{1} << halvings) - 1;
      return (first + rounding) >> halvings == (last + rounding) >> halvings;
    };
    for (unsigned halvings = 1; halvings < most; ++halvings) {
      if (is_empty(halvings)) most = halvings;
    }
  }
  return most;
}

// As many as the tiles allow (more would be empty), and at least one.
unsigned clamp_resolutions(const Params& params, const SourceImage& image) {
  const uint64_t x1 = uint64_t{image.plane.columns} + params.offset.width;
  const uint64_t y1 = uint64_t{image.plane.rows} + params.offset.height;
  const Extent& tile = params.tile_size;
  const uint64_t width = tile.is_zero() ? x1 - params.tile_offset.width : tile.width;
  const uint64_t height = tile.is_zero() ? y1 - params.tile_offset.height : tile.height;
  const auto most = static_cast<unsigned>(std::bit_width(std::max<uint64_t>(std::min(width, height), 1)));
  unsigned halvings = std::min<unsigned>(params.num_resolutions, std::min(most, 32u)) - 1;
  halvings = count_halvings(params.offset.width, x1, params.tile_offset.width, tile.width, halvings);
  return count_halvings(params.offset.height, y1, params.tile_offset.height, tile.height, halvings) + 1;
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

}  // namespace

bool states_loss(const Params& params) {
  const bool quality = params.quality_mode == QualityMode::kDecibels ||
                       (params.quality_mode == QualityMode::kRates && params.quality_layers.back() > 1);
  return quality || params.psnr || params.rmse || params.irreversible.value_or(false) || params.max_cs_size > 0 ||
         params.max_comp_size > 0;
}

bool asks_engine_for_loss(const Params& params) { return states_loss(params) || params.rsiz != 0; }

Params settle_params(Params params, const SourceImage& image) {
  check_against_image(params, image);
  return settle_roi(std::move(params), image);
}

CodingJob make_job(const PreparedImage& prepared, unsigned threads) {
  const Params& params = prepared.params;
  const Geometry& geometry = prepared.geometry;
  CodingJob job{.params = params, .target = {}, .threads = threads};
  // A quality that is the same everywhere is met by the step of 9/7: 5/3 without its last bit-planes shifts the mean.
  const bool by_step = params.is_ht() || params.psnr || params.rmse;
  job.irreversible = params.irreversible.value_or(by_step && prepared.engine_may_lose && states_loss(params));
  const CodingProfile* const profile = coding_profile(params);
  if (profile != nullptr) job.irreversible = profile->irreversible;
  job.is_wavelet_fixed = params.irreversible || profile != nullptr;
  const bool is_one_picture = prepared.valid.planes == 1 && (!prepared.mapped || prepared.mapped->mapping.words == 1);
  const bool has_colours = is_one_picture && (geometry.channels == 3 || geometry.channels == 4);
  job.colour_transform = params.mct == 1 || (params.mct == kMctAuto && has_colours);
  job.resolutions = clamp_resolutions(params, prepared.image);
  job.has_goal =
      prepared.engine_may_lose && (params.has_quality() || params.max_cs_size != 0 || params.max_comp_size != 0);
  return job;
}

uint64_t byte_cap(const Params& params) {
  return params.max_cs_size != 0 || limits_components(params) ? params.max_cs_size : params.max_comp_size;
}

Goal make_goal(const PreparedImage& prepared, const Overhead& overhead) {
  const Params& params = prepared.params;
  Goal goal{params.quality_mode, params.quality_layers, overhead.total()};
  if (params.psnr || params.rmse) {
    // Counts of the codestream: a linear mapping has scaled the elements.
    const bool is_scaled = prepared.mapped && prepared.mapped->mapping.kind == MapKind::kLinear;
    const double unit = is_scaled ? prepared.mapped->mapping.step : 1;
    if (unit == 0) return goal;  // a constant: nothing can get lost
    goal.unit = unit;
    goal.mode = QualityMode::kDecibels;
    goal.layers.assign(1, params.psnr ? *params.psnr : decibels_of_rmse(*params.rmse / unit, prepared.image.bits));
    return goal;
  }
  const double elements =
      double(prepared.valid.rows) * prepared.valid.columns * prepared.valid.planes * prepared.geometry.channels;
  if (goal.mode == QualityMode::kRates) {
    const double bytes = elements * prepared.element.bytes;
    for (double& layer : goal.layers) layer = layer <= 1 ? 0 : std::max(std::floor(bytes / layer), 1.0);
  }
  const uint64_t cap = byte_cap(params);
  if (cap == 0) return goal;
  if (goal.mode == QualityMode::kDecibels) {
    throw Error(ErrorCode::kCodecParam, "quality_mode 'dB' and max_cs_size or max_comp_size contradict each other");
  }
  if (goal.mode == QualityMode::kNone) goal.layers.assign(1, 0);
  goal.mode = QualityMode::kRates;
  const double limit = static_cast<double>(cap + overhead.head);  // the codestream, our segment included
  for (double& layer : goal.layers) layer = layer <= 0 ? limit : std::min(layer, limit);
  return goal;
}

void check_kept(const CodestreamHeader& header, const CodingJob& job) {
  const Params& params = job.params;
  const auto check = [](std::string_view name, uint64_t asked, uint64_t written) {
    if (asked == written) return;
    throw Error(ErrorCode::kCodecSupport, name, " can't be kept: ", asked, " was asked for, ", written,
                " would be written");
  };
  // HT engines put capabilities into Rsiz (ISO/IEC 15444-15 A.2).
  if (!params.is_ht()) check("rsiz", params.rsiz, header.rsiz);
  if (params.is_ht() && params.rsiz != 0) return;  // Grok follows the profile there, too
  check("progression", static_cast<uint64_t>(params.progression), header.progression);
  check("num_resolutions", job.resolutions, header.decompositions + 1u);
  check("codeblock_size (width)", params.codeblock_size.width, header.codeblock_width);
  check("codeblock_size (height)", params.codeblock_size.height, header.codeblock_height);
  check("mode", params.mode, header.codeblock_style);
  // They may be raised where the transform's worst case needs it: in HT, and where exponents of five bits don't reach.
  const bool may_be_more = params.is_ht() || header.components[0].bits > kMostBitsOfOpenjpeg;
  if (!may_be_more || header.guard_bits < params.numgbits) check("numgbits", params.numgbits, header.guard_bits);
  check("irreversible", job.irreversible, header.transform == 0);
  check("mct", job.colour_transform, header.mct);
  // HT has one set of passes for a code-block: the last layer is the only one.
  if (!params.is_ht())
    check("quality_layers (their number)", std::max<size_t>(job.target.layers.size(), 1), header.layers);
  const bool has_precincts = !params.precinct_size.is_zero() || coding_profile(params) != nullptr;
  check("precinct_size", has_precincts, !header.precinct_sizes.empty());
  check("offset (x)", params.offset.width, header.x0);
  check("offset (y)", params.offset.height, header.y0);
  check("tile_offset (x)", params.tile_offset.width, header.tile_x0);
  check("tile_offset (y)", params.tile_offset.height, header.tile_y0);
  if (params.tile_size.is_zero()) return;
  check("tile_size (width)", params.tile_size.width, header.tile_width);
  check("tile_size (height)", params.tile_size.height, header.tile_height);
}

}  // namespace blosc2_grok
