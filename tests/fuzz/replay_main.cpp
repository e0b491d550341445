// SPDX-License-Identifier: BSD-3-Clause
// Runs a fuzz target over the files (or all in the folders) of the command line: past findings are ordinary tests.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

bool replay(const std::filesystem::path& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s can't be read\n", name.c_str());
    return false;
  }
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  std::fprintf(stderr, "%s\n", name.c_str());  // the last one printed is the one that crashed
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int count, char** names) {
  LLVMFuzzerTestOneInput(nullptr, 0);
  int replayed = 0;
  for (int i = 1; i < count; ++i) {
    std::vector<std::filesystem::path> files{names[i]};
    if (std::filesystem::is_directory(names[i])) {
      files.assign(std::filesystem::directory_iterator(names[i]), std::filesystem::directory_iterator());
    }
    for (const auto& file : files) {
      if (!replay(file)) return 1;
      ++replayed;
    }
  }
  std::printf("%d files replayed\n", replayed);
}
