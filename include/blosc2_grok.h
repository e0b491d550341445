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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOSC2_GROK_VERSION_MAJOR 0
#define BLOSC2_GROK_VERSION_MINOR 3
#define BLOSC2_GROK_VERSION_PATCH 6

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

/** Kept for programs of blosc2_grok 0.3: nothing needs to be started. `nthreads` has no effect; `verbose` neither. */
BLOSC2_GROK_EXPORT void blosc2_grok_init(uint32_t nthreads, bool verbose);

/** Kept for programs of blosc2_grok 0.3: nothing needs to be freed. */
BLOSC2_GROK_EXPORT void blosc2_grok_destroy(void);

#define BLOSC2_GROK_MAX_LAYERS 100
#define BLOSC2_GROK_PARAMS_MAGIC 0x4b475242u /* its low byte can't be the bool that 0.3.5 starts with */

/** Coding parameters for the C API, named as in Grok's grk_cparameters; the table in README.md tells what each does. */
typedef struct {
  bool tile_size_on;           /**< Whether t_width and t_height count. */
  uint32_t tx0, ty0;           /**< Offset of the tile grid, samples: `tile_offset`. */
  uint32_t t_width, t_height;  /**< Size of a tile, samples: `tile_size`. */
  uint16_t numlayers;          /**< Quality layers in use, 0 to BLOSC2_GROK_MAX_LAYERS. */
  bool allocationByRateDistoration;                   /**< `quality_mode` "rates", when numlayers > 0. */
  double layer_rate[BLOSC2_GROK_MAX_LAYERS];          /**< Compression ratio of each layer. */
  bool allocationByQuality;                           /**< `quality_mode` "dB"; excludes the rates. */
  double layer_distortion[BLOSC2_GROK_MAX_LAYERS];    /**< PSNR of each layer, dB. */
  uint8_t numgbits;            /**< Guard bits. */
  int32_t prog_order;          /**< 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL. */
  uint8_t numresolution;       /**< Resolutions, 1 to 33. */
  uint32_t cblockw_init, cblockh_init; /**< Size of a code-block, samples. */
  uint32_t cblk_sty;           /**< `mode`: a sum of GrkMode. */
  bool irreversible;           /**< 9/7 instead of 5/3. */
  int32_t roi_compno;          /**< Component of a region of interest; -1: none. */
  uint32_t roi_shift;          /**< Its up-shift, bits. */
  uint32_t res_spec;           /**< 0, or 1: prcw_init and prch_init count. */
  uint32_t prcw_init[1], prch_init[1]; /**< Size of a precinct at full resolution, samples. */
  uint32_t image_offset_x0, image_offset_y0; /**< Offset of the image on the reference grid: `offset`. */
  int32_t decod_format;        /**< No effect: blocks are no files. */
  int32_t cod_format;          /**< 1 J2K codestream, 2 JP2 file, 0 JP2. */
  uint32_t max_comp_size;      /**< Most bytes of a component; 0: no limit. */
  bool enableTilePartGeneration; /**< A tile-part for each resolution. */
  uint8_t mct;                 /**< 1: colour transform of the first three components. */
  uint64_t max_cs_size;        /**< Most bytes of the codestream; 0: no limit. */
  uint16_t rsiz;               /**< Profile. */
  uint16_t framerate;          /**< Frames a second of a cinema or IMF profile. */
  bool apply_icc_;             /**< No effect: blocks carry no ICC profile. */
  int32_t rateControlAlgorithm; /**< 0 bisect, 1 PCRD-opt. */
  uint32_t numThreads;         /**< Threads inside a block; 0: the host's for a chunk of one block, else 1. */
  int32_t deviceId;            /**< No effect: for builds of Grok with a GPU. */
  uint32_t duration;           /**< No effect, as deviceId. */
  uint32_t repeats;            /**< No effect, as deviceId. */
  bool verbose;                /**< One line to stderr for each block. */
} blosc2_grok_compress_params;

/** Where 0.3.5 kept Grok's stream parameters. No effect: blocks are coded in memory. */
typedef struct {
  const char *file; /**< No effect. */
  uint8_t *buf;     /**< No effect. */
  size_t len;       /**< No effect. */
} blosc2_grok_stream_params;

/** What a block is, for arrays without a `b2nd` metalayer; all 0 when not said. */
typedef struct {
  uint32_t rows, columns, channels; /**< Samples; channels interleaved, 0 or 1 for one. */
  char dtype[16];                   /**< NumPy's type string, "<u2"; "" when not known. */
} blosc2_grok_image;

/** Per-array parameters for `codec_params` of blosc2_cparams. Fill it with blosc2_grok_params_init, then change it. It is
 *  read, never written, by every call of the codec, so it must live as long as blocks are encoded with it. */
