// SPDX-License-Identifier: BSD-3-Clause
// What a profile of Part 1 allows (ISO/IEC 15444-1 A.10): a stream must not say that it is less than it is.
#pragma once

#include "engine.hpp"

namespace blosc2_grok {

constexpr uint32_t kProfile0 = 1, kProfile1 = 2;  // Rsiz

inline bool is_part1_profile(uint32_t rsiz) { return rsiz == kProfile0 || rsiz == kProfile1; }

// Throws Error(kCodecParam) naming the parameter that profile 0 or 1 forbids. Others are their engine's.
void check_profile(const SourceImage& image, const CodingJob& job);

}  // namespace blosc2_grok
