// SPDX-License-Identifier: BSD-3-Clause
// Blocks made to harm: small ones that announce much, headers with every byte changed, and the collection of findings.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "blocks.hpp"
#include "codestream.hpp"
#include "counting_allocator.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"

namespace blosc2_grok::test {
namespace {

constexpr size_t kBlockBytes = 4096;
constexpr size_t kLittle = 16 << 20;  // what decoding a block of 4 KiB may take, whatever it claims to be

Bytes valid_block(const Map& parameters = {{"cod_format", 1}}) {
  return encode(make_block("photo", "|u1", {64, 64}), parameters);
}

// Decodes into a guarded block of kBlockBytes; memory stays small, and an error is one of bad data.
void expect_harmless(const Bytes& stored, const std::string& what, size_t most_memory = kLittle) {
  GuardedBuffer out(kBlockBytes);
  start_counting();
  const int64_t size = blosc2_grok_decode(out.data(), out.size(), stored.data(), stored.size(), 1);
  EXPECT_LT(peak_bytes(), most_memory) << what;
  EXPECT_TRUE(out.canaries_are_intact()) << what;
  EXPECT_TRUE(size == static_cast<int64_t>(kBlockBytes) || size == static_cast<int64_t>(ErrorCode::kData) ||
              size == static_cast<int64_t>(ErrorCode::kCodecSupport))
      << what << ": " << size;
}

void patch(Bytes& bytes, size_t at, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
}

TEST(Counting, SeesTheEnginesMemoryToo) {
  start_counting();
  { const Bytes large(1 << 20); }
  EXPECT_GE(peak_bytes(), size_t{1} << 20);
  const Block block = make_block("photo", "<u2", {256, 256});
  const Bytes stored = encode(block);
  start_counting();
  decode(stored, block.bytes.size());
  EXPECT_GT(peak_bytes(), size_t{1} << 16);  // a row of code-blocks at least
  EXPECT_LT(peak_bytes(), size_t{256} * 256 * 40);
}

TEST(Hostile, EveryHeaderByteWithEveryBitFlippedBehindTheChecksum) {
  for (const bool is_old : {false, true}) {
    const Bytes whole = is_old ? *without_segment(valid_block()) : valid_block();
    const size_t header = parse_codestream_header(whole).first_tile_part + 14;
    for (size_t bit = 0; bit < 8 * header; ++bit) {
      Bytes bytes = whole;
      bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ 1u << bit % 8);
      reseal(bytes);
      expect_harmless(bytes, "bit " + std::to_string(bit));
    }
  }
}

TEST(Hostile, EveryHeaderByteSetToExtremesBehindTheChecksum) {
  for (const bool is_old : {false, true}) {
    const Bytes whole = is_old ? *without_segment(valid_block({})) : valid_block({});
    for (size_t at = 0; at < 260; ++at) {
      for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        Bytes bytes = whole;
        bytes[at] = static_cast<uint8_t>(value);
        reseal(bytes);
        expect_harmless(bytes, "byte " + std::to_string(at) + " = " + std::to_string(value));
      }
    }
  }
}

TEST(Hostile, HugeImagesInSmallBlocksTakeNoMemory) {
  for (const bool is_old : {false, true}) {
    const Bytes whole = is_old ? *without_segment(valid_block()) : valid_block();
    ASSERT_EQ(whole[3], 0x51);
    for (const uint32_t side : {65u, 4096u, 65535u, 1u << 20, 1u << 30, UINT32_MAX}) {
      for (const bool with_tiles : {false, true}) {
        Bytes bytes = whole;
        patch(bytes, 8, side, 4), patch(bytes, 12, side, 4);
        if (with_tiles) patch(bytes, 24, side, 4), patch(bytes, 28, side, 4);
        reseal(bytes);
        expect_harmless(bytes, "side " + std::to_string(side));
        Bytes wide = whole;
        patch(wide, 8, side, 4);
        reseal(wide);
        expect_harmless(wide, "width " + std::to_string(side));
      }
    }
  }
}

// As many tiles as there are samples: OpenJPEG keeps some 10 kB for each, and each takes 14 bytes at least.
TEST(Hostile, ManySmallTilesTakeLittleMemory) {
  for (const uint32_t tile : {1u, 2u, 3u}) {
    for (const bool is_old : {false, true}) {
      Bytes bytes = is_old ? *without_segment(valid_block()) : valid_block();
      patch(bytes, 24, tile, 4), patch(bytes, 28, tile, 4);
      bytes.resize(200000);
      reseal(bytes);
      expect_harmless(bytes, "tiles of " + std::to_string(tile), 64 << 20);
    }
  }
}

TEST(Hostile, ManyComponentsInManyTilesTakeNoMemory) {
  // 2 x 2048 samples as 16 components of 16 x 16 in tiles of 1 x 1: 256 tiles of 16 components.
  Bytes bytes{0xff, 0x4f, 0xff, 0x51};
  append_big_endian(bytes, 38 + 3 * 16, 2);
  append_big_endian(bytes, 0, 2);
  for (const uint32_t number : {16u, 16u, 0u, 0u, 1u, 1u, 0u, 0u}) append_big_endian(bytes, number, 4);
  append_big_endian(bytes, 16, 2);
  for (int i = 0; i < 16; ++i) append_big_endian(bytes, 0x070101, 3);
  append(bytes, Bytes{0xff, 0x52, 0, 12, 0, 0, 0, 1, 0, 0, 4, 4, 0, 1});
  append(bytes, Bytes{0xff, 0x5c, 0, 4, 0x40, 0x40});
  append(bytes, Bytes{0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 14, 0, 1, 0xff, 0x93});
  bytes.resize(bytes.size() + 256 * 14);
  expect_harmless(bytes, "tiles x components");
}

// A tile's own header may announce precincts of 2 x 2 samples.
TEST(Hostile, TinyPrecinctsInATileHeaderTakeLittleMemory) {
  const Bytes whole = *without_segment(valid_block());
  const size_t sot = parse_codestream_header(whole).first_tile_part;
  for (const uint8_t size : Bytes{0x00, 0x11, 0x22}) {
    Bytes cod{0xff, 0x52, 0, 18, 1, 0, 0, 1, 0, 5, 4, 4, 0, 1, size, size, size, size, size, size};
    Bytes bytes = whole;
    bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(sot + 12), cod.begin(), cod.end());
    patch(bytes, sot + 6, 0, 4);  // up to the end
    expect_harmless(bytes, "precincts");
  }
}

TEST(Hostile, FindingsStayFixed) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BLOSC2_GROK_HOSTILE_DIR)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<char> chars(std::istreambuf_iterator<char>(file), {});
    const Bytes bytes(chars.begin(), chars.end());
    expect_harmless(bytes, entry.path().filename());
    ++files;
  }
  EXPECT_GT(files, 0u);
}

}  // namespace
}  // namespace blosc2_grok::test
