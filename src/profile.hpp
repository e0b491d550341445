// SPDX-License-Identifier: BSD-3-Clause
// What a profile of Part 1 allows (ISO/IEC 15444-1 A.10): a stream must not say that it is less than it is.
#pragma once

#include "prepare.hpp"

namespace blosc2_grok {

constexpr uint32_t kProfile0 = 1, kProfile1 = 2;  // Rsiz

// Throws Error(kCodecParam) naming what the profile forbids, Error(kCodecSupport) for one that nobody here writes.
void check_profile(const PreparedImage& prepared, const CodingJob& job);

}  // namespace blosc2_grok
