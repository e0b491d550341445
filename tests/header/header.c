/* SPDX-License-Identifier: BSD-3-Clause */
/* The public header needs nothing included before it, and may be included again: see the end. */
#include "blosc2_grok.h"

/* C99 has no static_assert: an array of negative size doesn't compile. */
typedef char magic_is_no_bool[(BLOSC2_GROK_PARAMS_MAGIC & 0xff) > 1 ? 1 : -1];
typedef char magic_comes_first[offsetof(blosc2_grok_params, magic) == 0 ? 1 : -1];
typedef char size_comes_second[offsetof(blosc2_grok_params, struct_size) == 4 ? 1 : -1];

const char *header_compiles_as_c(blosc2_grok_params *params);

const char *header_compiles_as_c(blosc2_grok_params *params) {
  blosc2_grok_params_init(params);
  params->compressParams.irreversible = true;
  params->streamParams.file = NULL;
  return blosc2_grok_version();
}

#include "blosc2_grok.h"
