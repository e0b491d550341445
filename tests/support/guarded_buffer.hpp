// SPDX-License-Identifier: BSD-3-Clause
// A destination that shows writes outside it: an unreadable page right behind its last byte, canaries before the first.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>

namespace blosc2_grok::test {

class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t size, uint8_t fill = 0xa5) : size_(size) {
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    // At least one byte of canary, whatever the size.
    inner_ = (size + page) / page * page;
    mapped_ = inner_ + page;
    void* const base = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<uint8_t*>(base);
    ::mprotect(base_ + inner_, page, PROT_NONE);
    std::fill_n(base_, inner_ - size_, kCanary);
    std::fill_n(data(), size_, fill);
  }
  ~GuardedBuffer() { ::munmap(base_, mapped_); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  uint8_t* data() { return base_ + inner_ - size_; }
  size_t size() const { return size_; }
  std::span<uint8_t> span() { return {data(), size_}; }
  bool canaries_are_intact() const {
    return std::all_of(base_, base_ + inner_ - size_, [](uint8_t byte) { return byte == kCanary; });
  }

 private:
  static constexpr uint8_t kCanary = 0xc9;
  size_t size_, inner_ = 0, mapped_ = 0;
  uint8_t* base_ = nullptr;
};

}  // namespace blosc2_grok::test
