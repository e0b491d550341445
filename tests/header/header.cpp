// SPDX-License-Identifier: BSD-3-Clause
// The public header in C++: C linkage, plain structs.
#include <type_traits>

#include "blosc2_grok.h"

static_assert(std::is_standard_layout<blosc2_grok_params>::value, "a C struct");
static_assert(std::is_standard_layout<blosc2_grok_block>::value, "a C struct");
static_assert(std::is_trivial<blosc2_grok_message>::value, "a C struct");

extern "C" int64_t (*const decode)(uint8_t *, size_t, const uint8_t *, size_t, int32_t);
int64_t (*const decode)(uint8_t *, size_t, const uint8_t *, size_t, int32_t) = blosc2_grok_decode;
