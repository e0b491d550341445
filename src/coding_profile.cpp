// SPDX-License-Identifier: BSD-3-Clause
#include "coding_profile.hpp"

#include <algorithm>

#include "profile_rates.hpp"

namespace blosc2_grok {
namespace {

constexpr auto kOne = ProfileTiles::kOne, kFour = ProfileTiles::kOneOrFour, kSquare = ProfileTiles::kOneOrSquare;
constexpr Extent kAny{}, k32{32, 32};

constexpr CodingProfile kProfiles[] = {
    // name, Rsiz, image, components, bits, decompositions, 9/7, tiles, their side, code-block, guard bits, MCT, apart
    {"CINEMA_2K", 3, {2048, 1080}, 3, 3, 12, 12, 0, 5, true, kOne, 0, k32, 1, true, false},
    {"CINEMA_4K", 4, {4096, 2160}, 3, 3, 12, 12, 1, 6, true, kOne, 0, k32, 2, true, true},
    {"BC_SINGLE", 0x100, kAny, 1, 4, 8, 12, 1, 5, true, kOne, 0, kAny, 0, false, false},
    {"BC_MULTI", 0x200, kAny, 1, 4, 8, 12, 1, 5, true, kFour, 0, kAny, 0, false, false},
    {"BC_MULTI_R", 0x300, kAny, 1, 4, 8, 12, 1, 5, false, kFour, 0, kAny, 0, false, false},
    {"IMF_2K", 0x400, {2048, 1556}, 1, 3, 8, 16, 1, 5, true, kOne, 0, k32, 0, false, false},
    {"IMF_4K", 0x500, {4096, 3112}, 1, 3, 8, 16, 1, 6, true, kOne, 0, k32, 0, false, false},
    {"IMF_8K", 0x600, {8192, 6224}, 1, 3, 8, 16, 1, 7, true, kOne, 0, k32, 0, false, false},
    {"IMF_2K_R", 0x700, {2048, 1556}, 1, 3, 8, 16, 1, 5, false, kSquare, 1024, k32, 0, false, false},
    {"IMF_4K_R", 0x800, {4096, 3112}, 1, 3, 8, 16, 1, 6, false, kSquare, 2048, k32, 0, false, false},
    {"IMF_8K_R", 0x900, {8192, 6224}, 1, 3, 8, 16, 1, 7, false, kSquare, 4096, k32, 0, false, false},
};

uint64_t tiles_along(uint64_t side, uint64_t tile) { return tile == 0 ? 1 : (side + tile - 1) / tile; }

// In the reversible IMF profiles 4 where tiles are 1024 wide and more, one more for each doubling.
unsigned most_levels(const CodingProfile& profile, const Params& params, const SourceImage& image) {
  constexpr uint32_t kSmallTile = 1024;
  const uint32_t width = params.tile_size.is_zero() ? image.plane.columns : params.tile_size.width;
  if (profile.tiles != ProfileTiles::kOneOrSquare || width < kSmallTile) return profile.most_levels;
  unsigned most = 4;
  for (uint64_t wide = 2 * kSmallTile; wide <= width; wide *= 2) ++most;
  return std::min(most, profile.most_levels);
}

// What a profile has, and what there is instead.
class Refusal {
 public:
  Refusal(const CodingProfile& profile, uint32_t rsiz) : profile_(profile), rsiz_(rsiz) {}

  template <class... Parts>
  void unless(bool is_kept, const Parts&... parts) const {
    if (is_kept) return;
    throw Error(ErrorCode::kCodecParam, "profile ", profile_.name, " (rsiz=", rsiz_, ") has ", parts...);
  }

