// SPDX-License-Identifier: BSD-3-Clause
// ebcot_bench [image.npy [rounds [levels [style]]]]: the Part 1 block coder on the coefficients of a 16-bit image,
// beside OpenJPEG.
//
// The image is a little-endian uint16 .npy of two axes; without one, a synthetic X-ray-like frame is made. Ours is the
// block coder alone, without wavelets; OpenJPEG's figures are of whole lossless encodes and decodes with one thread.
// Rounds are interleaved; the table shows medians and the spread from the first to the third quartile.
#include <openjpeg.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ebcot_block.hpp"
#include "ebcot_scratch.hpp"

namespace {

using namespace blosc2_grok::j2k;

struct Image {
  int rows = 0, columns = 0;
  std::vector<uint16_t> samples;
};

// Soft shapes under photon noise, about 14 bits deep.
Image make_image(int rows, int columns) {
  Image image{rows, columns, std::vector<uint16_t>(std::size_t(rows) * std::size_t(columns))};
  std::mt19937 random(7);
  std::normal_distribution<double> noise;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const double u = double(x) / columns, v = double(y) / rows;
      const double bone =
          std::exp(-std::pow((u - 0.5 - 0.1 * std::sin(9 * v)) * 9, 2.0)) * (1.2 + std::sin(80 * v) * 0.2);
      const double mean = 9000.0 * std::exp(-2.0 * std::exp(-8 * (u - 0.5) * (u - 0.5)) - bone) + 300.0;
      const double sample = mean + std::sqrt(mean) * 0.5 * noise(random);
      image.samples[std::size_t(y) * std::size_t(columns) + std::size_t(x)] =
          uint16_t(std::clamp(sample, 0.0, 65535.0));
    }
  }
  return image;
}

Image read_npy(const char* path) {
  std::FILE* file = std::fopen(path, "rb");
  if (!file) std::perror(path), std::exit(1);
  char head[10];
  if (std::fread(head, 1, 10, file) != 10) std::exit(1);
  std::string header(std::size_t(uint8_t(head[8])) | std::size_t(uint8_t(head[9])) << 8, ' ');
  if (std::fread(header.data(), 1, header.size(), file) != header.size()) std::exit(1);
  Image image;
  const std::size_t shape = header.find("'shape': (");
  if (header.find("'<u2'") == std::string::npos || shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%d, %d)", &image.rows, &image.columns) != 2) {
    std::fprintf(stderr, "%s: not a uint16 image\n", path), std::exit(1);
  }
  image.samples.resize(std::size_t(image.rows) * std::size_t(image.columns));
  if (std::fread(image.samples.data(), 2, image.samples.size(), file) != image.samples.size()) std::exit(1);
  std::fclose(file);
  return image;
}

// One level of 5/3 (Annex F) along a line of `count` samples, `step` apart.
void lift(int32_t* line, int count, std::ptrdiff_t step, std::vector<int32_t>& row) {
  if (count < 2) return;
  row.resize(std::size_t(count));
  for (int i = 0; i < count; ++i) row[std::size_t(i)] = line[i * step];
  const auto at = [&](int i) { return row[std::size_t(i < 0 ? -i : i >= count ? 2 * count - 2 - i : i)]; };
  for (int i = 1; i < count; i += 2) row[std::size_t(i)] -= (at(i - 1) + at(i + 1)) >> 1;
  for (int i = 0; i < count; i += 2) row[std::size_t(i)] += (at(i - 1) + at(i + 1) + 2) >> 2;
  const int low = (count + 1) / 2;
  for (int i = 0; i < count; ++i) line[(i % 2 == 0 ? i / 2 : low + i / 2) * step] = row[std::size_t(i)];
}

struct Block {
  EbcotEncodeJob job;
  EbcotEncoded encoded;
  std::vector<uint8_t> bytes;
};

struct Coefficients {
  std::vector<int32_t> samples;
  std::vector<Block> blocks;
};

void add_band(Coefficients& all, int stride, int y0, int y1, int x0, int x1, EbcotBand band) {
  for (int y = y0; y < y1; y += 64) {
    for (int x = x0; x < x1; x += 64) {
      Block block;
      block.job.samples = all.samples.data() + std::ptrdiff_t(y) * stride + x;
      block.job.stride = std::size_t(stride);
      block.job.width = std::min(64, x1 - x), block.job.height = std::min(64, y1 - y);
      block.job.band = band;
      all.blocks.push_back(block);
    }
  }
}

