// SPDX-License-Identifier: BSD-3-Clause
// Introduces: one image to a JP2 file and back, without Blosc2; parameters and descriptions as MessagePack maps.
//
//     one_image FILE.jp2 [PSNR]       without PSNR: lossless; any JPEG 2000 viewer opens the file
//
// Needs nlohmann/json 3 (Debian's nlohmann-json3-dev) for the maps; any MessagePack library does.
#include <blosc2_grok.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using Bytes = std::vector<std::uint8_t>;

// The library's negative results as exceptions that carry the reason which it left in its ring of messages.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::int64_t checked(std::int64_t result, std::uint64_t serial_before) {
  if (result >= 0) return result;
  blosc2_grok_message message{};
  message.struct_size = sizeof message;
  const bool has_reason = blosc2_grok_next_message(serial_before, BLOSC2_GROK_MESSAGE_ERROR, &message) == 1;
  throw Failure(has_reason ? message.text : "error " + std::to_string(result));
}

struct Image {
  std::array<std::int32_t, 3> shape;  // rows, columns, channels
  Bytes samples;
};

// Red to the right, green downwards, blue rings.
Image make_image(std::int32_t rows, std::int32_t columns) {
  Image image{{rows, columns, 3}, {}};
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const double radius = std::hypot(row - rows / 2.0, column - columns / 2.0);
      image.samples.push_back(static_cast<std::uint8_t>(255 * column / columns));
      image.samples.push_back(static_cast<std::uint8_t>(255 * row / rows));
      image.samples.push_back(static_cast<std::uint8_t>(127 + 120 * std::sin(radius / 9)));
    }
  }
  return image;
}

Bytes encode(const Image& image, const nlohmann::json& parameters) {
  blosc2_grok_block block{};
  block.struct_size = sizeof block;
  block.ndim = 3;
  std::ranges::copy(image.shape, block.array_shape);
  std::ranges::copy(image.shape, block.block_shape);
  std::snprintf(block.dtype, sizeof block.dtype, "|u1");

  const Bytes packed = nlohmann::json::to_msgpack(parameters);
  Bytes encoded(image.samples.size() + 1024);  // noise may grow by a header
  const auto serial = blosc2_grok_message_serial();
  encoded.resize(static_cast<std::size_t>(
      checked(blosc2_grok_encode(encoded.data(), encoded.size(), image.samples.data(), image.samples.size(), &block,
                                 packed.data(), packed.size(), 0),
              serial)));
  if (encoded.empty()) throw Failure("the image does not get smaller");
  return encoded;
}

Bytes decode(const Bytes& encoded, std::size_t size) {
  Bytes samples(size);
  const auto serial = blosc2_grok_message_serial();
  checked(blosc2_grok_decode(samples.data(), samples.size(), encoded.data(), encoded.size(), 1), serial);
  return samples;
}

nlohmann::json describe(const Bytes& encoded) {
  const auto serial = blosc2_grok_message_serial();
  Bytes map(
      static_cast<std::size_t>(checked(blosc2_grok_describe(nullptr, 0, encoded.data(), encoded.size()), serial)));
  checked(blosc2_grok_describe(map.data(), map.size(), encoded.data(), encoded.size()), serial);
  return nlohmann::json::from_msgpack(map);
}

int main(int argc, char** argv) try {
  if (argc < 2) throw Failure("usage: one_image FILE.jp2 [PSNR]");
  nlohmann::json parameters{{"mct", 1}, {"num_resolutions", 5}};
  if (argc > 2) {
    parameters["quality_mode"] = "dB";
    parameters["quality_layers"] = {std::atof(argv[2])};
  }

  const Image image = make_image(240, 320);
  const Bytes encoded = encode(image, parameters);
  std::ofstream(argv[1], std::ios::binary)
      .write(reinterpret_cast<const char*>(encoded.data()), static_cast<std::streamsize>(encoded.size()));

  const Bytes decoded = decode(encoded, image.samples.size());
  const nlohmann::json description = describe(encoded);
  std::printf("%zu bytes in %zu, %s\n", image.samples.size(), encoded.size(),
              decoded == image.samples ? "lossless" : "lossy");
  std::printf("%s\n", description.dump(2).c_str());
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "one_image: %s\n", error.what());
  return EXIT_FAILURE;
}
