/* SPDX-License-Identifier: BSD-3-Clause */
/* Introduces: codec_params, the coding parameters of one array, from C; and a stack of projections in an HDF5 file by
 * direct chunk write, one frame a chunk, each chunk a Blosc2 frame that HDF5's Blosc2 filter (32026) reads.
 *
 *     compress_tomo FILE [FRAMES ROWS COLUMNS [RATIO]]       RATIO 0, the default: lossless
 *
 * Needs C-Blosc2 2.x or 3.x, and HDF5 1.10.3 or newer. */
#include <b2nd.h>
#include <blosc2_grok.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOSC2_FILTER = 32026, GROK_CODEC = 37 };

typedef struct {
  hsize_t frames, rows, columns;
} stack_shape;

/* Blosc2 returns its own bare error; the reason is in our ring. */
static void die(const char *what) {
  blosc2_grok_message message = {.struct_size = sizeof message};
  uint64_t newest = blosc2_grok_message_serial();
  fprintf(stderr, "compress_tomo: %s\n", what);
  if (newest > 0 && blosc2_grok_next_message(newest - 1, BLOSC2_GROK_MESSAGE_ERROR, &message) == 1)
    fprintf(stderr, "compress_tomo: %s\n", message.text);
  exit(EXIT_FAILURE);
}

static void *allocate(size_t size) {
  void *memory = malloc(size);
  if (memory == NULL) die("out of memory");
  return memory;
}

static size_t frame_bytes(stack_shape shape) { return (size_t)(shape.rows * shape.columns) * sizeof(uint16_t); }

static double uniform(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state / 4294967296.0;
}

/* Counts behind a turning cylinder with a dense rod, with their shot noise; the same for the same arguments. */
static void make_frame(uint16_t *frame, stack_shape shape, hsize_t index) {
  const double turn = 3.14159265358979 * (double)index / (double)shape.frames;
  const double half = 0.5 * (double)shape.columns;
  uint32_t state = 1 + (uint32_t)index;
  for (hsize_t i = 0; i < shape.rows * shape.columns; i++) {
    const double offset = ((double)(i % shape.columns) - half) / half;
    const double rod = (offset - 0.5 * cos(turn)) / 0.1;
    const double path = 2.5 * sqrt(fmax(0.64 - offset * offset, 0)) + 1.5 * sqrt(fmax(1 - rod * rod, 0));
    const double counts = 20000 * exp(-path);
    const double noise = uniform(&state) + uniform(&state) + uniform(&state) - 1.5; /* sigma 0.5 */
    frame[i] = (uint16_t)(counts + 2 * sqrt(counts) * noise + 0.5);
  }
}

/* The coding parameters: what differs from the factory defaults. */
static blosc2_grok_params make_params(double ratio) {
  blosc2_grok_params params;
  blosc2_grok_params_init(&params);
  params.compressParams.cod_format = 1; /* a bare codestream: no JP2 boxes in every chunk */
  if (ratio > 1) {
    params.compressParams.allocationByRateDistoration = true;
    params.compressParams.numlayers = 1;
    params.compressParams.layer_rate[0] = ratio;
  }
  return params;
}

/* The frame as a Blosc2 array of one chunk of one block, in one piece that the caller frees. */
static uint8_t *compress_frame(const uint16_t *frame, stack_shape shape, blosc2_grok_params *params, int64_t *size) {
  const int64_t extents[3] = {1, (int64_t)shape.rows, (int64_t)shape.columns};
  const int32_t block[3] = {1, (int32_t)shape.rows, (int32_t)shape.columns};
  blosc2_cparams cparams = BLOSC2_CPARAMS_DEFAULTS;
  blosc2_dparams dparams = BLOSC2_DPARAMS_DEFAULTS;
  blosc2_storage storage = BLOSC2_STORAGE_DEFAULTS;
  b2nd_array_t *array = NULL;
  uint8_t *cframe = NULL;
  bool needs_free = false;

  cparams.compcode = GROK_CODEC;
  cparams.codec_params = params; /* read by each call: it must outlive them */
  cparams.typesize = sizeof(uint16_t);
  cparams.splitmode = BLOSC_NEVER_SPLIT;
  memset(cparams.filters, 0, sizeof cparams.filters); /* no shuffle: the codec sees the samples */
  storage.cparams = &cparams;
  storage.dparams = &dparams;
  storage.contiguous = true;

  b2nd_context_t *context = b2nd_create_ctx(&storage, 3, extents, block, block, "<u2", DTYPE_NUMPY_FORMAT, NULL, 0);
  if (context == NULL) die("no Blosc2 context");
  if (b2nd_from_cbuffer(context, &array, frame, (int64_t)frame_bytes(shape)) < 0) die("a frame was not compressed");
  if (b2nd_to_cframe(array, &cframe, size, &needs_free) < 0) die("no frame in one piece");
  if (!needs_free) { /* it is part of the array, which goes now */
    uint8_t *copy = allocate((size_t)*size);
    memcpy(copy, cframe, (size_t)*size);
    cframe = copy;
  }
  b2nd_free(array);
  b2nd_free_ctx(context);
  return cframe;
}

