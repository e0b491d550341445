// SPDX-License-Identifier: BSD-3-Clause
// The dtypes that are coded, and the sentence for those that are not.
#include "sample_type.hpp"

#include <algorithm>
#include <array>

#include "error.hpp"

namespace blosc2_grok {
namespace {

struct KnownDtype {
  std::string_view name;  // without byte order
  SampleType sample;
  int32_t parts = 1;
};

constexpr std::array kKnown{
    KnownDtype{"b1", {1, false, false, false}},  KnownDtype{"u1", {1, false, false, false}},
    KnownDtype{"u2", {2, false, false, false}},  KnownDtype{"u4", {4, false, false, false}},
    KnownDtype{"u8", {8, false, false, false}},  KnownDtype{"i1", {1, true, false, false}},
    KnownDtype{"i2", {2, true, false, false}},   KnownDtype{"i4", {4, true, false, false}},
    KnownDtype{"i8", {8, true, false, false}},   KnownDtype{"f2", {2, true, false, true}},
    KnownDtype{"f4", {4, true, false, true}},    KnownDtype{"f8", {8, true, false, true}},
    KnownDtype{"c8", {4, true, false, true}, 2}, KnownDtype{"c16", {8, true, false, true}, 2},
};

[[noreturn]] void refuse(std::string_view dtype, int32_t itemsize) {
  throw Error(
      ErrorCode::kCodecSupport, "dtype '", dtype, "' of ", itemsize,
      " bytes can't be coded: booleans, integers of 8 to 64 bits, floats of 16 to 64 bits and complex numbers can");
}

// An unknown dtype is coded by the size of its elements.
Dtype opaque(int32_t itemsize, std::string_view dtype) {
  if (itemsize != 1 && itemsize != 2 && itemsize != 4 && itemsize != 8) refuse(dtype, itemsize);
  return {{static_cast<uint8_t>(itemsize), false, false, false}, false, 1, false};
}

}  // namespace

Dtype parse_dtype(std::string_view dtype, int32_t itemsize) {
  constexpr std::string_view kOrders = "<>|=";
  if (dtype.empty()) return opaque(itemsize, dtype);
  const bool has_order = kOrders.find(dtype[0]) != kOrders.npos;
  const std::string_view name = dtype.substr(has_order ? 1 : 0);
  if (name.size() >= 2 && name[0] == 'V') return opaque(itemsize, dtype);
  const auto* const known = std::ranges::find(kKnown, name, &KnownDtype::name);
  if (known == kKnown.end()) refuse(dtype, itemsize);
  Dtype found{known->sample, true, known->parts, name == "b1"};
  found.sample.is_big_endian = found.sample.bytes > 1 && dtype[0] == '>';
  return found;
}

std::string format_dtype(const SampleType& sample) {
  const char order = sample.bytes == 1 ? '|' : sample.is_big_endian ? '>' : '<';
  const char kind = sample.is_float ? 'f' : sample.is_signed ? 'i' : 'u';
  return {order, kind, static_cast<char>('0' + sample.bytes)};
}

}  // namespace blosc2_grok
