// SPDX-License-Identifier: BSD-3-Clause
/// Random images and options: smooth, noise, extremes, sparse points, checkerboards; a third of all sides are tiny.
#include "random_case.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

namespace blosc2_grok::reference {

int64_t Random::below(int64_t below) {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<int64_t>((state_ >> 33) % static_cast<uint64_t>(below));
}

namespace {

/// 0 to 1 at one place.
double pattern(Random& random, int kind, int64_t x, int64_t y) {
  switch (kind) {
    case 0:
      return 0.5 + 0.45 * std::sin(x * 0.11) * std::cos(y * 0.07);
    case 1:
      return random.below(65536) / 65535.0;
    case 2:
      return random.one_in(2);
    case 3:
      return random.one_in(60);
    case 4:
      return (x + y) % 2;
    case 5:
      return 0;
    case 6:
      return x % 2;
    default:
      return 0.5 + 0.4 * std::sin(x * 0.05 + y * 0.03) + random.below(100) * 0.0005;
  }
}

std::vector<int32_t> random_plane(Random& random, const Image& image) {
  const int kind = random.below(8);
  const double range = std::ldexp(1.0, image.bits) - 1;
  const double lowest = image.is_signed ? -std::ldexp(1.0, image.bits - 1) : 0;
  std::vector<int32_t> plane;
  for (int64_t y = 0; y < image.height; ++y)
    for (int64_t x = 0; x < image.width; ++x)
      plane.push_back(static_cast<int32_t>(std::floor(pattern(random, kind, x, y) * range) + lowest));
  return plane;
}

int64_t random_side(Random& random, const CaseLimits& limits) {
  const int64_t count = limits.largest_side - limits.smallest_side + 1;
  return limits.smallest_side + random.below(random.one_in(3) ? std::min<int64_t>(count, 9) : count);
}

Image random_image(Random& random, const CaseLimits& limits) {
  constexpr int kBits[] = {8, 16, 12, 10, 1, 5};
  Image image;
  image.width = random_side(random, limits);
  image.height = random_side(random, limits);
  if (limits.offsets && random.one_in(2)) {
    image.x0 = random.below(80);
    image.y0 = random.below(80);
  }
  image.bits = std::min(kBits[random.below(6)], limits.most_bits);
  if (image.bits < limits.least_bits)
    image.bits = limits.least_bits + static_cast<int>(random.below(limits.most_bits - limits.least_bits + 1));
  image.is_signed = limits.is_signed && random.one_in(3);
  const bool gray = random.one_in(2);
  const int components = gray ? 1 : limits.one_or_three_components ? 3 : 2 + random.below(3);
  for (int c = 0; c < components; ++c) image.components.push_back(random_plane(random, image));
  return image;
}

void random_tiles(Random& random, const Image& image, Options& options) {
  options.tile_x0 = random.below(std::min<int64_t>(image.x0, 20) + 1);
  options.tile_y0 = random.below(std::min<int64_t>(image.y0, 20) + 1);
  options.tile_width = image.x0 - options.tile_x0 + 1 + random.below(70);
  options.tile_height = image.y0 - options.tile_y0 + 1 + random.below(70);
}

Options random_options(Random& random, const Image& image, const CaseLimits& limits) {
  Options o;
  o.resolutions = random.one_in(20) ? 33 : 1 + random.below(7);
  const int xcb = 2 + random.below(9);
  const int ycb = 2 + random.below(std::min(9, 11 - xcb));
  o.codeblock_width = 1 << xcb;
  o.codeblock_height = 1 << ycb;
  o.reversible = !limits.lossy || random.one_in(2);
  o.step = 1.0 / (1 << random.below(4));
  o.guard_bits = 3 + random.below(2);
  o.mct = image.components.size() >= 3 && random.one_in(2);
  o.progression = static_cast<Progression>(random.below(5));
  if (limits.tiles && random.one_in(2)) random_tiles(random, image, o);
  if (random.one_in(3))
    for (int i = 0; i < 3; ++i) o.precincts.push_back({1 + random.below(8), 1 + random.below(8)});
  if (limits.layers && random.one_in(4)) o.layers = 1 + random.below(4);
  o.tile_parts = random.one_in(4) ? 1 + random.below(4) : 1;
  o.derived_steps = limits.derived_steps && !o.reversible && o.resolutions < 8 && random.one_in(4);
  o.vertically_causal = limits.most_passes > 1 && random.one_in(4);
  o.placeholder_sets = random.one_in(4) ? random.below(limits.most_placeholder_sets + 1) : 0;
  o.sop = random.one_in(4);
  o.eph = random.one_in(4);
  o.passes = 1 + random.below(limits.most_passes);
  o.skipped_planes = random.below(limits.most_skipped_planes + 1);
  return o;
}

}  // namespace

Case random_case(uint64_t seed, const CaseLimits& limits) {
  Random random(seed);
  Image image = random_image(random, limits);
  Options options = random_options(random, image, limits);
  return {std::move(image), std::move(options)};
}

std::string describe(const Case& c) {
  const Image& i = c.image;
  const Options& o = c.options;
  std::ostringstream s;
  s << i.width << "x" << i.height << " at " << i.x0 << "," << i.y0 << ", " << i.components.size() << " of " << i.bits
    << (i.is_signed ? " signed" : "") << " bits; " << (o.reversible ? "5/3" : "9/7 step ");
  if (!o.reversible) s << o.step;
  s << ", " << o.resolutions << " resolutions, blocks " << o.codeblock_width << "x" << o.codeblock_height << ", tiles "
    << o.tile_width << "x" << o.tile_height << " at " << o.tile_x0 << "," << o.tile_y0 << ", order "
    << static_cast<int>(o.progression) << ", guard " << o.guard_bits << ", mct " << o.mct << ", layers " << o.layers
    << ", parts " << o.tile_parts << ", derived " << o.derived_steps << ", causal " << o.vertically_causal
    << ", placeholders " << o.placeholder_sets << ", passes " << o.passes << ", skipped " << o.skipped_planes
    << ", sop " << o.sop << ", eph " << o.eph << ", precincts";
  for (const auto& [x, y] : o.precincts) s << " " << x << "," << y;
  return s.str();
}

int64_t largest_difference(const Image& a, const Image& b) {
  if (a.width != b.width || a.height != b.height || a.components.size() != b.components.size()) return int64_t{1} << 40;
  int64_t largest = 0;
  for (size_t c = 0; c < a.components.size(); ++c)
    for (size_t i = 0; i < a.components[c].size(); ++i)
      largest = std::max(largest, std::abs(int64_t{a.components[c][i]} - b.components[c][i]));
  return largest;
}

}  // namespace blosc2_grok::reference
