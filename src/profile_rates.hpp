// SPDX-License-Identifier: BSD-3-Clause
// Bytes of a frame: what cinema allows at a frame rate, and the levels of broadcast and IMF (ISO/IEC 15444-1 A.10.4).
#pragma once

#include "coding_profile.hpp"

namespace blosc2_grok {

// Most bytes of a codestream and, in cinema, of a component at the size of 2K; 0: no limit.
struct FrameBytes {
  uint64_t codestream = 0, component = 0;
};
FrameBytes frame_bytes(const CodingProfile& profile, const Params& params);

// Whether it is cinema, where `max_comp_size` is about each of three components.
bool limits_components(const Params& params);

// Throws Error(kCodecParam) for levels and frame rates that the profile does not have, an image that is too large for
// them, and limits that the parameters set above them.
void check_rates(const CodingProfile& profile, const SourceImage& image, const Params& params);

// The largest tile-part of a component at the size of 2K, headers included: one of the first three.
uint64_t largest_component(ByteSpan codestream);

}  // namespace blosc2_grok
