// SPDX-License-Identifier: BSD-3-Clause
// Arithmetic that wraps, as the vector kernels' does: hostile coefficients must not be undefined behaviour.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace blosc2_grok::j2k {

template <std::signed_integral T>
constexpr T wrap_add(T a, T b) {
  return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
}
template <std::signed_integral T>
constexpr T wrap_sub(T a, T b) {
  return T(std::make_unsigned_t<T>(a) - std::make_unsigned_t<T>(b));
}
template <std::signed_integral T>
constexpr T wrap_double(T a) {
  return T(std::make_unsigned_t<T>(a) << 1);
}

}  // namespace blosc2_grok::j2k
