// SPDX-License-Identifier: BSD-3-Clause
// Which engine takes which block.
#include "engine.hpp"

#include <algorithm>
#include <cstdlib>

#include "engine_list.hpp"

namespace blosc2_grok {
namespace {

// A name given in the environment counts where the parameters leave the choice open.
std::string wanted_name(EngineName name) {
  switch (name) {
    case EngineName::kOpenjpeg:
      return "openjpeg";
    case EngineName::kGrok:
      return "grok";
    case EngineName::kJ2k:
      return "j2k";
    case EngineName::kAuto:
      break;
  }
  const char* const environment = std::getenv("BLOSC2_GROK_ENGINE");
  return environment == nullptr || std::string_view(environment) == "auto" ? "" : environment;
}

std::string absence(const std::string& wanted) {
  std::string reason = text("engine '", wanted, "' is not in this build");
  if (wanted == "openjpeg") reason += ": it was made without BLOSC2_GROK_WITH_OPENJPEG";
  if (wanted == "grok") reason += ": it was made without BLOSC2_GROK_WITH_GROK, or without a libgrokj2k";
  return reason;
}

template <class Refusal>
std::vector<const Engine*> find(const std::string& wanted, Refusal&& refusal) {
  std::vector<const Engine*> able;
  std::string reasons;
  bool is_known = wanted.empty();
  for (const Engine* engine : engines()) {
    if (!wanted.empty() && engine->name() != wanted) continue;
    is_known = true;
    const std::string reason = refusal(*engine);
    if (reason.empty()) {
      able.push_back(engine);
      continue;
    }
    reasons += text(reasons.empty() ? "" : "; ", engine->name(), ": ", reason);
  }
  if (!able.empty()) return able;
  if (!is_known) throw Error(ErrorCode::kCodecSupport, absence(wanted));
  throw Error(ErrorCode::kCodecSupport, "no engine can do this: ", reasons);
}

}  // namespace

std::span<const Engine* const> engines() {
  static const auto list = make_engine_list();
  return list;
}

std::vector<const Engine*> find_encoders(const SourceImage& image, const CodingJob& job) {
  return find(wanted_name(job.params.engine), [&](const Engine& engine) { return engine.refusal(image, job); });
}

bool prefers_engine(EngineName name, const Params& params) {
  const std::string wanted = wanted_name(params.engine);
  for (const Engine* engine : engines()) {
    if (wanted.empty() || engine->name() == wanted) return engine->id() == name;
  }
  return false;
}

void decode_codestream(const TargetImage& image, ByteSpan codestream, const CodestreamHeader& header,
                       const DecodeOptions& options) {
  std::optional<Error> first_error;
  std::vector<const Engine*> able = find("", [&](const Engine& each) { return each.refusal(header, options); });
  std::ranges::stable_partition(able, [&](const Engine* engine) { return engine != options.witness_of; });
  for (const Engine* engine : able) {
    try {
      return engine->decode(image, codestream, header, options);
    } catch (const Error& e) {
      if (!first_error) first_error = e;
    }
  }
  throw *first_error;
}

// docs/design.md, "What was measured": where the open encoders were found wrong.
bool is_common(const SourceImage& image, const CodingJob& job) {
  const Params& params = job.params;
  const auto divides = [](uint32_t tile, uint32_t side) { return tile == 0 || tile >= side || side % tile == 0; };
  return params.offset.is_zero() && params.tile_offset.is_zero() && params.roi_compno < 0 && params.numgbits == 2 &&
         divides(params.tile_size.width, image.plane.columns) && divides(params.tile_size.height, image.plane.rows);
}

}  // namespace blosc2_grok
