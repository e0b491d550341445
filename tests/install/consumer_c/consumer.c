/* SPDX-License-Identifier: BSD-3-Clause */
/* A stranger's C99 program: one image there and back, and an error with its reason. */
#include <blosc2_grok.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 48, COLUMNS = 64, BYTES = 2 * ROWS * COLUMNS };

static int fail(const char *what) {
  blosc2_grok_message message = {.struct_size = sizeof message};
  fprintf(stderr, "%s\n", what);
  if (blosc2_grok_next_message(0, BLOSC2_GROK_MESSAGE_ERROR, &message) == 1) fprintf(stderr, "%s\n", message.text);
  return 1;
}

int main(void) {
  static uint16_t image[ROWS * COLUMNS], decoded[ROWS * COLUMNS];
  static uint8_t encoded[BYTES];
  blosc2_grok_block block = {.struct_size = sizeof block,
                             .ndim = 2,
                             .array_shape = {ROWS, COLUMNS},
                             .block_shape = {ROWS, COLUMNS},
                             .dtype = "<u2"};
  blosc2_grok_params params;
  blosc2_grok_message message = {.struct_size = sizeof message};
  uint8_t packed[1024];
  int64_t size, packed_size;
  char version[32];

  snprintf(version, sizeof version, "%d.%d.%d", BLOSC2_GROK_VERSION_MAJOR, BLOSC2_GROK_VERSION_MINOR,
           BLOSC2_GROK_VERSION_PATCH);
  if (strcmp(blosc2_grok_version(), version) != 0) return fail("header and library differ in version");
  blosc2_grok_params_init(&params);
  if (params.magic != BLOSC2_GROK_PARAMS_MAGIC || params.struct_size != sizeof params) return fail("params_init");

  for (int i = 0; i < ROWS * COLUMNS; i++) image[i] = (uint16_t)(1000 + 3 * (i / COLUMNS) + 5 * (i % COLUMNS));
  size = blosc2_grok_encode(encoded, BYTES, (const uint8_t *)image, BYTES, &block, NULL, 0, 0);
  if (size <= 0) return fail("encode");
  if (blosc2_grok_decode((uint8_t *)decoded, BYTES, encoded, (size_t)size, 1) != BYTES) return fail("decode");
  if (memcmp(image, decoded, BYTES) != 0) return fail("the image came back changed");

  params.compressParams.allocationByRateDistoration = true;
  params.compressParams.numlayers = 1;
  params.compressParams.layer_rate[0] = 8;
  packed_size = blosc2_grok_pack_params(packed, sizeof packed, &params, NULL, 0);
  if (packed_size <= 0 || packed_size > (int64_t)sizeof packed) return fail("pack_params");
  size = blosc2_grok_encode(encoded, BYTES, (const uint8_t *)image, BYTES, &block, packed, (size_t)packed_size, 0);
  if (size <= 0 || size > BYTES / 8) return fail("encode at a rate");

  if (blosc2_grok_decode((uint8_t *)decoded, BYTES, encoded, (size_t)size / 2, 1) >= 0) return fail("half a block");
  if (blosc2_grok_next_message(0, BLOSC2_GROK_MESSAGE_ERROR, &message) != 1) return fail("no reason for the error");
  printf("blosc2_grok %s: %d bytes in %d; half of them: %s\n", version, BYTES, (int)size, message.text);
  return 0;
}
