// SPDX-License-Identifier: BSD-3-Clause
// A codestream that grows: like a vector of uint8_t, but `resize` leaves what it adds as it is, for others to fill.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace blosc2_grok::j2k {

template <class T>
struct UnfilledAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UnfilledAllocator<U>;
  };
  template <class U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <class U, class... Arguments>
  void construct(U* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) U(std::forward<Arguments>(arguments)...);
  }
};
using Bytes = std::vector<uint8_t, UnfilledAllocator<uint8_t>>;

}  // namespace blosc2_grok::j2k
