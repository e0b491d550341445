// SPDX-License-Identifier: BSD-3-Clause
// A stranger's C++11 program: the build's description, and an RGB image there and back.
#include <blosc2_grok.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

int main() {
  std::vector<uint8_t> info(static_cast<std::size_t>(std::max<int64_t>(blosc2_grok_build_info(nullptr, 0), 0)));
  blosc2_grok_build_info(info.data(), info.size());
  const std::string text(info.begin(), info.end());
  if (text.find("j2k") == std::string::npos) return 1;

  std::vector<uint8_t> image(40 * 60 * 3);
  for (std::size_t i = 0; i < image.size(); i++) image[i] = static_cast<uint8_t>(i / 90 + 10 * (i % 3));
  blosc2_grok_block block{};
  block.struct_size = sizeof block;
  block.ndim = 3;
  const int shape[] = {40, 60, 3};
  std::copy(shape, shape + 3, block.array_shape);
  std::copy(shape, shape + 3, block.block_shape);
  std::snprintf(block.dtype, sizeof block.dtype, "|u1");

  std::vector<uint8_t> encoded(image.size()), decoded(image.size());
  const int64_t size =
      blosc2_grok_encode(encoded.data(), encoded.size(), image.data(), image.size(), &block, nullptr, 0, 0);
  if (size <= 0) return 2;
  const int64_t back =
      blosc2_grok_decode(decoded.data(), decoded.size(), encoded.data(), static_cast<std::size_t>(size), 1);
  if (back != static_cast<int64_t>(image.size()) || decoded != image) return 3;
  std::printf("blosc2_grok %s: %zu bytes in %d\n", blosc2_grok_version(), image.size(), static_cast<int>(size));
}
