// SPDX-License-Identifier: BSD-3-Clause
// MB/s of our HT coder beside OpenJPH's library on one image (PGM or PPM file), interleaved in one run,
// one thread; median of the thread's own time.
#include <hwy/targets.h>
#include <time.h>

#include <algorithm>
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

struct Times {
  std::vector<double> seconds;

  template <class Body>
  void measure(Body&& body) {
    const double begin = thread_seconds();
    body();
    seconds.push_back(thread_seconds() - begin);
  }
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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::puts(
        "j2k_bench image.pgm [-runs n] [-step s] [-mse m] [-bytes n] [-plain 1] [-isa AVX2] [-peer 0] [-o out.j2c]");
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
  choose_target(argument(argc, argv, "-isa", "best"));
  Workspace workspace;
  if (std::atoi(argument(argc, argv, "-plain", "0")) != 0) workspace.impl().kernels = plain_kernel_set();
  const bool peer = std::atoi(argument(argc, argv, "-peer", "1")) != 0;
  const int runs = std::atoi(argument(argc, argv, "-runs", "15"));
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
