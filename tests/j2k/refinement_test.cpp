// SPDX-License-Identifier: BSD-3-Clause
// Significance propagation and magnitude refinement: a slow encoder of the passes, read by us and by OpenJPEG alike.
#include <gtest/gtest.h>

#include "ht_tables.hpp"
#include "openjpeg_witness.hpp"
#include "tile_parts.hpp"
#include "quantizer.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k::test {
namespace {

// Forward bits, lowest first, seven after 0xFF.
struct ForwardBits {
  std::vector<uint8_t> bytes;
  uint32_t byte = 0;
  int used = 0;

  void put(uint32_t bit) {
    byte |= bit << used++;
    if (used == (!bytes.empty() && bytes.back() == 0xFF ? 7 : 8)) flush();
  }
  void flush() { bytes.push_back(uint8_t(byte)), byte = 0, used = 0; }
  void finish() {
    if (used != 0) flush();
    if (!bytes.empty() && bytes.back() == 0xFF) bytes.push_back(0);
  }
};

// Backward bits; a zero above seven ones behind a byte above 0x8F. `bytes` in the order of writing.
struct BackwardBits {
  std::vector<uint8_t> bytes;
  uint32_t byte = 0;
  int used = 0;

  void put(uint32_t bit) {
    byte |= bit << used++;
    const uint32_t last = bytes.empty() ? 0xFF : bytes.back();
    if (used == 8 || (used == 7 && byte == 0x7F && last > 0x8F)) flush();
  }
  void flush() { bytes.push_back(uint8_t(byte)), byte = 0, used = 0; }
};

struct BlockCoder {
  std::vector<int32_t> samples;
  int width, height;
  bool causal;
  std::vector<int> state;  // 1: by cleanup, 2: by propagation

  int at(int x, int y) const { return x < 0 || y < 0 || x >= width || y >= height ? 0 : state[y * width + x]; }
  int bit(int x, int y) const { return std::abs(samples[y * width + x]) & 1; }
  bool near(int x, int y) const {
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        if (causal && dy == 1 && y % 4 == 3) continue;
        if ((dx != 0 || dy != 0) && at(x + dx, y + dy) != 0) return true;
      }
    }
    return false;
  }

  void propagate(ForwardBits& out) {
    for (int y0 = 0; y0 < height; y0 += 4) {
      for (int x0 = 0; x0 < width; x0 += 4) {
        std::vector<uint32_t> signs;
        for (int x = x0; x < std::min(x0 + 4, width); ++x) {
          for (int y = y0; y < std::min(y0 + 4, height); ++y) {
            if (at(x, y) != 0 || !near(x, y)) continue;
            out.put(uint32_t(bit(x, y)));
            if (bit(x, y) == 0) continue;
            state[y * width + x] = 2;
            signs.push_back(samples[y * width + x] < 0);
          }
        }
        for (uint32_t sign : signs) out.put(sign);
      }
    }
    out.finish();
  }

  void refine(BackwardBits& out) {
    for (int y0 = 0; y0 < height; y0 += 4) {
      for (int x = 0; x < width; ++x) {
        for (int y = y0; y < std::min(y0 + 4, height); ++y) {
          if (at(x, y) == 1) out.put(uint32_t(bit(x, y)));
        }
      }
    }
    if (out.used != 0) out.flush();
  }
};

struct Layout {
  int passes;
  int layers;  // the refinement is in the last one
  bool causal;
};

// An image of one component and no decomposition, its lowest bit-plane in refinement passes.
class Writer {
 public:
  Writer(const Image& image, const Layout& layout) : image_(image), layout_(layout) {}

  std::vector<uint8_t> write() {
    MainHeader header;
    ImageSize& size = header.size;
    size.image = {0, 0, image_.columns, image_.rows};
    size.tile_width = image_.columns, size.tile_height = image_.rows;
    size.components = {{uint8_t(image_.bits), image_.is_signed, 1, 1}};
    TileCoding& coding = header.coding;
    coding.layers = layout_.layers;
    ComponentCoding component;
    component.levels = 0;
    component.codeblock_style |= layout_.causal ? kCodeBlockCausal : 0;
    set_quantization_steps(image_.bits, false, 2, 1.0, component);
    coding.components = {component};
    build_tile(size, coding, 0, UINT64_MAX, tile_);
    order_precincts(size, coding, tile_);
    const Subband& band = tile_.subbands[0];
    for (uint32_t y = 0; y < band.grid_height; ++y) {
      for (uint32_t x = 0; x < band.grid_width; ++x) add_block(band, x, y);
    }
    Bytes out;
    Crew alone;
    write_main_header(header, 20, out);
    write_tile_parts(0, header, tile_, alone, out);
    write_end(out);
    return {out.begin(), out.end()};
  }

  // What a decoder must find.
  Image expected;

