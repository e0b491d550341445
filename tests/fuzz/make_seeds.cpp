// SPDX-License-Identifier: BSD-3-Clause
// Writes small stored blocks of every kind into a folder, three zero bytes behind each (decode_fuzzer's block size).
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "cases.hpp"

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
    stored.insert(stored.end(), 3, 0);
    std::ofstream file(folder / (std::to_string(written++) + "-" + test::test_name(row)), std::ios::binary);
    file.write(reinterpret_cast<const char*>(stored.data()), static_cast<std::streamsize>(stored.size()));
  }
  std::printf("%d blocks\n", written);
}
