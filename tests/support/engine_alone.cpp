// SPDX-License-Identifier: BSD-3-Clause
// The checks are those of an earlier plugin's block (src/decode.cpp): nothing of ours tells what the image must be.
#include "engine_alone.hpp"

#include <algorithm>

namespace blosc2_grok::test {
namespace {

struct Announced {
  CodestreamHeader header;
  PlaneView plane;
  size_t plane_bytes() const { return size_t{plane.rows} * plane.columns * plane.sample.bytes; }
};

std::optional<Announced> read_announced(ByteSpan codestream, unsigned reduce, uint64_t most_samples) {
  try {
    Announced announced{parse_codestream_header(codestream), {}};
    const CodestreamHeader& header = announced.header;
    const ComponentHeader first = header.components[0];
    const bool are_alike = std::ranges::all_of(header.components, [&](const ComponentHeader& each) {
      return each.bits == first.bits && each.is_signed == first.is_signed && each.dx == 1 && each.dy == 1;
    });
    const bool is_whole = reduce == 0 || (header.x0 == 0 && header.y0 == 0 && reduce <= header.decompositions);
    const uint64_t pixels = uint64_t{header.width()} * header.height();
    if (!are_alike || first.bits > 31 || !is_whole || pixels > most_samples ||
        pixels * header.components.size() > most_samples) {
      return std::nullopt;
    }
    const auto reduced = [reduce](uint64_t side) {
      return static_cast<uint32_t>((side + (uint64_t{1} << reduce) - 1) >> reduce);
    };
    const auto bytes = static_cast<uint8_t>(first.bits > 16 ? 4 : first.bits > 8 ? 2 : 1);
    const uint32_t columns = reduced(header.width());
    announced.plane = {{bytes, first.is_signed, false}, reduced(header.height()), columns, columns, 1};
    return announced;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<size_t> image_bytes(ByteSpan codestream, unsigned reduce, uint64_t most_samples) {
  const auto announced = read_announced(codestream, reduce, most_samples);
  if (!announced) return std::nullopt;
  return announced->plane_bytes() * announced->header.components.size();
}

Outcome decode_alone(const Engine& engine, ByteSpan codestream, unsigned reduce, std::span<uint8_t> block) {
  const auto announced = read_announced(codestream, reduce, UINT64_MAX);
  if (!announced) return Outcome::kRefused;
  DecodeOptions options;
  options.reduce = reduce;
  if (!engine.refusal(announced->header, options).empty()) return Outcome::kRefused;
  TargetImage target{announced->plane, announced->header.components[0].bits, {}};
  for (size_t i = 0; i < announced->header.components.size(); ++i) {
    target.components.push_back(block.data() + i * announced->plane_bytes());
  }
  try {
    engine.decode(target, codestream, announced->header, options);
    return Outcome::kDecoded;
  } catch (const Error&) {
    return Outcome::kError;
  }
}

const Engine* find_engine(std::string_view name) {
  const auto found = std::ranges::find(engines(), name, &Engine::name);
  return found == engines().end() ? nullptr : *found;
}

}  // namespace blosc2_grok::test
