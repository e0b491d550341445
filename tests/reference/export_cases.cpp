// SPDX-License-Identifier: BSD-3-Clause
/// Writes random cases for decoders that are not programs: export_cases DIRECTORY FIRST_SEED COUNT. For each seed
/// N.j2k, N.raw (our decoded samples, int32, planar) and N.txt (width, height, components, bits, signed, reversible).
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "random_case.hpp"

namespace {

using namespace blosc2_grok::reference;

void export_case(const std::string& directory, uint64_t seed) {
  const CaseLimits limits{
      .one_or_three_components = true, .most_passes = 3, .most_skipped_planes = 2, .most_placeholder_sets = 4};
  const Case c = random_case(seed, limits);
  const Bytes stream = encode(c.image, c.options);
  const Image decoded = decode(stream);
  const std::string base = directory + "/" + std::to_string(seed);
  std::ofstream(base + ".j2k", std::ios::binary).write(reinterpret_cast<const char*>(stream.data()), stream.size());
  std::ofstream raw(base + ".raw", std::ios::binary);
  for (const auto& plane : decoded.components)
    raw.write(reinterpret_cast<const char*>(plane.data()), plane.size() * sizeof(int32_t));
  std::ofstream(base + ".txt") << decoded.width << " " << decoded.height << " " << decoded.components.size() << " "
                               << decoded.bits << " " << decoded.is_signed << " " << c.options.reversible << "\n"
                               << describe(c) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "export_cases DIRECTORY FIRST_SEED COUNT\n", 2;
  const uint64_t first = std::strtoull(argv[2], nullptr, 10), count = std::strtoull(argv[3], nullptr, 10);
  for (uint64_t seed = first; seed < first + count; ++seed) export_case(argv[1], seed);
}
