// SPDX-License-Identifier: BSD-3-Clause
// The dtypes that are coded, and the sentence for those that are not.
#include "sample_type.hpp"

#include "error.hpp"

namespace blosc2_grok {
namespace {

// An unknown dtype is coded by the size of its elements.
Dtype opaque(int32_t itemsize, std::string_view dtype) {
  if (itemsize == 1 || itemsize == 2) return {{static_cast<uint8_t>(itemsize), false, false}, false};
  throw Error(ErrorCode::kCodecSupport, "dtype '", dtype, "' of ", itemsize,
              " bytes can't be coded: 8- and 16-bit integers can");
}

}  // namespace

Dtype parse_dtype(std::string_view dtype, int32_t itemsize) {
  const std::string_view order = "<>|=";
  if (dtype.empty()) return opaque(itemsize, dtype);
  const bool has_order = order.find(dtype[0]) != order.npos;
  const std::string_view kind = dtype.substr(has_order ? 1 : 0);
  if (kind.size() >= 2 && kind[0] == 'V') return opaque(itemsize, dtype);
  if (kind == "u1" || kind == "i1" || kind == "u2" || kind == "i2") {
    const auto bytes = static_cast<uint8_t>(kind[1] - '0');
    return {{bytes, kind[0] == 'i', bytes == 2 && dtype[0] == '>'}, true};
  }
  throw Error(ErrorCode::kCodecSupport, "dtype '", dtype,
              "' can't be coded: this version takes 8- and 16-bit integers (uint8, int8, uint16, int16)");
}

std::string format_dtype(const SampleType& sample) {
  const char order = sample.bytes == 1 ? '|' : sample.is_big_endian ? '>' : '<';
  return {order, sample.is_signed ? 'i' : 'u', static_cast<char>('0' + sample.bytes)};
}

}  // namespace blosc2_grok
