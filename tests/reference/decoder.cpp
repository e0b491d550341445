// SPDX-License-Identifier: BSD-3-Clause
/// The reference decoder: packets, block coders, dequantization, wavelet and colour, tile by tile.
#include "color.hpp"
#include "markers.hpp"
#include "packet.hpp"
#include "quantizer.hpp"

namespace blosc2_grok::reference {

namespace {

/// The contiguous codestream box of a JP2 or JPH file (ISO/IEC 15444-1 I.5.4), or the bytes as they are.
Bytes find_codestream(const Bytes& bytes) {
  if (bytes.size() < 12 || bytes[4] != 'j' || bytes[5] != 'P') return bytes;
  const auto number = [&](size_t at, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | bytes.at(at + i);
    return value;
  };
  size_t position = 0;
  while (position + 8 <= bytes.size()) {
    uint64_t length = number(position, 4);
    const uint64_t type = number(position + 4, 4);
    const size_t header = length == 1 ? 16 : 8;
    if (length == 1) length = number(position + 8, 8);
    if (length == 0) length = bytes.size() - position;
    if (length < header || length > bytes.size() - position) throw Error("JP2 box runs past the end");
    if (type == 0x6A703263)  // "jp2c"
      return Bytes(bytes.begin() + position + header, bytes.begin() + position + length);
    position += length;
  }
  throw Error("JP2 file without a codestream");
}

BlockSamples decode_block(const CodeBlock& block, const ComponentParameters& parameters, const Band& band) {
  const int planes = magnitude_planes(parameters, band) - block.zero_planes;
  if (planes < 1) throw Error("code-block with more missing bit-planes than there are");
  if (planes > 62) throw Error("code-block with more than 62 bit-planes");
  const int style = parameters.coding.style;
  if (style & kHighThroughput) return decode_ht_block(block, planes - 1, style & kVerticallyCausal);
  return decode_mq_block(block, planes, style, band.orientation);
}

Plane decode_component(const TileComponent& component, const ComponentParameters& parameters, int bits) {
  std::vector<Plane> bands;
  for (const Resolution& resolution : component.resolutions)
    for (const Band& band : resolution.bands) bands.emplace_back(band.area);
  for (const Resolution& resolution : component.resolutions)
    for (const Precinct& precinct : resolution.precincts)
      for (size_t b = 0; b < precinct.bands.size(); ++b)
        for (const CodeBlock& block : precinct.bands[b].blocks) {
          if (!block.included) continue;
          const Band& band = resolution.bands[b];
          dequantize(decode_block(block, parameters, band), block.area, step_value(parameters, band, bits),
                     parameters.coding.reversible, bands[band.index]);
        }
  return inverse_wavelet(bands, component, parameters.coding.reversible);
}

void decode_tile(const TileStream& stream, int64_t index, Image& image) {
  const Parameters& p = stream.parameters;
  Tile tile = make_tile(p, index);
  read_packets(p, stream.data, tile);
  std::vector<Plane> planes;
  for (size_t c = 0; c < tile.components.size(); ++c)
    planes.push_back(decode_component(tile.components[c], p.components[c], p.siz.bits));
  if (p.mct && planes.size() < 3) throw Error("colour transform of fewer than three components");
  if (p.mct) inverse_color(planes, p.components[0].coding.reversible);
  for (size_t c = 0; c < planes.size(); ++c) put_samples(planes[c], static_cast<int>(c), image);
}

Image blank_image(const Siz& siz) {
  Image image;
  image.width = siz.x1 - siz.x0;
  image.height = siz.y1 - siz.y0;
  image.x0 = siz.x0;
  image.y0 = siz.y0;
  image.bits = siz.bits;
  image.is_signed = siz.is_signed;
  image.components.assign(siz.components, std::vector<int32_t>(image.width * image.height));
  return image;
}

}  // namespace

Image decode(const Bytes& bytes) {
  const Codestream stream = read_codestream(find_codestream(bytes));
  Image image = blank_image(stream.parameters.siz);
  for (size_t t = 0; t < stream.tiles.size(); ++t) {
    if (!stream.tiles[t].seen) throw Error("tile without tile-parts");
    decode_tile(stream.tiles[t], t, image);
  }
  return image;
}

}  // namespace blosc2_grok::reference
