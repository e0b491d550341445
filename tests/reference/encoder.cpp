// SPDX-License-Identifier: BSD-3-Clause
/// The reference encoder: each step of ISO/IEC 15444-1 on whole tiles, HT block coding of ISO/IEC 15444-15.
#include <algorithm>
#include <bit>
#include <cmath>

#include "color.hpp"
#include "markers.hpp"
#include "packet.hpp"
#include "quantizer.hpp"

namespace blosc2_grok::reference {

namespace {

int exact_log2(int value) {
  if (value < 4 || value > 1024 || !std::has_single_bit(static_cast<unsigned>(value)))
    throw Error("code-block sides are powers of two from 4 to 1024");
  return floor_log2(value);
}

Coding make_coding(const Options& options) {
  Coding coding;
  coding.levels = options.resolutions - 1;
  coding.xcb = exact_log2(options.codeblock_width);
  coding.ycb = exact_log2(options.codeblock_height);
  if (coding.xcb + coding.ycb > 12) throw Error("code-blocks hold at most 4096 samples");
  coding.style = kHighThroughput | (options.vertically_causal ? kVerticallyCausal : 0);
  coding.reversible = options.reversible;
  for (int r = 0; r < options.resolutions; ++r) {
    const size_t last = options.precincts.size();
    coding.precincts.push_back(last == 0 ? std::pair(15, 15) : options.precincts[std::min<size_t>(r, last - 1)]);
  }
  return coding;
}

/// Lossless: epsilon_b = R_b (E.1.1), one more for the chroma of the RCT. Lossy: the same step everywhere; or that
/// of the lowest band, from which the others are derived (E-5), so that theirs end below four times `step`.
Quantization make_quantization(const Options& options, int bits) {
  Quantization q;
  q.style = options.reversible ? 0 : options.derived_steps ? 1 : 2;
  q.guard_bits = options.guard_bits;
  const double step = q.style == 1 ? std::ldexp(options.step, 1 - options.resolutions) : options.step;
  const int count = q.style == 1 ? 1 : 3 * options.resolutions - 2;
  for (int index = 0; index < count; ++index) {
    const Orientation o = index == 0 ? Orientation::LL : static_cast<Orientation>((index - 1) % 3 + 1);
    const int exponent = std::min(31, bits + gain_bits(o) + (options.mct ? 1 : 0));
    q.steps.push_back(options.reversible ? StepSize{exponent, 0} : make_step(step, bits, o));
  }
  if (q.style == 1 && q.steps[0].exponent < options.resolutions - 2) throw Error("too many levels for derived steps");
  return q;
}

Siz make_siz(const Image& image, const Options& options) {
  Siz s;
  s.x0 = image.x0, s.y0 = image.y0;
  s.x1 = image.x0 + image.width, s.y1 = image.y0 + image.height;
  s.tile_x0 = options.tile_x0, s.tile_y0 = options.tile_y0;
  s.tile_width = options.tile_width > 0 ? options.tile_width : s.x1 - s.tile_x0;
  s.tile_height = options.tile_height > 0 ? options.tile_height : s.y1 - s.tile_y0;
  s.components = static_cast<int>(image.components.size());
  s.bits = image.bits;
  s.is_signed = image.is_signed;
  if (image.width < 1 || image.height < 1 || s.components < 1) throw Error("image without samples");
  if (s.tile_x0 > s.x0 || s.tile_y0 > s.y0 || s.tile_x0 + s.tile_width <= s.x0 || s.tile_y0 + s.tile_height <= s.y0)
    throw Error("the first tile must hold the first sample");
  return s;
}

void check(const Image& image, const Options& o) {
  if (o.resolutions < 1 || o.resolutions > 33) throw Error("1 to 33 resolutions");
  if (o.guard_bits < 0 || o.guard_bits > 7) throw Error("0 to 7 guard bits");
  if (o.passes < 1 || o.passes > 3) throw Error("1 to 3 passes");
  if (o.placeholder_sets < 0 || o.placeholder_sets > 50) throw Error("0 to 50 placeholder sets");
  if (o.tile_parts < 1 || o.tile_parts > 255) throw Error("1 to 255 tile-parts");
  if (o.layers < 1 || o.layers > 65535) throw Error("1 to 65535 layers");
  if (o.mct && image.components.size() < 3) throw Error("a colour transform needs three components");
  if (image.bits < 1 || image.bits > (image.is_signed ? 32 : 31)) throw Error("samples of 1 to 31 bits, or 32 signed");
  for (const auto& plane : image.components)
    if (static_cast<int64_t>(plane.size()) != image.width * image.height) throw Error("component of another size");
}

std::vector<Plane> tile_planes(const Image& image, const Parameters& p, const Tile& tile) {
  std::vector<Plane> planes;
  for (int c = 0; c < p.siz.components; ++c) planes.push_back(take_samples(image, c, tile.area));
  if (p.mct) forward_color(planes, p.components[0].coding.reversible);
  return planes;
}

void encode_block(CodeBlock& block, const BlockSamples& samples, int planes, const Options& options) {
  const uint64_t largest = *std::max_element(samples.magnitude.begin(), samples.magnitude.end());
  if (static_cast<int>(std::bit_width(largest)) > planes) throw Error("more guard bits are needed");
  const int cleanup_plane = options.skipped_planes + (options.passes > 1 ? 1 : 0);
  if (cleanup_plane >= planes) return;
  block.placeholder_sets = std::min(options.placeholder_sets, planes - 1 - cleanup_plane);
  block.zero_planes = planes - 1 - cleanup_plane - block.placeholder_sets;
  block.segments = encode_ht_block(samples, cleanup_plane, options.passes, options.vertically_causal);
}

void encode_component(const ComponentParameters& parameters, const Plane& samples, const Options& options, int bits,
                      TileComponent& component) {
  const std::vector<Plane> bands = forward_wavelet(samples, component, parameters.coding.reversible);
  for (Resolution& resolution : component.resolutions)
    for (Precinct& precinct : resolution.precincts)
      for (size_t b = 0; b < precinct.bands.size(); ++b) {
        const Band& band = resolution.bands[b];
        const double step = step_value(parameters, band, bits);
        int number = 0;
        for (CodeBlock& block : precinct.bands[b].blocks) {
          encode_block(block, quantize(bands[band.index], block.area, step), magnitude_planes(parameters, band),
                       options);
          const int first = number++ % options.layers;
          block.segment_layer = {first, std::min(first + 1, options.layers - 1)};
          block.segment_layer.resize(block.segments.size());
        }
      }
}

std::vector<Bytes> encode_tile(const Image& image, const Parameters& p, const Options& options, int64_t index) {
  Tile tile = make_tile(p, index);
  const std::vector<Plane> planes = tile_planes(image, p, tile);
  for (size_t c = 0; c < planes.size(); ++c)
    encode_component(p.components[c], planes[c], options, p.siz.bits, tile.components[c]);
  return write_packets(p, tile);
}

/// The packets of one tile-part, about as many as of the others.
std::vector<Bytes> share(const std::vector<Bytes>& packets, int part, int parts) {
  const auto begin = packets.begin() + packets.size() * part / parts;
  return std::vector<Bytes>(begin, packets.begin() + packets.size() * (part + 1) / parts);
}

}  // namespace

Parameters make_parameters(const Image& image, const Options& options) {
  check(image, options);
  Parameters p;
  p.siz = make_siz(image, options);
  p.progression = options.progression;
  p.layers = options.layers;
  p.mct = options.mct;
  p.sop = options.sop;
  p.eph = options.eph;
  p.components.assign(p.siz.components, {make_coding(options), make_quantization(options, image.bits)});
  return p;
}

Bytes encode(const Image& image, const Options& options) {
  const Parameters p = make_parameters(image, options);
  std::vector<std::vector<Bytes>> packets;
  for (int64_t t = 0; t < tile_count(p.siz); ++t) packets.push_back(encode_tile(image, p, options, t));
  Bytes out = write_main_header(p);
  for (int part = 0; part < options.tile_parts; ++part)
    for (size_t t = 0; t < packets.size(); ++t) {
      const Bytes bytes = write_tile_part(t, part, options.tile_parts, share(packets[t], part, options.tile_parts));
      out.insert(out.end(), bytes.begin(), bytes.end());
    }
  out.insert(out.end(), {0xFF, 0xD9});
  return out;
}

}  // namespace blosc2_grok::reference
