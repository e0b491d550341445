// SPDX-License-Identifier: BSD-3-Clause
// codec_params of a C program: checked before it is read, then the same Params as everywhere.
#pragma once

#include "blosc2_grok.h"
#include "params.hpp"

namespace blosc2_grok {

// The struct behind a codec_params pointer. Throws Error(kCodecParam) for another magic or size.
const blosc2_grok_params& check_codec_params(const void* codec_params);

// Throws Error(kCodecParam) as parse_params does.
Params convert_params(const blosc2_grok_compress_params& compress);

}  // namespace blosc2_grok
