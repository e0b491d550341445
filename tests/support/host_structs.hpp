// SPDX-License-Identifier: BSD-3-Clause
// The structs that C-Blosc2 hands to a codec, made by hand at the offsets of either version.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace blosc2_grok::test {

enum class HostVersion { k2, k3 };  // C-Blosc2 2.x, 3.x

// blosc2_schunk with its metalayers; as large as the host's, zeroed as the host's.
class FakeSchunk {
 public:
  FakeSchunk(HostVersion version, int32_t typesize, int32_t block_bytes, int32_t chunk_bytes);
  FakeSchunk(const FakeSchunk&) = delete;
  FakeSchunk& operator=(const FakeSchunk&) = delete;
  void add_metalayer(const std::string& name, const std::vector<uint8_t>& content);
  const void* get() const { return memory_.data(); }

 private:
  struct Metalayer {
    char* name;
    uint8_t* content;
    int32_t content_len;
  };
  struct Owned {
    std::string name;
    std::vector<uint8_t> content;
    Metalayer layer;
  };
  size_t pointers_at_, count_at_;
  std::vector<uint8_t> memory_;
  std::deque<Owned> owned_;
};

// blosc2_cparams; the address is what the encoder takes.
class FakeCparams {
 public:
  FakeCparams(const void* schunk, int32_t typesize, int16_t threads = 1);
  void set_filter(size_t slot, uint8_t filter, uint8_t meta = 0);
  void set_codec_params(const void* params);
  void* get() { return memory_.data(); }

 private:
  std::array<uint8_t, 136> memory_{};
};

// blosc2_dparams.
class FakeDparams {
 public:
  explicit FakeDparams(const void* schunk, int16_t threads = 1);
  void* get() { return memory_.data(); }

 private:
  std::array<uint8_t, 40> memory_{};
};

// The content of metalayer b2nd as C-Blosc2 writes it: fixed-size integers, dtype since version 2.7 (empty: left out).
std::vector<uint8_t> make_b2nd(const std::vector<int64_t>& shape, const std::vector<int32_t>& chunk_shape,
                               const std::vector<int32_t>& block_shape, const std::string& dtype);

}  // namespace blosc2_grok::test
