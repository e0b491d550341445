// SPDX-License-Identifier: BSD-3-Clause
// MB/s of our HT coder beside OpenJPH's library on one image (PGM or PPM file), interleaved in one run,
// one thread; median of the thread's own time. With -threads n: of one thread and n in turn, by the clock.
#include <hwy/targets.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "../src/j2k/workspace.hpp"
#include "openjph_peer.hpp"

namespace {

using namespace blosc2_grok::j2k;
// The thread's own time: other processes on the machine disturb it least.
double thread_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

struct Picture {
  std::vector<std::byte> memory;
  std::vector<std::ptrdiff_t> offsets;
  ImageView view;
};

Picture read_pnm(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::string magic;
  uint32_t columns = 0, rows = 0, most = 0;
  in >> magic >> columns >> rows >> most;
  in.get();
  Picture p;
  const uint32_t components = magic == "P6" ? 3 : 1;
  const int bytes = most > 255 ? 2 : 1;
  p.memory.resize(std::size_t{rows} * columns * components * std::size_t(bytes));
  in.read(reinterpret_cast<char*>(p.memory.data()), std::streamsize(p.memory.size()));
  for (std::size_t i = 0; bytes == 2 && i < p.memory.size(); i += 2) std::swap(p.memory[i], p.memory[i + 1]);
  for (uint32_t c = 0; c < components; ++c) p.offsets.push_back(std::ptrdiff_t(c));
  p.view.samples = p.memory.data();
  p.view.rows = rows, p.view.columns = columns, p.view.components = components;
  p.view.bits = std::bit_width(most), p.view.bytes_per_sample = bytes;
  p.view.row_stride = std::ptrdiff_t(columns) * components, p.view.column_stride = components;
  return p;
}

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Times {
  std::vector<double> seconds;

  template <class Body>
  void measure(Body&& body, double (*now)() = thread_seconds) {
    const double begin = now();
    body();
    seconds.push_back(now() - begin);
  }
  double best() const { return *std::min_element(seconds.begin(), seconds.end()); }
  double median() {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
  }
};

const char* argument(int argc, char** argv, const char* name, const char* usual) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::string(argv[i]) == name) return argv[i + 1];
  }
  return usual;
}

// Restricts the vector kernels to one instruction set, for comparison.
void choose_target(const std::string& name) {
  for (int64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    if (name != hwy::TargetName(rest & -rest)) continue;
    hwy::SetSupportedTargetsForTest(rest & -rest);
    hwy::GetChosenTarget().DeInit();
    return;
  }
}

// One thread and `threads` in turn.
void compare_threads(const Picture& picture, EncodeOptions options, unsigned threads, int runs) {
  Workspace workspace;
  std::vector<std::byte> back(picture.memory.size());
  ImageView out = picture.view;
  out.samples = back.data();
  Times encode_times[2], decode_times[2];
  std::vector<uint8_t> codestream[2];
  for (int run = 0; run < runs; ++run) {
    for (const int many : {0, 1}) {
      options.threads = many != 0 ? threads : 1;
      std::span<const uint8_t> bytes;
      encode_times[many].measure([&] { bytes = encode(picture.view, options, workspace); }, clock_seconds);
      codestream[many].assign(bytes.begin(), bytes.end());
      decode_times[many].measure(
          [&] {
            decode(codestream[many], out, workspace, {0, options.threads});
          },
          clock_seconds);
    }
  }
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  const double megabytes = double(picture.memory.size()) / 1e6;
  const auto print = [&](const char* name, Times* times) {
    std::printf("%s MB/s: %.1f with 1 thread, %.1f with %u: %.2f times as fast; best runs %.1f, %.1f: %.2f\n", name,
                megabytes / times[0].median(), megabytes / times[1].median(), threads,
                times[0].median() / times[1].median(), megabytes / times[0].best(), megabytes / times[1].best(),
                times[0].best() / times[1].best());
  };
  print("encode", encode_times);
  print("decode", decode_times);
  std::printf("same bytes %d, exact %d, workspace %.1f MB, load %.2f\n", int(codestream[0] == codestream[1]),
              int(back == picture.memory), double(workspace.reserved_bytes()) / 1e6, load);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::puts(
        "j2k_bench image.pgm [-runs n] [-step s] [-mse m] [-bytes n] [-plain 1] [-isa AVX2] [-peer 0] [-part1 1] "
        "[-threads n] [-o out.j2c]");
    return 1;
  }
  Picture picture = read_pnm(argv[1]);
  picture.view.component_offsets = picture.offsets;
  EncodeOptions options;
  options.base_step = std::atof(argument(argc, argv, "-step", "0"));
  options.target_mse = std::atof(argument(argc, argv, "-mse", "0"));
  options.target_bytes = std::size_t(std::atol(argument(argc, argv, "-bytes", "0")));
  options.reversible = options.base_step == 0 && options.target_mse == 0 && options.target_bytes == 0;
  if (options.base_step == 0) options.base_step = 1;
  options.mct = picture.view.components == 3;
  options.high_throughput = std::atoi(argument(argc, argv, "-part1", "0")) == 0;
  choose_target(argument(argc, argv, "-isa", "best"));
  Workspace workspace;
  if (std::atoi(argument(argc, argv, "-plain", "0")) != 0) workspace.impl().kernels = plain_kernel_set();
  const bool peer = std::atoi(argument(argc, argv, "-peer", "1")) != 0;
  const int runs = std::atoi(argument(argc, argv, "-runs", "15"));
  const unsigned threads = unsigned(std::atoi(argument(argc, argv, "-threads", "1")));
  if (threads > 1) {
    compare_threads(picture, options, threads, runs);
    return 0;
  }
  Times encode_ours, decode_ours, encode_peer, decode_peer;
  std::vector<uint8_t> ours, theirs;
  std::vector<std::byte> back(picture.memory.size());
  ImageView out = picture.view;
  out.samples = back.data();
  for (int run = 0; run < runs; ++run) {
    std::span<const uint8_t> bytes;
    encode_ours.measure([&] { bytes = encode(picture.view, options, workspace); });
    ours.assign(bytes.begin(), bytes.end());
    decode_ours.measure([&] { decode(ours, out, workspace); });
    if (!peer) continue;
    encode_peer.measure([&] { theirs = openjph_peer::encode(picture.view, options); });
    decode_peer.measure([&] { openjph_peer::decode(theirs, out); });
  }
  decode(ours, out, workspace);
  const double megabytes = double(picture.memory.size()) / 1e6;
  std::printf("ours     encode %7.1f MB/s, decode %7.1f MB/s, %zu bytes, ratio %.4f, exact %d, workspace %.1f MB\n",
              megabytes / encode_ours.median(), megabytes / decode_ours.median(), ours.size(),
              double(picture.memory.size()) / double(ours.size()), int(back == picture.memory),
              double(workspace.reserved_bytes()) / 1e6);
  if (peer) {
    std::printf("OpenJPH  encode %7.1f MB/s, decode %7.1f MB/s, %zu bytes, ratio %.4f\n",
                megabytes / encode_peer.median(), megabytes / decode_peer.median(), theirs.size(),
                double(picture.memory.size()) / double(theirs.size()));
  }
  std::ofstream(argument(argc, argv, "-o", "/dev/null"), std::ios::binary)
      .write(reinterpret_cast<const char*>(ours.data()), std::streamsize(ours.size()));
}
