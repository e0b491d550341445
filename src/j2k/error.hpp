// SPDX-License-Identifier: BSD-3-Clause
// The one exception type of the JPEG 2000 kernels: a sentence with the numbers in it.
#pragma once

#include <stdexcept>
#include <string>

namespace blosc2_grok::j2k {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {
inline std::string text(const char* value) { return value; }
inline std::string text(const std::string& value) { return value; }
template <class Number>
std::string text(Number value) {
  return std::to_string(value);
}
}  // namespace detail

// Throws an Error whose sentence is the arguments, one after the other.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  std::string sentence;
  ((sentence += detail::text(parts)), ...);
  throw Error(sentence);
}

}  // namespace blosc2_grok::j2k
