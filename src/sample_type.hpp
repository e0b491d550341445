// SPDX-License-Identifier: BSD-3-Clause
// NumPy's dtype strings <-> bytes, sign and byte order of a sample.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace blosc2_grok {

static_assert(std::endian::native == std::endian::little, "byte order is resolved for little-endian machines");

// One integer sample as it lies in the block.
struct SampleType {
  uint8_t bytes = 1;  // 1 or 2
  bool is_signed = false;
  bool is_big_endian = false;

  unsigned bits() const { return 8u * bytes; }
  bool operator==(const SampleType&) const = default;
};

struct Dtype {
  SampleType sample;
  bool is_known = false;  // false: sign and byte order are for the encoder to find ("|V2", "")
};

// `itemsize` is the host's bytes per element. Throws Error(kCodecSupport), naming the dtype, for what can't be coded.
Dtype parse_dtype(std::string_view dtype, int32_t itemsize);

// "<u2", "|i1", as NumPy writes it.
std::string format_dtype(const SampleType& sample);

// Calls `body` with a value of the C++ type of `sample`, in native order: the one place that branches on dtype.
template <class Body>
decltype(auto) with_sample_type(const SampleType& sample, Body&& body) {
  if (sample.bytes == 1) return sample.is_signed ? body(int8_t{}) : body(uint8_t{});
  return sample.is_signed ? body(int16_t{}) : body(uint16_t{});
}

}  // namespace blosc2_grok
