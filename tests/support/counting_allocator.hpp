// SPDX-License-Identifier: BSD-3-Clause
// How much memory the process asked for at most: every malloc counts, the engine's too. Link counting_allocator.cpp.
#pragma once

#include <cstddef>

namespace blosc2_grok::test {

// Forgets the peak; the count starts at what is allocated now.
void start_counting();
// The most bytes that were allocated at once since then, beyond what was allocated at its start.
size_t peak_bytes();

}  // namespace blosc2_grok::test
