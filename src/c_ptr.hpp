// SPDX-License-Identifier: BSD-3-Clause
// An owning pointer for an object of a C library, freed by that library's own function.
#pragma once

#include <memory>

namespace blosc2_grok {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

template <class T, auto kFree>
using CPtr = std::unique_ptr<T, Freer<kFree>>;

// `object` as the library returned it; throws std::bad_alloc for null.
template <class Pointer>
Pointer own(typename Pointer::pointer object) {
  if (object == nullptr) throw std::bad_alloc();
  return Pointer(object);
}

}  // namespace blosc2_grok