 private:
  const CodingProfile& profile_;
  uint32_t rsiz_;
};

std::string pair_text(const Extent& extent) { return text("(", extent.width, ", ", extent.height, ")"); }
std::string range_text(unsigned least, unsigned most) {
  return least == most ? text(least) : text(least, " to ", most);
}

void check_image(const Refusal& refuse, const CodingProfile& profile, const SourceImage& image) {
  const Extent size{image.plane.columns, image.plane.rows}, &most = profile.greatest;
  refuse.unless(most.is_zero() || (size.width <= most.width && size.height <= most.height), "images of ", most.width,
                " x ", most.height, " at most, the block has ", size.width, " x ", size.height);
  const size_t components = image.components.size();
  refuse.unless(components >= profile.least_components && components <= profile.most_components,
                range_text(profile.least_components, profile.most_components), " components, the block has ",
                components);
  refuse.unless(image.bits >= profile.least_bits && image.bits <= profile.most_bits && !image.plane.sample.is_signed,
                "unsigned samples of ", range_text(profile.least_bits, profile.most_bits), " bits, the block has ",
                image.plane.sample.is_signed ? "signed" : "unsigned", " ones of ", image.bits,
                image.bits > profile.most_bits ? ": bits_per_sample says how many are used" : "");
}

void check_tiles(const Refusal& refuse, const CodingProfile& profile, const SourceImage& image, const Params& params) {
  const Extent &offset = params.offset, &tile_offset = params.tile_offset, &tile = params.tile_size;
  refuse.unless(offset.is_zero(), "no offsets, offset is ", pair_text(offset));
  refuse.unless(tile_offset.is_zero(), "no offsets, tile_offset is ", pair_text(tile_offset));
  const uint64_t across = tiles_along(image.plane.columns, tile.width),
                 down = tiles_along(image.plane.rows, tile.height);
  if (across == 1 && down == 1) return;
  refuse.unless(profile.tiles != kOne, "one tile, tile_size is ", pair_text(tile));
  refuse.unless(profile.tiles != kFour || (across <= 2 && across * down == 4),
                "one tile, 2 x 2 or 4 in a column, tile_size ", pair_text(tile), " makes ", across, " x ", down);
  const bool is_square = tile.width == tile.height && tile.width >= 1024 && tile.width <= profile.greatest_tile &&
                         (tile.width & (tile.width - 1)) == 0;
  refuse.unless(profile.tiles != kSquare || is_square, "one tile or square ones of a power of 2 from 1024 to ",
                profile.greatest_tile, ", tile_size is ", pair_text(tile));
}

void check_blocks(const Refusal& refuse, const CodingProfile& profile, const Params& params) {
  const Extent& block = params.codeblock_size;
  if (profile.codeblock.is_zero()) {
    refuse.unless(block.width >= 32 && block.width <= 128 && block.height >= 32 && block.height <= 64,
                  "code-blocks of 32 to 128 in width and 32 or 64 in height, codeblock_size is ", pair_text(block));
  } else {
    refuse.unless(block == profile.codeblock, "code-blocks of ", pair_text(profile.codeblock), ", codeblock_size is ",
                  pair_text(block));
  }
  refuse.unless(params.mode == 0, "code-blocks without a style, mode is ", params.mode);
  refuse.unless(params.precinct_size.is_zero(), "precincts of 256 and 128, precinct_size is ",
                pair_text(params.precinct_size));
  refuse.unless(profile.guard_bits == 0 || params.numgbits == profile.guard_bits, profile.guard_bits,
                " guard bits, numgbits is ", params.numgbits);
}

void check_coding(const Refusal& refuse, const CodingProfile& profile, const PreparedImage& prepared,
                  const CodingJob& job) {
  const Params& params = prepared.params;
  constexpr const char* kProgressions[] = {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"};
  refuse.unless(params.progression == Progression::kCprl, "the progression CPRL, progression is ",
                kProgressions[static_cast<size_t>(params.progression)]);
  refuse.unless(!params.enable_tile_parts, "a tile-part for each component, enableTilePartGeneration makes others");
  refuse.unless(!params.has_region(), "no region of interest, roi_compno is ", params.roi_compno);
  refuse.unless(params.quality_layers.size() <= 1, "one quality layer, ", params.quality_layers.size(),
                " are asked for");
  const unsigned most = most_levels(profile, params, prepared.image);
  refuse.unless(job.resolutions > profile.least_levels && job.resolutions <= most + 1,
                range_text(profile.least_levels + 1, most + 1), " resolutions here, ", job.resolutions,
                " would be written");
  const char* const wavelet = profile.irreversible ? "the 9/7 wavelet" : "the 5/3 wavelet";
  refuse.unless(params.irreversible.value_or(profile.irreversible) == profile.irreversible, wavelet,
                ", irreversible is ", params.irreversible.value_or(false) ? "True" : "False");
  refuse.unless(!profile.irreversible || (prepared.engine_may_lose && !params.max_error), wavelet,
                ", which can't keep a max_error or what this block is mapped to");
}

}  // namespace

const CodingProfile* coding_profile(const Params& params) {
  if (params.is_ht()) return nullptr;
  const uint32_t rsiz = params.rsiz < 0x100 ? params.rsiz : params.rsiz & 0xff00;
  const auto found = std::ranges::find(kProfiles, rsiz, &CodingProfile::rsiz);
  return found == std::end(kProfiles) ? nullptr : found;
}

Params with_profile(Params params, const SourceImage& image) {
  const CodingProfile* const profile = coding_profile(params);
  if (profile == nullptr) return params;
  const Params defaults;
  if (params.progression == defaults.progression) params.progression = Progression::kCprl;
  if (params.codeblock_size == defaults.codeblock_size && !profile->codeblock.is_zero()) {
    params.codeblock_size = profile->codeblock;
  }
  if (params.numgbits == defaults.numgbits && profile->guard_bits != 0) params.numgbits = profile->guard_bits;
  if (params.num_resolutions == defaults.num_resolutions) {
    constexpr uint32_t kOfBroadcast = 5;  // as Grok has it
    const uint32_t most = profile->codeblock.is_zero() ? kOfBroadcast : most_levels(*profile, params, image) + 1;
    params.num_resolutions = std::min(params.num_resolutions, most);
  }
  if (profile->has_mct && image.components.size() >= 3) params.mct = 1;
  return params;
}

void check_coding_profile(const CodingProfile& profile, const PreparedImage& prepared, const CodingJob& job) {
  const Refusal refuse(profile, prepared.params.rsiz);
  check_image(refuse, profile, prepared.image);
  check_tiles(refuse, profile, prepared.image, prepared.params);
  check_blocks(refuse, profile, prepared.params);
  check_coding(refuse, profile, prepared, job);
  check_rates(profile, prepared.image, prepared.params);
}

}  // namespace blosc2_grok
