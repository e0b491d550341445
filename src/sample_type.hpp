// SPDX-License-Identifier: BSD-3-Clause
// NumPy's dtype strings <-> bytes, sign and byte order of a sample.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace blosc2_grok {

static_assert(std::endian::native == std::endian::little, "byte order is resolved for little-endian machines");

// One element as it lies in the block. Engines see integers of 1, 2 or 4 bytes; the others are mapped to such first.
struct SampleType {
  uint8_t bytes = 1;  // 1, 2, 4 or 8
  bool is_signed = false;
  bool is_big_endian = false;
  bool is_float = false;

  unsigned bits() const { return 8u * bytes; }
  // Whether engines take it as it is.
  bool is_direct() const { return bytes <= 2 && !is_float; }
  bool operator==(const SampleType&) const = default;
};

struct Dtype {
  SampleType sample;
  bool is_known = false;  // false: sign and byte order are for the encoder to find ("|V2", "")
  int32_t parts = 1;      // 2: complex, two floats to an element
  bool is_boolean = false;
};

// `itemsize` is the host's bytes per element. Throws Error(kCodecSupport), naming the dtype, for what can't be coded.
Dtype parse_dtype(std::string_view dtype, int32_t itemsize);

// "<u2", "|i1", "<f4", as NumPy writes it.
std::string format_dtype(const SampleType& sample);

// Calls `body` with a value of the C++ type of `sample`, integers of 1, 2 or 4 bytes in native order: the one place of
// the fast path that branches on dtype.
template <class Body>
decltype(auto) with_sample_type(const SampleType& sample, Body&& body) {
  if (sample.bytes == 1) return sample.is_signed ? body(int8_t{}) : body(uint8_t{});
  if (sample.bytes == 4) return sample.is_signed ? body(int32_t{}) : body(uint32_t{});
  return sample.is_signed ? body(int16_t{}) : body(uint16_t{});
}

}  // namespace blosc2_grok
