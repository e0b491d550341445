// SPDX-License-Identifier: BSD-3-Clause
// Makes the n-th allocation by operator new fail. Link failing_allocator.cpp.
#pragma once

#include <cstdint>

namespace blosc2_grok::test {

// From now on the n-th `new` on this thread throws std::bad_alloc, once; 1 is the next one.
void fail_allocation(int64_t n);
// Switches that off; whether it happened.
bool stop_failing();

}  // namespace blosc2_grok::test
