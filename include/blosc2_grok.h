/* SPDX-License-Identifier: BSD-3-Clause */
/** The C API of blosc2_grok, the JPEG 2000 codec plugin of Blosc2 (codec id 37).
 *
 *  Blosc2 itself needs nothing from here: it finds the codec through the exported symbol `info`. This header is for
 *  programs that set process-wide parameters, read the reasons of errors, or code single blocks without Blosc2.
 *
 *  Conventions. Every function may be called from several threads at once. Parameters travel as one "packed" value: a
 *  MessagePack map from parameter name to value, the same map that the metalayer `grok` of an array holds (docs/format.md
 *  lists names and types). Names left out have their factory defaults. Functions return a count or 0 on success and a
 *  negative BLOSC2_ERROR_* value on failure; the reason is then in the message ring, and in `reason` where one is taken.
 */
#ifndef BLOSC2_GROK_H
#define BLOSC2_GROK_H

#include <stddef.h>
#include <stdint.h>

#define BLOSC2_GROK_VERSION_MAJOR 0
#define BLOSC2_GROK_VERSION_MINOR 4
#define BLOSC2_GROK_VERSION_PATCH 0

#if defined(__GNUC__)
#define BLOSC2_GROK_EXPORT __attribute__((visibility("default")))
#else
#define BLOSC2_GROK_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version, "major.minor.patch"; a static string. */
BLOSC2_GROK_EXPORT const char *blosc2_grok_version(void);

/** What this build is made of: a packed map with `version`, `engines` (one map each: name, version, licence, what it
 *  encodes and decodes) and `licence` of the whole.
 *
 *  @return bytes that the map takes; nothing is written unless it fits into `dst_capacity`. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_build_info(uint8_t *dst, size_t dst_capacity);

/** Makes `packed` (may be NULL when `packed_size` is 0: the factory defaults) the process's default parameters.
 *
 *  The whole set is replaced in one step; calls already running keep the set they started with.
 *
 *  @param reason receives a NUL-terminated sentence naming parameter, value and what is allowed, on failure; may be NULL.
 *  @return 0, or a negative BLOSC2_ERROR_*; on failure the defaults stay as they were. */
BLOSC2_GROK_EXPORT int blosc2_grok_set_defaults(const uint8_t *packed, size_t packed_size, char *reason,
                                                size_t reason_capacity);

/** Checks `packed` as blosc2_grok_set_defaults does, and writes it back complete: every parameter, in canonical form.
 *
 *  @return bytes of the canonical map (written only when they fit into `dst_capacity`), or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_normalize(uint8_t *dst, size_t dst_capacity, const uint8_t *packed,
                                                 size_t packed_size, char *reason, size_t reason_capacity);

/** The process's default parameters as a complete packed map.
 *
 *  @return bytes of the map; written only when they fit into `dst_capacity`. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_get_defaults(uint8_t *dst, size_t dst_capacity);

/** What a message is about. */
typedef enum {
  BLOSC2_GROK_MESSAGE_ERROR = 1, /**< A call failed; the host replaces the reason by its own bare error. */
  BLOSC2_GROK_MESSAGE_NOTICE = 2 /**< A call succeeded, but not quite as asked (a budget below the headers, say). */
} blosc2_grok_message_kind;

/** One entry of the ring that keeps the last 64 errors and notices of the process. */
typedef struct {
  uint32_t struct_size;  /**< sizeof(blosc2_grok_message), set by the caller. */
  int32_t kind;          /**< A blosc2_grok_message_kind. */
  uint64_t serial;       /**< Counts from 1 over the life of the process. */
  double seconds;        /**< Wall-clock time, seconds since 1970-01-01 UTC. */
  uint64_t thread;       /**< The operating system's id of the thread. */
  char block_shape[64];  /**< Shape of the block in samples, "1 x 256 x 256"; empty when not known. */
  char text[400];        /**< The sentence, UTF-8, NUL-terminated, cut at 399 bytes. */
} blosc2_grok_message;

/** The serial number of the newest message; 0 when there has been none. */
BLOSC2_GROK_EXPORT uint64_t blosc2_grok_message_serial(void);

/** Copies out the oldest message that is newer than `since` and of kind `kind` (0: of any kind).
 *
 *  @return 1 when there was one; 0 when not; negative when `message->struct_size` is wrong. */
BLOSC2_GROK_EXPORT int blosc2_grok_next_message(uint64_t since, int kind, blosc2_grok_message *message);

/** How a block lies in memory and what its samples are: what Blosc2's `b2nd` metalayer says of an array. */
typedef struct {
  uint32_t struct_size;       /**< sizeof(blosc2_grok_block), set by the caller. */
  int32_t ndim;               /**< 1 to 16. */
  int64_t array_shape[16];    /**< Samples along each axis of the whole array; decides which axes are rows and columns. */
  int32_t block_shape[16];    /**< Samples along each axis of the block. */
  char dtype[32];             /**< NumPy's type string: "<u2", "|i1"; "" when not known. */
} blosc2_grok_block;

/** Encodes one block as a complete JP2 file or J2K codestream, as Blosc2 would store it.
 *
 *  `src` holds the block's samples in C order; it is not modified.
 *
 *  @param packed the whole set of parameters; NULL with size 0 for the process's defaults.
 *  @param codec_meta 10 times a compression ratio; 0 for none. Replaces the quality in the parameters.
 *  @return bytes written to `dst` (> 0); 0 if they would exceed `dst_capacity`, and then `dst` is unspecified; or a
 *          negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_encode(uint8_t *dst, size_t dst_capacity, const uint8_t *src, size_t src_size,
                                              const blosc2_grok_block *block, const uint8_t *packed, size_t packed_size,
                                              uint8_t codec_meta);

/** Decodes one stored block.
 *
 *  `dst_size` must be the block's size in bytes, exactly; nothing outside is written whatever `src` holds.
 *
 *  @return `dst_size`, or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_decode(uint8_t *dst, size_t dst_size, const uint8_t *src, size_t src_size,
                                              int32_t threads);

/** Tells what a stored block is, without decoding it: a packed map (docs/format.md, "describe").
 *
 *  @return bytes of the map (written only when they fit into `dst_capacity`), or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_describe(uint8_t *dst, size_t dst_capacity, const uint8_t *src, size_t src_size);

#ifdef __cplusplus
}
#endif

#endif /* BLOSC2_GROK_H */