Coefficients transform(const Image& image, int levels) {
  Coefficients all;
  all.samples.resize(image.samples.size());
  for (std::size_t i = 0; i < all.samples.size(); ++i) all.samples[i] = int32_t(image.samples[i]) - 32768;
  std::vector<int32_t> row;
  int rows = image.rows, columns = image.columns;
  for (int level = 0; level < levels; ++level) {
    for (int x = 0; x < columns; ++x) lift(all.samples.data() + x, rows, image.columns, row);
    for (int y = 0; y < rows; ++y) lift(all.samples.data() + std::ptrdiff_t(y) * image.columns, columns, 1, row);
    const int low_rows = (rows + 1) / 2, low_columns = (columns + 1) / 2;
    add_band(all, image.columns, 0, low_rows, low_columns, columns, EbcotBand::kHl);
    add_band(all, image.columns, low_rows, rows, 0, low_columns, EbcotBand::kLh);
    add_band(all, image.columns, low_rows, rows, low_columns, columns, EbcotBand::kHh);
    rows = low_rows, columns = low_columns;
  }
  add_band(all, image.columns, 0, rows, 0, columns, EbcotBand::kLl);
  return all;
}

// ---- ours

std::size_t encode_all(Coefficients& all, EbcotScratch& scratch, EbcotEncodeBlock encode, std::vector<uint8_t>& out) {
  std::size_t total = 0;
  for (Block& block : all.blocks) {
    encode(block.job, scratch, out.data(), block.encoded);
    block.bytes.assign(out.data(), out.data() + block.encoded.bytes);
    total += block.encoded.bytes;
  }
  return total;
}

void decode_all(const Coefficients& all, EbcotScratch& scratch, EbcotDecodeBlock decode, std::vector<int32_t>& result) {
  std::vector<EbcotSegment> segments;
  for (const Block& block : all.blocks) {
    segments.clear();
    std::size_t begin = 0;
    for (int pass = 0, first = 0; pass < block.encoded.passes; ++pass) {
      if (!ends_segment(pass, block.job.style) && pass != block.encoded.passes - 1) continue;
      const std::size_t end = block.encoded.pass[pass].bytes;
      segments.push_back({{block.bytes.data() + begin, end - begin}, pass + 1 - first});
      begin = end, first = pass + 1;
    }
    EbcotDecodeJob job;
    job.segments = segments;
    job.style = block.job.style;
    job.planes = block.encoded.planes;
    job.band = block.job.band;
    job.width = block.job.width, job.height = block.job.height;
    job.stride = block.job.stride;
    job.samples = result.data() + (block.job.samples - all.samples.data());
    decode(job, scratch);
  }
}

// ---- OpenJPEG, from memory to memory

struct Memory {
  std::vector<uint8_t> bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_memory(void* to, OPJ_SIZE_T size, void* user) {
  auto* memory = static_cast<Memory*>(user);
  const std::size_t count = std::min(size, memory->bytes.size() - memory->at);
  std::memcpy(to, memory->bytes.data() + memory->at, count);
  memory->at += count;
  return count > 0 ? count : OPJ_SIZE_T(-1);
}
OPJ_SIZE_T write_memory(void* from, OPJ_SIZE_T size, void* user) {
  auto* memory = static_cast<Memory*>(user);
  if (memory->at + size > memory->bytes.size()) memory->bytes.resize(memory->at + size);
  std::memcpy(memory->bytes.data() + memory->at, from, size);
  memory->at += size;
  return size;
}
OPJ_OFF_T skip_memory(OPJ_OFF_T count, void* user) {
  static_cast<Memory*>(user)->at += std::size_t(count);
  return count;
}
OPJ_BOOL seek_memory(OPJ_OFF_T to, void* user) {
  static_cast<Memory*>(user)->at = std::size_t(to);
  return OPJ_TRUE;
}

opj_stream_t* open_memory(Memory& memory, bool reading) {
  opj_stream_t* stream = opj_stream_create(1 << 20, reading);
  memory.at = 0;
  opj_stream_set_user_data(stream, &memory, nullptr);
  opj_stream_set_user_data_length(stream, memory.bytes.size());
  opj_stream_set_read_function(stream, read_memory);
  opj_stream_set_write_function(stream, write_memory);
  opj_stream_set_skip_function(stream, skip_memory);
  opj_stream_set_seek_function(stream, seek_memory);
  return stream;
}

void openjpeg_encode(const Image& image, int resolutions, unsigned style, Memory& memory) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = resolutions;
  parameters.tcp_numlayers = 1;
  parameters.mode = int(style);
  parameters.cp_disto_alloc = 1;
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = OPJ_UINT32(image.columns), component.h = OPJ_UINT32(image.rows);
  component.prec = 16;
  opj_image_t* picture = opj_image_create(1, &component, OPJ_CLRSPC_GRAY);
  picture->x1 = component.w, picture->y1 = component.h;
  std::copy(image.samples.begin(), image.samples.end(), picture->comps[0].data);
  opj_codec_t* codec = opj_create_compress(OPJ_CODEC_J2K);
  opj_setup_encoder(codec, &parameters, picture);
  opj_stream_t* stream = open_memory(memory, false);
  if (!opj_start_compress(codec, picture, stream) || !opj_encode(codec, stream) || !opj_end_compress(codec, stream)) {
    std::exit(1);
  }
  opj_stream_destroy(stream);
  memory.bytes.resize(memory.at);
  opj_destroy_codec(codec);
  opj_image_destroy(picture);
}

