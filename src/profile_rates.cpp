// SPDX-License-Identifier: BSD-3-Clause
#include "profile_rates.hpp"

#include <algorithm>
#include <array>

namespace blosc2_grok {
namespace {

constexpr uint32_t kCinema2k = 3, kCinema4k = 4, kFirstImf = 0x400;
constexpr uint32_t kUsualRate = 24;
constexpr uint64_t kCinemaBits = 250'000'000, kComponentBits = 200'000'000;  // a second
constexpr uint32_t kMostMainLevel = 11;
// Samples a second in millions, by main level; 0 says none.
constexpr std::array<uint64_t, kMostMainLevel + 1> kMegasamples{0,    65,   130,  195,  260,   520,
                                                                1200, 2400, 4800, 9600, 19200, 38400};

bool is_cinema(const CodingProfile& profile) { return profile.rsiz == kCinema2k || profile.rsiz == kCinema4k; }
bool is_imf(const CodingProfile& profile) { return profile.rsiz >= kFirstImf; }

uint32_t main_level(const Params& params) { return params.rsiz & 15; }
uint32_t sub_level(const Params& params) { return params.rsiz >> 4 & 15; }
// Without a main level every one is possible.
uint32_t most_sub_level(uint32_t main_level) { return main_level == 0 ? 9 : std::max(main_level, 3u) - 2; }
// IMF: 200 Mbit/s, doubled by each sub-level.
uint64_t bits_of_sub_level(uint32_t level) { return uint64_t{200'000'000} << (level - 1); }

uint64_t bytes_of_frame(uint64_t bits, uint32_t rate) { return bits / 8 / rate; }

template <class... Parts>
[[noreturn]] void refuse(const CodingProfile& profile, const Params& params, const Parts&... parts) {
  throw Error(ErrorCode::kCodecParam, "profile ", profile.name, " (rsiz=", params.rsiz, ") has ", parts...);
}

void check_cinema(const CodingProfile& profile, const Params& params) {
  constexpr std::array<uint32_t, 6> kRates{24, 25, 30, 48, 50, 60};
  const auto rates = std::span(kRates).first(profile.rsiz == kCinema2k ? 6 : 3);
  if (params.framerate == 0 || std::ranges::find(rates, params.framerate) != rates.end()) return;
  refuse(profile, params, profile.rsiz == kCinema2k ? "24, 25, 30, 48, 50 or 60" : "24, 25 or 30",
         " frames a second, framerate is ", params.framerate);
}

void check_imf(const CodingProfile& profile, const SourceImage& image, const Params& params) {
  const uint32_t main = main_level(params), sub = sub_level(params);
  if (main > kMostMainLevel) refuse(profile, params, "main levels up to 11 in the low 4 bits, this is ", main);
  if (sub > most_sub_level(main)) {
    refuse(profile, params, "sub-levels up to ", most_sub_level(main), " with main level ", main, ", this is ", sub);
  }
  if (params.framerate == 0) return;
  if (main == 0 && sub == 0) refuse(profile, params, "no level that framerate=", params.framerate, " could mean");
  const uint64_t samples =
      uint64_t{image.plane.rows} * image.plane.columns * image.components.size() * params.framerate;
  if (main > 0 && samples > kMegasamples[main] * 1'000'000) {
    refuse(profile, params, kMegasamples[main], " million samples a second in main level ", main,
           ", framerate=", params.framerate, " makes ", samples);
  }
}

}  // namespace

FrameBytes frame_bytes(const CodingProfile& profile, const Params& params) {
  if (is_cinema(profile)) {
    const uint32_t rate = params.framerate == 0 ? kUsualRate : params.framerate;
    FrameBytes bytes{bytes_of_frame(kCinemaBits, rate), bytes_of_frame(kComponentBits, rate)};
    if (params.max_comp_size != 0) bytes.component = std::min(bytes.component, params.max_comp_size);
    return bytes;
  }
  if (!is_imf(profile) || params.framerate == 0 || sub_level(params) == 0) return {};
  return {bytes_of_frame(bits_of_sub_level(sub_level(params)), params.framerate), 0};
}

bool limits_components(const Params& params) {
  const CodingProfile* const profile = coding_profile(params);
  return profile != nullptr && is_cinema(*profile);
}

void check_rates(const CodingProfile& profile, const SourceImage& image, const Params& params) {
  if (is_cinema(profile)) {
    check_cinema(profile, params);
  } else if (is_imf(profile)) {
    check_imf(profile, image, params);
  } else if (params.framerate != 0) {
    refuse(profile, params, "no frame rate, framerate is ", params.framerate);
  }
  Params unlimited = params;
  unlimited.max_comp_size = 0;
  const FrameBytes most = frame_bytes(profile, unlimited);
  if (most.codestream != 0 && params.max_cs_size > most.codestream) {
    refuse(profile, params, most.codestream, " bytes a frame at most, max_cs_size is ", params.max_cs_size);
  }
  if (most.component != 0 && params.max_comp_size > most.component) {
    refuse(profile, params, most.component, " bytes a component at most, max_comp_size is ", params.max_comp_size);
  }
}

uint64_t largest_component(ByteSpan codestream) {
  constexpr int kComponents = 3;
  constexpr size_t kPsot = 6, kSot = 12;
  uint64_t largest = 0;
  size_t at = parse_codestream_header(codestream).first_tile_part;
  for (int part = 0; part < kComponents && at + kSot <= codestream.size(); ++part) {
    const uint64_t length = load_big_endian(codestream.subspan(at + kPsot, 4));
    largest = std::max(largest, length);
    at += static_cast<size_t>(length);
  }
  return largest;
}

}  // namespace blosc2_grok
