// SPDX-License-Identifier: BSD-3-Clause
// Encodes and decodes one small block in each way, damaged too: for valgrind, which sees what sanitizers don't (reads
// of memory that nobody has written) also inside the libraries. The arguments name the engines.
#include <cstdio>
#include <cstring>

#include "blocks.hpp"
#include "mutate.hpp"

namespace {

using namespace blosc2_grok::test;

struct Way {
  const char* dtype;
  Shape shape;
  Map parameters;
};

const Way kWays[] = {
    {"<u2", {45, 70}, {}},
    {"|u1", {30, 40, 3}, {{"mct", 1}, {"cod_format", 1}}},
    {"<i2", {45, 70}, {{"mode", 64}}},
    {"<u2", {45, 70}, {{"quality_mode", "dB"}, {"quality_layers", Array{50}}}},
    {"<u2", {45, 70}, {{"mode", 64}, {"rmse", 20.0}}},
    {"<f4", {24, 32}, {{"max_error", 0.5}}},
    {">i8", {24, 32}, {}},
};

// The generated images have 16 bits at most: wider ones are made of them.
Block block_of(const Way& way) {
  const std::string dtype = way.dtype;
  if (dtype != "<f4" && dtype != ">i8") return make_block("photo", dtype, way.shape);
  Block block = make_block("photo", "<u2", way.shape);
  Bytes wide;
  for (const int32_t number : numbers(block.bytes, block.dtype)) {
    uint8_t bytes[8] = {0, 0, 0, 0, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number), 1, 2};
    const float real = static_cast<float>(number) / 7;
    if (dtype == "<f4") std::memcpy(bytes, &real, sizeof real);
    wide.insert(wide.end(), bytes, bytes + (dtype == "<f4" ? 4 : 8));
  }
  return {dtype, way.shape, std::move(wide), {}};
}

// 0 where the engine can't do it; -1 where what comes back has the wrong size.
int go(const Way& way, const std::string& engine) {
  Map parameters = way.parameters;
  parameters.emplace_back("engine", engine);
  const Block block = block_of(way);
  Bytes stored;
  try {
    stored = encode(block, parameters);
  } catch (const std::exception& e) {
    std::printf("%s can't: %s\n", engine.c_str(), e.what());
    return 0;
  }
  if (stored.empty()) {
    std::printf("%s: %s does not get smaller\n", engine.c_str(), way.dtype);
    return 0;
  }
  if (decode(stored, block.bytes.size()).size() != block.bytes.size()) return -1;
  Random random(7);
  for (int i = 0; i < 10; ++i) {
    Bytes damaged = mutate(stored, random);
    decode_code(damaged, block.bytes.size());
    if (reseal(damaged)) decode_code(damaged, block.bytes.size());
  }
  return 1;
}

}  // namespace

int main(int count, char** names) {
  int done = 0;
  for (int i = 1; i < count; ++i) {
    int by_engine = 0;
    for (const Way& way : kWays) {
      const int result = go(way, names[i]);
      if (result < 0) return 1;
      by_engine += result;
    }
    std::printf("%s: %d ways\n", names[i], by_engine);
    if (by_engine == 0) return 1;
    done += by_engine;
  }
  return done > 0 ? 0 : 2;
}
