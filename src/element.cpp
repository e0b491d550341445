// SPDX-License-Identifier: BSD-3-Clause
// IEEE 754 halves, singles and doubles, and integers of 8 to 64 bits.
#include "element.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace blosc2_grok {
namespace {

uint64_t sign_bit(const SampleType& element) { return uint64_t{1} << (element.bits() - 1); }
uint64_t all_bits(const SampleType& element) { return ~uint64_t{0} >> (64 - element.bits()); }

// binary16: 1 sign, 5 exponent and 10 fraction bits.
double number_of_half(uint64_t bits) {
  const auto exponent = static_cast<int>(bits >> 10 & 31);
  const auto fraction = static_cast<double>(bits & 1023);
  double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return (bits >> 15) != 0 ? -magnitude : magnitude;
}

uint64_t bits_of_half(double number) {
  const uint64_t sign = std::signbit(number) ? 0x8000 : 0;
  const double magnitude = std::fabs(number);
  if (std::isnan(number)) return sign | 0x7e00;
  if (std::isinf(number)) return sign | 0x7c00;  // ilogb of it is the largest int
  if (magnitude == 0) return sign;
  const int exponent = std::max(std::ilogb(magnitude), -14);
  // Rounded in units of the last place; a carry moves on into the exponent by itself.
  const double units = std::nearbyint(std::ldexp(magnitude, 10 - exponent));
  const double code = units + (exponent + 14) * 1024.0;
  return sign | static_cast<uint64_t>(std::min(code, 31744.0));
}

}  // namespace

uint64_t load_bits(const uint8_t* at, const SampleType& element) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < element.bytes; ++i) {
    const unsigned byte = element.is_big_endian ? element.bytes - 1u - i : i;
    bits |= uint64_t{at[byte]} << (8 * i);
  }
  return bits;
}

void store_bits(uint8_t* at, uint64_t bits, const SampleType& element) {
  for (unsigned i = 0; i < element.bytes; ++i) {
    const unsigned byte = element.is_big_endian ? element.bytes - 1u - i : i;
    at[byte] = static_cast<uint8_t>(bits >> (8 * i));
  }
}

uint64_t key_of(uint64_t bits, const SampleType& element) {
  if (element.is_float && (bits & sign_bit(element)) != 0) return ~bits & all_bits(element);
  return element.is_float || element.is_signed ? bits ^ sign_bit(element) : bits;
}

uint64_t bits_of_key(uint64_t key, const SampleType& element) {
  if (element.is_float && (key & sign_bit(element)) == 0) return ~key & all_bits(element);
  return element.is_float || element.is_signed ? key ^ sign_bit(element) : key;
}

Int128 integer_of(uint64_t bits, const SampleType& element) {
  if (!element.is_signed || (bits & sign_bit(element)) == 0) return static_cast<Int128>(bits);
  return static_cast<Int128>(bits) - (static_cast<Int128>(1) << element.bits());
}

double number_of(uint64_t bits, const SampleType& element) {
  if (!element.is_float) return static_cast<double>(integer_of(bits, element));
  if (element.bytes == 2) return number_of_half(bits);
  if (element.bytes == 4) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  return std::bit_cast<double>(bits);
}

uint64_t bits_of_integer(Int128 number, const SampleType& element) {
  const Int128 range = static_cast<Int128>(1) << element.bits();
  const Int128 least = element.is_signed ? -range / 2 : 0;
  const Int128 greatest = (element.is_signed ? range / 2 : range) - 1;
  return static_cast<uint64_t>(std::clamp(number, least, greatest)) & all_bits(element);
}

uint64_t bits_of_number(double number, const SampleType& element) {
  if (!element.is_float) {
    // Far beyond every integer type, so that the conversion itself is defined.
    return bits_of_integer(static_cast<Int128>(std::nearbyint(std::clamp(number, -1e30, 1e30))), element);
  }
  if (element.bytes == 2) return bits_of_half(number);
  if (element.bytes == 4) return std::bit_cast<uint32_t>(static_cast<float>(number));
  return std::bit_cast<uint64_t>(number);
}

}  // namespace blosc2_grok
