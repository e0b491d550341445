// SPDX-License-Identifier: BSD-3-Clause
/// One HT set of passes of a code-block: cleanup at a bit-plane, refinement at the next lower one (ISO/IEC 15444-15 7).
#include "ht_passes.hpp"

namespace blosc2_grok::reference {

namespace {

Grid shifted(const BlockSamples& samples, int plane) {
  Grid grid(samples.width, samples.height);
  for (int64_t y = 0; y < samples.height; ++y)
    for (int64_t x = 0; x < samples.width; ++x) grid.set(x, y, samples.magnitude[y * samples.width + x] >> plane);
  return grid;
}

Grid bit_plane(const BlockSamples& samples, int plane) {
  Grid grid = shifted(samples, plane);
  for (int64_t y = 0; y < samples.height; ++y)
    for (int64_t x = 0; x < samples.width; ++x) grid.set(x, y, grid.get(x, y) & 1);
  return grid;
}

bool all_zero(const Grid& grid) {
  for (int64_t y = 0; y < grid.height(); ++y)
    for (int64_t x = 0; x < grid.width(); ++x)
      if (grid.significant(x, y)) return false;
  return true;
}

}  // namespace

std::vector<Segment> encode_ht_block(const BlockSamples& samples, int plane, int passes, bool vertically_causal) {
  const Grid mu = shifted(samples, plane);
  if (all_zero(mu)) return {};
  std::vector<Segment> segments = {{1, 1, encode_cleanup(mu, samples.negative)}};
  if (passes > 1) {
    const Grid bits = bit_plane(samples, plane - 1);
    segments.push_back({passes - 1, 2, encode_refinement(mu, bits, samples.negative, passes, vertically_causal)});
  }
  return segments;
}

BlockSamples decode_ht_block(const CodeBlock& block, int plane, bool vertically_causal) {
  BlockSamples samples(block.area.width(), block.area.height());
  Grid mu(samples.width, samples.height);
  const std::vector<Segment>& segments = block.segments;
  decode_cleanup(segments.at(0).bytes, mu, samples.negative);
  for (size_t i = 0; i < samples.magnitude.size(); ++i) {
    samples.magnitude[i] = mu.get(i % samples.width, i / samples.width) << plane;
    samples.lowest_plane[i] = plane;
  }
  if (segments.size() < 2) return samples;
  if (segments.size() > 2) throw Error("more than one set of HT passes is not covered");
  if (plane == 0) throw Error("HT refinement passes below the lowest bit-plane");
  const int passes = 1 + segments[1].passes;
  const Refinement lower = decode_refinement(segments[1].bytes, mu, samples.negative, passes, vertically_causal);
  for (size_t i = 0; i < samples.magnitude.size(); ++i) {
    if (!lower.refined[i]) continue;
    samples.magnitude[i] |= lower.bits.get(i % samples.width, i / samples.width) << (plane - 1);
    samples.lowest_plane[i] = plane - 1;
  }
  return samples;
}

}  // namespace blosc2_grok::reference
