// SPDX-License-Identifier: BSD-3-Clause
// Big-endian numbers at the end of a codestream.
#pragma once

#include "bytes.hpp"

namespace blosc2_grok::j2k {

inline void put8(Bytes& out, uint32_t value) { out.push_back(uint8_t(value)); }
inline void put16(Bytes& out, uint32_t value) { put8(out, value >> 8), put8(out, value); }
inline void put32(Bytes& out, uint32_t value) { put16(out, value >> 16), put16(out, value); }

}  // namespace blosc2_grok::j2k
