// SPDX-License-Identifier: BSD-3-Clause
// 32-bit arithmetic that wraps, as the vector kernels' does: hostile coefficients must not be undefined behaviour.
#pragma once

#include <cstdint>

namespace blosc2_grok::j2k {

constexpr int32_t wrap_add(int32_t a, int32_t b) { return int32_t(uint32_t(a) + uint32_t(b)); }
constexpr int32_t wrap_sub(int32_t a, int32_t b) { return int32_t(uint32_t(a) - uint32_t(b)); }
constexpr int32_t wrap_double(int32_t a) { return int32_t(uint32_t(a) << 1); }

}  // namespace blosc2_grok::j2k