 private:
  void add_block(const Subband& band, uint32_t bx, uint32_t by) {
    const Rect rect = codeblock_rect(band, bx, by);
    BlockCoder coder{{}, int(rect.width()), int(rect.height()), layout_.causal, {}};
    std::vector<int32_t> upper;
    const int32_t shift = image_.is_signed ? 0 : 1 << (image_.bits - 1);
    for (int64_t y = rect.y0; y < rect.y1; ++y) {
      for (int64_t x = rect.x0; x < rect.x1; ++x) {
        const int32_t value = image_.get(0, uint32_t(y), uint32_t(x)) - shift;
        coder.samples.push_back(value);
        upper.push_back(value / 2);
        coder.state.push_back(value / 2 != 0 ? 1 : 0);
      }
    }
    std::vector<uint8_t> cleanup(kMaxCleanupBytes);
    auto scratch = std::make_unique<HtScratch>();
    const HtEncodeJob job{upper.data(), std::size_t(rect.width()), coder.width, coder.height, band.magnitude_bits};
    cleanup.resize(plain_encode_block(job, *scratch, cleanup.data()));
    if (!cleanup.empty()) {
      ForwardBits forward;
      coder.propagate(forward);
      std::vector<uint8_t> refinement = forward.bytes;
      if (layout_.passes == 3) {
        BackwardBits backward;
        coder.refine(backward);
        refinement.insert(refinement.end(), backward.bytes.rbegin(), backward.bytes.rend());
      }
      CodeBlock& block = tile_.codeblock(band, bx, by);
      block.missing_bits = uint8_t(band.magnitude_bits - 2);
      add(block, cleanup, 0, 1);
      add(block, refinement, uint16_t(layout_.layers - 1), uint8_t(layout_.passes - 1));
    }
    for (int i = 0; i < coder.width * coder.height; ++i) {
      const int32_t value = coder.samples[std::size_t(i)];
      const int state = coder.state[std::size_t(i)];
      int32_t magnitude = state == 0 ? 0 : std::abs(value);
      if (state == 1 && layout_.passes == 2) magnitude |= 1;  // the bin's middle
      expected.set(0, uint32_t(rect.y0 + i / coder.width), uint32_t(rect.x0 + i % coder.width),
                   (value < 0 ? -magnitude : magnitude) + shift);
    }
  }

  void add(CodeBlock& block, const std::vector<uint8_t>& bytes, uint16_t layer, uint8_t passes) {
    kept_.push_back(std::make_unique<std::vector<uint8_t>>(bytes));
    add_chunk(tile_, block, {kept_.back()->data(), uint32_t(bytes.size()), layer, passes, -1});
  }

  const Image& image_;
  Layout layout_;
  Tile tile_;
  std::vector<std::unique_ptr<std::vector<uint8_t>>> kept_;
};

void check(uint64_t seed, const Layout& layout, bool witness) {
  Random random(seed);
  Image image;
  image.rows = pick(random, 1, 90), image.columns = pick(random, 1, 90);
  image.bits = int(pick(random, 4, 12)), image.bytes = 2, image.is_signed = pick(random, 0, 1) == 0;
  fill(image, Content::kNoise, random);
  const int32_t middle = image.is_signed ? 0 : 1 << (image.bits - 1);
  const int spread = int(pick(random, 1, 6));
  for (uint32_t y = 0; y < image.rows; ++y) {
    for (uint32_t x = 0; x < image.columns; ++x) {
      image.set(0, y, x, middle + int32_t(random() % uint64_t(2 * spread + 1)) - spread);
    }
  }
  Writer writer(image, layout);
  writer.expected = image;
  const std::vector<uint8_t> bytes = writer.write();
  SCOPED_TRACE("seed " + std::to_string(seed) + ", passes " + std::to_string(layout.passes) + ", layers " +
               std::to_string(layout.layers) + ", causal " + std::to_string(layout.causal));
  Workspace workspace;
  Image ours = image;
  decode(bytes, ours.view(), workspace);
  EXPECT_TRUE(ours.memory == writer.expected.memory);
  if (!witness) return;
  Image theirs = image;
  openjpeg_decode(bytes, theirs);
  EXPECT_TRUE(theirs.memory == writer.expected.memory) << "OpenJPEG";
}

TEST(Refinement, AllPassesComeBackExactly) {
  for (uint64_t seed = 0; seed < 60; ++seed) check(seed, {3, 1, false}, true);
}
TEST(Refinement, PropagationAloneComesBack) {
  for (uint64_t seed = 0; seed < 60; ++seed) check(seed, {2, 1, false}, false);
}
TEST(Refinement, CausalContextsComeBack) {
  for (uint64_t seed = 0; seed < 60; ++seed) check(seed, {3, 1, true}, true);
}
// OpenJPEG 2.5.0 refuses an HT set that is spread over layers.
TEST(Refinement, LayersComeBack) {
  for (uint64_t seed = 0; seed < 60; ++seed) check(seed, {3, 2, false}, false);
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
