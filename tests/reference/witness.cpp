// SPDX-License-Identifier: BSD-3-Clause
/// Runs the command-line coders on files in a temporary directory, with planar raw samples.
#include "witness.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace blosc2_grok::reference {

namespace {

namespace fs = std::filesystem;

struct Scratch {
  Scratch() {
    std::string name = (fs::temp_directory_path() / "reference.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw Error("no temporary directory");
    path = name;
  }
  ~Scratch() { fs::remove_all(path); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string file(const char* name) const { return (path / name).string(); }
  fs::path path;
};

void write_file(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Bytes read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

bool run(const std::string& command) {
  return std::system(("timeout 20 " + command + " >/dev/null 2>&1").c_str()) == 0;
}

bool exists(const char* program) { return run(std::string("which ") + program); }

/// One plane after the other, one or two bytes a sample, little endian.
Bytes to_raw(const Image& image) {
  Bytes raw;
  for (const auto& plane : image.components)
    for (int32_t value : plane) {
      raw.push_back(value & 0xFF);
      if (image.bits > 8) raw.push_back(value >> 8 & 0xFF);
    }
  return raw;
}

std::optional<Image> from_raw(const Bytes& raw, const Image& like) {
  const int bytes = like.bits > 8 ? 2 : 1;
  const size_t samples = like.width * like.height;
  if (raw.size() != samples * like.components.size() * bytes) return std::nullopt;
  Image image = like;
  for (size_t c = 0; c < like.components.size(); ++c)
    for (size_t i = 0; i < samples; ++i) {
      const uint8_t* at = raw.data() + (c * samples + i) * bytes;
      const int value = bytes == 1 ? at[0] : at[0] | at[1] << 8;
      const int sign = like.is_signed ? 1 << (like.bits - 1) : 0;  // OpenJPEG masks the bits above
      image.components[c][i] = ((value & ((1 << like.bits) - 1)) ^ sign) - sign;
    }
  return image;
}

/// PGM or PPM as OpenJPH writes it: four lines or words of header, big-endian samples, components interleaved.
std::optional<Image> from_pnm(const Bytes& file, const Image& like) {
  const size_t n = like.components.size(), samples = like.width * like.height;
  const size_t bytes = like.bits > 8 ? 2 : 1;
  if (file.size() < n * samples * bytes) return std::nullopt;
  const uint8_t* at = file.data() + file.size() - n * samples * bytes;
  Image image = like;
  for (size_t i = 0; i < samples; ++i)
    for (size_t c = 0; c < n; ++c, at += bytes) image.components[c][i] = bytes == 1 ? at[0] : at[0] << 8 | at[1];
  return image;
}

Bytes to_pnm(const Image& image) {
  const size_t n = image.components.size();
  const std::string header = (n == 1 ? "P5\n" : "P6\n") + std::to_string(image.width) + " " +
                             std::to_string(image.height) + "\n" + std::to_string((1 << image.bits) - 1) + "\n";
  Bytes file(header.begin(), header.end());
  for (int64_t i = 0; i < image.width * image.height; ++i)
    for (size_t c = 0; c < n; ++c) {
      if (image.bits > 8) file.push_back(image.components[c][i] >> 8);
      file.push_back(image.components[c][i] & 0xFF);
    }
  return file;
}

std::string raw_input(const Image& image) {
  return " -F " + std::to_string(image.width) + "," + std::to_string(image.height) + "," +
         std::to_string(image.components.size()) + "," + std::to_string(image.bits) + "," +
         (image.is_signed ? "s" : "u");
}

}  // namespace

const char* name_of(Witness witness) {
  switch (witness) {
    case Witness::OpenJPH:
      return "OpenJPH";
    case Witness::OpenJPEG:
      return "OpenJPEG";
    case Witness::Grok:
      return "Grok";
  }
  return "";
}

bool can_decode(Witness witness) {
  return exists(witness == Witness::OpenJPH    ? "ojph_expand"
                : witness == Witness::OpenJPEG ? "opj_decompress"
                                               : "grk_decompress");
}

bool can_encode(Witness witness) {
  return exists(witness == Witness::OpenJPH    ? "ojph_compress"
                : witness == Witness::OpenJPEG ? "opj_compress"
                                               : "grk_compress");
}

std::optional<Image> decode_by(Witness witness, const Bytes& stream, const Image& like) {
  const Scratch scratch;
  const std::string in = scratch.file("in.j2k");
  write_file(in, stream);
  if (witness == Witness::OpenJPH) {
    const std::string out = scratch.file(like.components.size() == 1 ? "out.pgm" : "out.ppm");
    return run("ojph_expand -i " + in + " -o " + out) ? from_pnm(read_file(out), like) : std::nullopt;
  }
  const std::string out = scratch.file("out.rawl");
  const std::string program = witness == Witness::OpenJPEG ? "opj_decompress" : "grk_decompress";
  return run(program + " -i " + in + " -o " + out) ? from_raw(read_file(out), like) : std::nullopt;
}

std::optional<Bytes> encode_by(Witness witness, const Image& image, const std::string& arguments) {
  const Scratch scratch;
  const std::string in = scratch.file(witness != Witness::OpenJPH    ? "in.rawl"
                                      : image.components.size() == 1 ? "in.pgm"
                                                                     : "in.ppm");
  const std::string out = scratch.file("out.j2k");
  write_file(in, witness == Witness::OpenJPH ? to_pnm(image) : to_raw(image));
  const std::string files = " -i " + in + " -o " + out + " " + arguments;
  bool done = false;
  if (witness == Witness::OpenJPH) done = run("ojph_compress" + files);
  if (witness == Witness::OpenJPEG) done = run("opj_compress" + files + raw_input(image));
  if (witness == Witness::Grok) done = run("grk_compress" + files + raw_input(image));
  return done ? std::optional(read_file(out)) : std::nullopt;
}

}  // namespace blosc2_grok::reference