/* The filter's numbers: revision, bytes of a block, of a sample, of a chunk, level, shuffle, codec, then the chunk. */
static hid_t create_dataset(hid_t file, stack_shape shape) {
  const hsize_t extents[3] = {shape.frames, shape.rows, shape.columns};
  const hsize_t chunk[3] = {1, shape.rows, shape.columns};
  const unsigned bytes = (unsigned)frame_bytes(shape);
  const unsigned filter[] = {
      1, bytes, sizeof(uint16_t), bytes, 5, 0, GROK_CODEC, 3, 1, (unsigned)shape.rows, (unsigned)shape.columns};
  const hid_t space = H5Screate_simple(3, extents, NULL);
  const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(list, 3, chunk);
  /* Optional, for the filter is not needed here: readers need it. */
  H5Pset_filter(list, BLOSC2_FILTER, H5Z_FLAG_OPTIONAL, sizeof filter / sizeof *filter, filter);
  const hid_t dataset = H5Dcreate2(file, "projections", H5T_STD_U16LE, space, H5P_DEFAULT, list, H5P_DEFAULT);
  H5Pclose(list);
  H5Sclose(space);
  if (dataset < 0) die("no dataset");
  return dataset;
}

/* Bytes written. */
static int64_t write_stack(const char *path, stack_shape shape, double ratio) {
  blosc2_grok_params params = make_params(ratio);
  uint16_t *frame = allocate(frame_bytes(shape));
  int64_t total = 0;
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  if (file < 0) die("the file can't be created");
  const hid_t dataset = create_dataset(file, shape);
  for (hsize_t index = 0; index < shape.frames; index++) {
    const hsize_t place[3] = {index, 0, 0};
    int64_t size = 0;
    make_frame(frame, shape, index);
    uint8_t *cframe = compress_frame(frame, shape, &params, &size);
    if (H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, place, (size_t)size, cframe) < 0) die("a chunk was not written");
    free(cframe);
    total += size;
  }
  free(frame);
  H5Dclose(dataset);
  if (H5Fclose(file) < 0) die("the file was not closed");
  return total;
}

static void read_frame(uint16_t *frame, hid_t dataset, stack_shape shape, hsize_t index) {
  const hsize_t place[3] = {index, 0, 0};
  hsize_t size = 0;
  uint32_t filters = 0;
  b2nd_array_t *array = NULL;
  if (H5Dget_chunk_storage_size(dataset, place, &size) < 0) die("no chunk");
  uint8_t *cframe = allocate((size_t)size);
  if (H5Dread_chunk(dataset, H5P_DEFAULT, place, &filters, cframe) < 0) die("a chunk was not read");
  if (b2nd_from_cframe(cframe, (int64_t)size, false, &array) < 0) die("a chunk is no Blosc2 frame");
  if (b2nd_to_cbuffer(array, frame, (int64_t)frame_bytes(shape)) < 0) die("a frame was not decompressed");
  b2nd_free(array);
  free(cframe);
}

/* Reads everything back and tells how far it is from what was made. */
static void check_stack(const char *path, stack_shape shape, int64_t size) {
  uint16_t *made = allocate(frame_bytes(shape));
  uint16_t *stored = allocate(frame_bytes(shape));
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t dataset = file < 0 ? -1 : H5Dopen2(file, "projections", H5P_DEFAULT);
  uint64_t sum = 0;
  double squares = 0;
  int largest = 0;
  if (dataset < 0) die("the file can't be opened");
  for (hsize_t index = 0; index < shape.frames; index++) {
    make_frame(made, shape, index);
    read_frame(stored, dataset, shape, index);
    for (hsize_t i = 0; i < shape.rows * shape.columns; i++) {
      const int error = abs((int)stored[i] - (int)made[i]);
      largest = error > largest ? error : largest;
      squares += (double)error * error;
      sum += stored[i];
    }
  }
  const double samples = (double)(shape.frames * shape.rows * shape.columns);
  printf("ratio %.3f, largest error %d, rmse %.3f, sum %llu\n", samples * sizeof(uint16_t) / (double)size, largest,
         sqrt(squares / samples), (unsigned long long)sum);
  H5Dclose(dataset);
  H5Fclose(file);
  free(made);
  free(stored);
}

int main(int argc, char **argv) {
  stack_shape shape = {8, 512, 512};
  if (argc != 2 && argc != 5 && argc != 6) die("usage: compress_tomo FILE [FRAMES ROWS COLUMNS [RATIO]]");
  if (argc >= 5) {
    shape.frames = strtoull(argv[2], NULL, 10);
    shape.rows = strtoull(argv[3], NULL, 10);
    shape.columns = strtoull(argv[4], NULL, 10);
  }
  if (shape.frames < 1 || shape.rows < 1 || shape.columns < 1 || shape.rows * shape.columns > (1u << 29))
    die("a frame has 1 to 2^29 samples");
  blosc2_init();
  const int64_t size = write_stack(argv[1], shape, argc == 6 ? atof(argv[5]) : 0);
  check_stack(argv[1], shape, size);
  blosc2_destroy();
  return EXIT_SUCCESS;
}
