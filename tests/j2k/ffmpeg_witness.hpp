// SPDX-License-Identifier: BSD-3-Clause
// FFmpeg's decoder as a witness, loaded at run time: J2K_FFMPEG names a libavcodec.so (that in PyPI's av will do), else
// the system's. HT needs FFmpeg 6.1 (libavcodec 60.31).
#pragma once

#include <memory>
#include <span>

#include "support.hpp"

namespace blosc2_grok::j2k::test {

class Ffmpeg {
 public:
  // Empty where no library is found.
  static std::unique_ptr<Ffmpeg> load();
  ~Ffmpeg();

  bool reads_high_throughput() const;
  std::string version() const;
  // Fills `image` (of the right geometry); throws std::runtime_error if it refuses.
  void decode(std::span<const uint8_t> bytes, Image& image) const;

 private:
  struct Library;
  explicit Ffmpeg(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace blosc2_grok::j2k::test
