// SPDX-License-Identifier: BSD-3-Clause
#include "profile.hpp"

#include <algorithm>

#include "coding_profile.hpp"

namespace blosc2_grok {
namespace {

[[noreturn]] void refuse(uint32_t rsiz, std::string_view name, const Extent& value, std::string_view allowed) {
  throw Error(ErrorCode::kCodecParam, "profile ", rsiz - 1, " (rsiz=", rsiz, ") has ", allowed, ", ", name, " is (",
              value.width, ", ", value.height, ")");
}

// Of the largest tile.
Extent tile_extent(const SourceImage& image, const Params& params) {
  const Extent whole{image.plane.columns, image.plane.rows};
  if (params.tile_size.is_zero()) return whole;
  return {std::min(whole.width, params.tile_size.width), std::min(whole.height, params.tile_size.height)};
}

bool is_one_tile(const SourceImage& image, const Params& params) {
  const auto covers = [](uint64_t tile, uint64_t tile0, uint64_t image0, uint64_t side) {
    return tile == 0 || tile0 + tile >= image0 + side;
  };
  return covers(params.tile_size.width, params.tile_offset.width, params.offset.width, image.plane.columns) &&
         covers(params.tile_size.height, params.tile_offset.height, params.offset.height, image.plane.rows);
}

void check_profile_0(const SourceImage& image, const Params& params) {
  if (!params.offset.is_zero()) refuse(params.rsiz, "offset", params.offset, "no offsets");
  if (!params.tile_offset.is_zero()) refuse(params.rsiz, "tile_offset", params.tile_offset, "no offsets");
  if (!is_one_tile(image, params) && params.tile_size != Extent{128, 128}) {
    refuse(params.rsiz, "tile_size", params.tile_size, "one tile or tiles of (128, 128)");
  }
  const Extent& block = params.codeblock_size;
  if (block != Extent{32, 32} && block != Extent{64, 64}) {
    refuse(params.rsiz, "codeblock_size", block, "code-blocks of (32, 32) or (64, 64)");
  }
  if ((params.mode & (block_style::kReset | block_style::kVsc)) != 0) {
    throw Error(ErrorCode::kCodecParam, "profile 0 (rsiz=1) has neither RESET nor VSC, mode is ", params.mode);
  }
}

void check_profile_1(const SourceImage& image, const Params& params) {
  const Extent& tile = params.tile_size;
  if (!is_one_tile(image, params) && (tile.width != tile.height || tile.width > 1024)) {
    refuse(params.rsiz, "tile_size", tile, "one tile or square ones of 1024 at most");
  }
  const Extent& block = params.codeblock_size;
  if (block.width > 64 || block.height > 64) {
    refuse(params.rsiz, "codeblock_size", block, "code-blocks of 64 at most a side");
  }
}

void check_part1_profile(const SourceImage& image, const CodingJob& job) {
  const Params& params = job.params;
  params.rsiz == kProfile0 ? check_profile_0(image, params) : check_profile_1(image, params);
  constexpr uint64_t kMostSide = 128;
  const Extent tile = tile_extent(image, params);
  const unsigned levels = job.resolutions - 1;
  const uint64_t side = std::max(tile.width, tile.height);
  const uint64_t smallest = (side + (uint64_t{1} << levels) - 1) >> levels;
  if (smallest <= kMostSide) return;
  throw Error(ErrorCode::kCodecParam, "profile ", params.rsiz - 1, " (rsiz=", params.rsiz,
              ") has a smallest resolution of ", kMostSide,
              " samples at most a side, num_resolutions=", job.resolutions, " leaves ", smallest);
}

const char* name_of_unwritten(uint32_t rsiz) {
  constexpr uint32_t kPart2 = 0x8000;
  if (rsiz == kPart2) return "Part 2";
  return rsiz == 7 ? "long-term storage" : "scalable cinema";
}

}  // namespace

void check_profile(const PreparedImage& prepared, const CodingJob& job) {
  const uint32_t rsiz = job.params.rsiz;
  if (rsiz == 0 || job.params.is_ht()) return;
  if (rsiz == kProfile0 || rsiz == kProfile1) return check_part1_profile(prepared.image, job);
  if (const CodingProfile* const profile = coding_profile(job.params)) {
    return check_coding_profile(*profile, prepared, job);
  }
  throw Error(ErrorCode::kCodecSupport, "rsiz=", rsiz, ": no engine writes the profile of ", name_of_unwritten(rsiz));
}

}  // namespace blosc2_grok