void openjpeg_decode(Memory& memory) {
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_codec_t* codec = opj_create_decompress(OPJ_CODEC_J2K);
  opj_setup_decoder(codec, &parameters);
  opj_stream_t* stream = open_memory(memory, true);
  opj_image_t* picture = nullptr;
  if (!opj_read_header(stream, codec, &picture) || !opj_decode(codec, stream, picture)) std::exit(1);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(picture);
}

// ---- the table

// Processor time of this thread: other work on the machine shifts it less than the clock on the wall.
double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
}

template <class Work>
double seconds(Work work) {
  const double start = now();
  work();
  return now() - start;
}

struct Series {
  std::string name;
  std::vector<double> times;

  double quantile(double q) {
    std::sort(times.begin(), times.end());
    return times[std::size_t(q * double(times.size() - 1))];
  }
};

void print(Series& series, double megabytes, double base) {
  const double median = series.quantile(0.5);
  std::printf("%-18s %7.1f MB/s  (%.1f to %.1f)", series.name.c_str(), megabytes / median,
              megabytes / series.quantile(0.75), megabytes / series.quantile(0.25));
  if (base > 0) std::printf("  x %.2f", base / median);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  const Image image = argc > 1 ? read_npy(argv[1]) : make_image(1024, 1024);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 7;
  const int levels = argc > 3 ? std::atoi(argv[3]) : 5;
  const auto style = unsigned(argc > 4 ? std::atoi(argv[4]) : 0);
  const double megabytes = double(image.samples.size()) * 2e-6;

  Coefficients all = transform(image, levels);
  for (Block& block : all.blocks) block.job.style = style;
  auto scratch = std::make_unique<EbcotScratch>();
  std::vector<uint8_t> out(kMaxEbcotBytes);
  std::vector<int32_t> result(all.samples.size());
  Memory memory;
  std::size_t bytes = 0;
  Series series[6] = {{"OpenJPEG encode", {}}, {"ours, encode", {}}, {"plain, encode", {}},
                      {"OpenJPEG decode", {}}, {"ours, decode", {}}, {"plain, decode", {}}};
  for (int round = 0; round <= rounds; ++round) {
    const double times[6] = {
        seconds([&] { openjpeg_encode(image, levels + 1, style, memory); }),
        seconds([&] { bytes = encode_all(all, *scratch, simd_ebcot_encode, out); }),
        seconds([&] { encode_all(all, *scratch, plain_ebcot_encode, out); }),
        seconds([&] { openjpeg_decode(memory); }),
        seconds([&] { decode_all(all, *scratch, simd_ebcot_decode, result); }),
        seconds([&] { decode_all(all, *scratch, plain_ebcot_decode, result); }),
    };
    if (result != all.samples) std::fprintf(stderr, "decoded samples differ\n"), std::exit(1);
    if (round == 0) continue;  // warm-up
    for (int i = 0; i < 6; ++i) series[i].times.push_back(times[i]);
  }
  std::printf("%d x %d samples, %d levels; block coder's bytes %zu (ratio %.3f), OpenJPEG's file %zu\n", image.rows,
              image.columns, levels, bytes, megabytes * 1e6 / double(bytes), memory.bytes.size());
  for (int i = 0; i < 6; ++i) print(series[i], megabytes, i % 3 == 0 ? 0.0 : series[i / 3 * 3].quantile(0.5));
}
