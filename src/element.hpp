// SPDX-License-Identifier: BSD-3-Clause
// Single elements of any dtype as bits, as keys that keep their order, and as numbers. For mapped blocks, where being
// right comes before speed.
#pragma once

#include <cstdint>

#include "sample_type.hpp"

namespace blosc2_grok {

__extension__ typedef __int128 Int128;

// The element's bits in native order, and back.
uint64_t load_bits(const uint8_t* at, const SampleType& element);
void store_bits(uint8_t* at, uint64_t bits, const SampleType& element);

// An unsigned number that orders as the element does: for floats by sign and magnitude, NaNs at the ends.
uint64_t key_of(uint64_t bits, const SampleType& element);
uint64_t bits_of_key(uint64_t key, const SampleType& element);

// Integers exactly; floats in double precision, which holds every half and single.
Int128 integer_of(uint64_t bits, const SampleType& element);
double number_of(uint64_t bits, const SampleType& element);

// The element nearest to `number` (ties to even); integers are clipped to their range.
uint64_t bits_of_integer(Int128 number, const SampleType& element);
uint64_t bits_of_number(double number, const SampleType& element);

}  // namespace blosc2_grok
