// SPDX-License-Identifier: BSD-3-Clause
// What the targets share: a check that stops the program, and options drawn from an input's last bytes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

namespace blosc2_grok::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Options come from the end, so that the front of an input stays a file that other programs read.
class Options {
 public:
  explicit Options(std::span<const uint8_t> input) : left_(input) {}

  uint8_t byte() {
    if (left_.empty()) return 0;
    const uint8_t last = left_.back();
    left_ = left_.first(left_.size() - 1);
    return last;
  }
  uint32_t number(int bytes) {
    uint32_t value = 0;
    while (bytes-- > 0) value = value << 8 | byte();
    return value;
  }
  template <class T, size_t N>
  const T& one_of(const T (&list)[N]) {
    return list[byte() % N];
  }
  std::span<const uint8_t> rest() const { return left_; }

 private:
  std::span<const uint8_t> left_;
};

}  // namespace blosc2_grok::fuzz
