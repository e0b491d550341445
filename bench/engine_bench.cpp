// SPDX-License-Identifier: BSD-3-Clause
// The engines beside each other on one block without loss, or at a rate, interleaved, by the clock: with one
// thread and with several. MB/s are medians; the best runs in brackets say more on a busy machine.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "engine.hpp"

namespace {

using namespace blosc2_grok;

struct Picture {
  std::vector<uint8_t> samples;
  PlaneView plane;
  unsigned bits = 16;
};

// PGM of 16 bits.
Picture read_pgm(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::string magic;
  uint32_t most = 0;
  Picture picture;
  in >> magic >> picture.plane.columns >> picture.plane.rows >> most;
  in.get();
  picture.plane.sample = {2, false, false, false};
  picture.plane.row_stride = picture.plane.columns;
  picture.plane.column_stride = 1;
  picture.samples.resize(size_t{2} * picture.plane.columns * picture.plane.rows);
  in.read(reinterpret_cast<char*>(picture.samples.data()), static_cast<std::streamsize>(picture.samples.size()));
  for (size_t i = 0; i < picture.samples.size(); i += 2) std::swap(picture.samples[i], picture.samples[i + 1]);
  return picture;
}

struct Times {
  std::vector<double> seconds;

  template <class Body>
  void measure(Body&& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  double best() const { return *std::ranges::min_element(seconds); }
  double median() {
    std::ranges::sort(seconds);
    return seconds[seconds.size() / 2];
  }
};

double squared_error(const Picture& picture, const std::vector<uint8_t>& back) {
  double sum = 0;
  for (size_t i = 0; i < back.size(); i += 2) {
    const int difference = (back[i] | back[i + 1] << 8) - (picture.samples[i] | picture.samples[i + 1] << 8);
    sum += double(difference) * difference;
  }
  return sum;
}

struct Contestant {
  const Engine* engine;
  unsigned threads;
  Times encode, decode;
  size_t size = 0;
  double squares = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::puts("engine_bench image.pgm [threads] [runs] [ht | RATE [layers]]");
    return 1;
  }
  const Picture picture = read_pgm(argv[1]);
  const unsigned threads = argc > 2 ? unsigned(std::atoi(argv[2])) : 2;
  const int runs = argc > 3 ? std::atoi(argv[3]) : 5;
  Params params;
  const double rate = argc > 4 ? std::atof(argv[4]) : 0;
  if (argc > 4 && rate == 0) params.mode = block_style::kHt;
  const SourceImage source{picture.plane, picture.bits, {picture.samples.data()}};
  CodingJob job{params, {}, false, false, 6, 1};
  if (rate > 0) {
    params.quality_mode = QualityMode::kRates;
    for (int layer = argc > 5 ? std::atoi(argv[5]) : 1; layer > 0; --layer) {
      params.quality_layers.push_back(std::ldexp(rate, layer - 1));
      job.target.layers.push_back(std::floor(double(picture.samples.size()) / params.quality_layers.back()));
    }
    job.target.kind = Target::Kind::kBytes;
    job.has_goal = true;
  }
  std::vector<uint8_t> back(picture.samples.size());
  const TargetImage target{picture.plane, picture.bits, {back.data()}};
  std::vector<Contestant> contestants;
  for (const Engine* engine : engines()) {
    if (!engine->refusal(source, job).empty()) continue;
    for (const unsigned count : {1u, threads}) contestants.push_back({engine, count, {}, {}});
  }
  for (int run = 0; run < runs; ++run) {
    for (Contestant& each : contestants) {
      job.threads = each.threads;
      std::vector<uint8_t> codestream;
      each.encode.measure([&] { codestream = each.engine->encode(source, job).codestream; });
      each.size = codestream.size();
      const CodestreamHeader header = parse_codestream_header(codestream);
      const DecodeOptions options{each.threads};
      if (!each.engine->refusal(header, options).empty()) {
        if (run == 0) decode_codestream(target, codestream, header, options);
        if (run == 0) each.squares = squared_error(picture, back);
        continue;
      }
      each.decode.measure([&] { each.engine->decode(target, codestream, header, options); });
      each.squares = squared_error(picture, back);
    }
  }
  const double megabytes = double(picture.samples.size()) / 1e6;
  for (Contestant& each : contestants) {
    std::printf("%-9s %u threads: encode %6.1f (%6.1f)", each.engine->name().c_str(), each.threads,
                megabytes / each.encode.median(), megabytes / each.encode.best());
    if (!each.decode.seconds.empty()) {
      std::printf(", decode %6.1f (%6.1f)", megabytes / each.decode.median(), megabytes / each.decode.best());
    }
    std::printf(" MB/s, %zu bytes, ", each.size);
    if (each.squares == 0) {
      std::puts("exact");
    } else {
      std::printf("%.3f dB\n", 10 * std::log10(65535.0 * 65535.0 * double(back.size() / 2) / each.squares));
    }
  }
}
