// SPDX-License-Identifier: BSD-3-Clause
// Writes small stored blocks of every kind into a folder, three zero bytes behind each (decode_fuzzer's block size),
// and codestreams of OpenJPEG with POC, PPM and PPT.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "../j2k/foreign_case.hpp"
#include "cases.hpp"

namespace {

void write_seed(const std::filesystem::path& path, std::vector<uint8_t> bytes) {
  bytes.insert(bytes.end(), 3, 0);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

int write_foreign(const std::filesystem::path& folder) {
  namespace j2k = blosc2_grok::j2k::test;
  int written = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    j2k::Random random{seed};
    const j2k::ForeignCase test = j2k::random_foreign_case(15000000 + seed, random);
    if (test.bytes.empty() || test.bytes.size() > 3000) continue;
    j2k::Assembly how = j2k::random_assembly(random);
    how.headers = j2k::HeadersIn(seed % 3);
    write_seed(folder / ("foreign-" + std::to_string(seed)), j2k::put_together(test.stream, how, random));
    ++written;
  }
  return written;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: make_seeds FOLDER\n");
    return 2;
  }
  namespace test = blosc2_grok::test;
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder);
  int written = 0;
  for (test::Case row : test::cases()) {
    if (row.shape.size() == 2) row.shape = {33, 47};
    test::Bytes stored;
    try {
      stored = test::encode(row.block(), row.parameters, row.codec_meta);
    } catch (const std::exception&) {
      continue;  // not for this shape
    }
    if (stored.empty() || stored.size() > 6000) continue;
    write_seed(folder / (std::to_string(written++) + "-" + test::test_name(row)), stored);
  }
  const int foreign = write_foreign(folder);
  std::printf("%d blocks, %d codestreams of OpenJPEG\n", written, foreign);
  if (foreign < 20) return 1;
}