typedef struct {
  uint32_t magic;       /**< BLOSC2_GROK_PARAMS_MAGIC; anything else is an error, never a read. */
  uint32_t struct_size; /**< sizeof(blosc2_grok_params). */
  blosc2_grok_compress_params compressParams;
  blosc2_grok_stream_params streamParams;
  blosc2_grok_image image;
} blosc2_grok_params;

/** The factory defaults. */
BLOSC2_GROK_EXPORT void blosc2_grok_params_init(blosc2_grok_params *params);

/** Checks `params` and writes them as the packed map that blosc2_grok_encode and blosc2_grok_set_defaults take.
 *
 *  @param reason receives a NUL-terminated sentence naming parameter, value and what is allowed, on failure; may be NULL.
 *  @return bytes of the map (written only when they fit into `dst_capacity`), or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_pack_params(uint8_t *dst, size_t dst_capacity, const blosc2_grok_params *params,
                                                   char *reason, size_t reason_capacity);

/** How a block lies in memory and what its samples are: what Blosc2's `b2nd` metalayer says of an array. */
typedef struct {
  uint32_t struct_size;       /**< sizeof(blosc2_grok_block), set by the caller. */
  int32_t ndim;               /**< 1 to 16. */
  int64_t array_shape[16];    /**< Samples along each axis of the whole array; decides which axes are rows and columns. */
  int32_t block_shape[16];    /**< Samples along each axis of the block. */
  char dtype[32];             /**< NumPy's type string: "<u2", "|i1"; "" when not known. */
  int32_t is_whole;           /**< 1: no sample is padding, and the codestream holds all, as readers that know nothing
                                   of Blosc2 need it; 0: zeros at the end of rows, columns or planes may be left out. */
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

/** Decodes one stored block at a lower resolution or quality.
 *
 *  `dst` receives the block in C order and natural byte order of its dtype, with ceil(n / 2^reduce) samples along its axes
 *  of rows and columns; `dst_size` must be exactly that. Blocks of mapped elements (docs/format.md) and of earlier plugins
 *  can only be decoded in full.
 *
 *  @param reduce resolutions to leave out, fewer than the block has.
 *  @param layers quality layers to use; 0 for all.
 *  @return `dst_size`, or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_decode_partly(uint8_t *dst, size_t dst_size, const uint8_t *src, size_t src_size,
                                                     uint32_t reduce, uint32_t layers, int32_t threads);

/** Where a stored block lies in a chunk, and whether it was decoded. */
typedef struct {
  uint32_t start; /**< Of its first byte. */
  uint32_t size;  /**< Bytes of the file or codestream. */
  int32_t is_done; /**< Set by the call: 1 when its samples are in `dst`. */
} blosc2_grok_stored;

/** Decodes several stored blocks of one chunk, in full or at a lower resolution or quality, with one call for all: what
 *  a preview of many small blocks costs is the calls.
 *
 *  Block i gets the i-th part of `dst`, of `dst_size / count` bytes: samples of the array's dtype in C order, of the shape
 *  `reduced_shape`, which has ceil(n / 2^reduce) for n samples along its axes of rows and columns. A block that can only
 *  be decoded in full (mapped, of an earlier plugin, with fewer resolutions, with other axes of rows and columns), or
 *  that is damaged, keeps `is_done` 0, and its part of `dst` is unspecified: decode it by itself to learn why.
 *
 *  @param ndim axes of `block_shape` and `reduced_shape`, 1 to 16.
 *  @param reduce resolutions to leave out; 0 for none.
 *  @param layers quality layers to use; 0 for all.
 *  @return blocks that are done, or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_decode_reduced(uint8_t *dst, size_t dst_size, const uint8_t *chunk,
                                                      size_t chunk_size, blosc2_grok_stored *blocks, int32_t count,
                                                      int32_t ndim, const int32_t *block_shape,
                                                      const int32_t *reduced_shape, uint32_t reduce, uint32_t layers);

/** The checksum of a block's samples, XXH3-64 with seed 0: compare it with `samples_checksum` of blosc2_grok_describe. */
BLOSC2_GROK_EXPORT uint64_t blosc2_grok_checksum(const uint8_t *src, size_t src_size);

/** Tells what a stored block is, without decoding it: a packed map (docs/format.md, "describe").
 *
 *  @return bytes of the map (written only when they fit into `dst_capacity`), or a negative BLOSC2_ERROR_*. */
BLOSC2_GROK_EXPORT int64_t blosc2_grok_describe(uint8_t *dst, size_t dst_capacity, const uint8_t *src, size_t src_size);

#ifdef __cplusplus
}
#endif

#endif /* BLOSC2_GROK_H */
