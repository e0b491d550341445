// SPDX-License-Identifier: BSD-3-Clause
// operator new and delete of the whole program; memory comes from malloc, so that the sanitizers see leaks.
#include "failing_allocator.hpp"

#include <cstdlib>
#include <new>

namespace blosc2_grok::test {
namespace {

thread_local int64_t left = 0;  // 0: off

bool is_the_one() { return left > 0 && --left == 0; }

void* allocate_or_null(std::size_t bytes) { return is_the_one() ? nullptr : std::malloc(bytes == 0 ? 1 : bytes); }

}  // namespace

void fail_allocation(int64_t n) { left = n; }

bool stop_failing() {
  const bool has_failed = left == 0;
  left = 0;
  return has_failed;
}

void* allocate(std::size_t bytes) {
  void* const pointer = allocate_or_null(bytes);
  if (pointer == nullptr) throw std::bad_alloc();
  return pointer;
}

}  // namespace blosc2_grok::test

void* operator new(std::size_t bytes) { return blosc2_grok::test::allocate(bytes); }
void* operator new[](std::size_t bytes) { return blosc2_grok::test::allocate(bytes); }
// std::stable_sort's buffer takes this one.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return blosc2_grok::test::allocate_or_null(bytes);
}
void operator delete(void* pointer) noexcept { std::free(pointer); }
void operator delete[](void* pointer) noexcept { std::free(pointer); }
void operator delete(void* pointer, std::size_t) noexcept { std::free(pointer); }
void operator delete[](void* pointer, std::size_t) noexcept { std::free(pointer); }
