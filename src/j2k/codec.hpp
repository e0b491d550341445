// SPDX-License-Identifier: BSD-3-Clause
// The two entry points of the JPEG 2000 coder (ISO/IEC 15444-1 and 15444-15): encode an image, decode a codestream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "bytes.hpp"
#include "error.hpp"

namespace blosc2_grok::j2k {

// The caller's samples. Strides and offsets count elements of 1, 2 or 4 bytes; component c's sample at (row, column)
// is at component_offsets[c] + row * row_stride + column * column_stride. Samples must fit `bits`: others are an Error
// or come back clipped. `Byte` is const for encoding.
template <class Byte>
struct BasicImageView {
  Byte* samples = nullptr;
  uint32_t rows = 0;
  uint32_t columns = 0;
  uint32_t components = 1;
  int bits = 16;
  bool is_signed = false;
  int bytes_per_sample = 2;
  std::ptrdiff_t row_stride = 0;
  std::ptrdiff_t column_stride = 1;
  std::span<const std::ptrdiff_t> component_offsets;

  operator BasicImageView<const std::byte>() const requires(!std::is_const_v<Byte>) {
    return {samples,          rows,       columns,       components,       bits, is_signed,
            bytes_per_sample, row_stride, column_stride, component_offsets};
  }
};
using ImageView = BasicImageView<std::byte>;
using ConstImageView = BasicImageView<const std::byte>;

enum class Progression : uint8_t { kLrcp = 0, kRlcp = 1, kRpcl = 2, kPcrl = 3, kCprl = 4 };

struct Size {
  uint32_t width = 0;
  uint32_t height = 0;
};

// What a quality layer and those before it shall come to: a codestream of at most so many bytes, had it no more layers,
// or at most this mean squared error. Both 0: everything.
struct LayerTarget {
  std::size_t bytes = 0;
  double mse = 0.0;
};

struct EncodeOptions {
  int resolutions = 6;     // 1 to 33; decompositions = resolutions - 1
  Size codeblock{64, 64};  // powers of two, 4 to 1024 each, area at most 4096
  bool reversible = true;  // 5/3, else 9/7
  bool mct = false;        // RCT or ICT on the first three components
  Size tile{};             // 0: one tile
  Size tile_offset{};      // at most image_offset
  Size image_offset{};
  std::vector<Size> precincts;  // from the highest resolution down, the last repeated; empty: maximal
  Progression progression = Progression::kLrcp;
  int guard_bits = 2;            // raised where the transform's worst case needs it
  double base_step = 1.0;        // irreversible: quantization step in sample counts of a band of unit synthesis gain
  // > 0: choose the step for this mean squared error, or for a codestream of at most this size. Reversible, in HT only:
  // choose how many of the lowest bit-planes to leave out, for the error by estimate.
  double target_mse = 0.0;
  std::size_t target_bytes = 0;
  bool measure_loss = false;     // irreversible or by layers: report what decoding will lose, if known
  bool high_throughput = true;   // Part 15's block coder, else Part 1's
  // Part 1: quality layers, the best one last, each met by leaving out coding passes; the step is `base_step`. Empty:
  // one layer, by the targets above.
  std::vector<LayerTarget> layers;
  int block_style = 0;           // Part 1: code-block style, the six bits of Table A.19
  // Part 1: this component as a region of interest, if the shift is not 0. It must not be below the bit-planes of the
  // others. In layers, and in those only, the region comes first.
  uint32_t region_component = 0;
  int region_shift = 0;
  int profile = 0;               // Part 1: Rsiz of a profile, whose limits are the caller's to keep
  bool tile_parts = false;       // a new one at each change of resolution, 255 a tile at most
  bool component_parts = false;  // a new one at each change of component
  bool highest_apart = false;    // the highest resolution by a second progression (POC), after all others
  bool packet_lengths = false;   // PLT marker segments
  bool part_lengths = false;     // TLM marker segments
  unsigned threads = 1;          // that work on the image; the bytes are the same for any number
};

struct DecodeOptions {
  int reduce = 0;        // resolutions left out
  unsigned threads = 1;  // that work on the image
  int layers = 0;        // quality layers used; 0: all
};

struct Header {
  uint32_t rows = 0, columns = 0, components = 0;
  int bits = 0;
  bool is_signed = false;
  bool same_components = true;  // all of one size, depth and sign
  bool high_throughput = false;
  bool reversible = true;
  bool mct = false;
  int resolutions = 0;
  int layers = 0;
  Size tile, tile_offset, image_offset;
};

// Differences between an image and what a decoder makes of its codestream, whole samples.
struct Loss {
  int64_t greatest = 0;
  double squares = 0.0;  // their sum
};

// What the search for a step came to.
struct EncodeReport {
  double base_step = 0.0;           // 0: nothing was searched
  double mean_squared_error = 0.0;  // after rounding and clipping, where one was asked
  std::optional<Loss> loss;         // where it was to be measured, irreversible
};

// Reusable memory of one call at a time: nothing in it grows any more once a block of some kind has been through.
class Workspace {
 public:
  Workspace();
  ~Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  struct Impl;
  Impl& impl() { return *impl_; }
  std::size_t reserved_bytes() const;
  const EncodeReport& report() const;  // of the last encode
  Bytes take_output();  // the codestream of the last encode, no longer the workspace's
  void give_output(Bytes memory);  // for the next codestream
  void release();                      // of coefficients and rows, where they take 8 MiB and more

 private:
  std::unique_ptr<Impl> impl_;
};

// Returns the codestream; it lives in the workspace until the next call with it. Throws Error.
std::span<const uint8_t> encode(const ConstImageView& image, const EncodeOptions& options, Workspace& workspace);

// Decodes a codestream, raw or inside JP2/JPH boxes, whose size, depth and sign are the view's. Throws Error.
void decode(std::span<const uint8_t> bytes, const ImageView& image, Workspace& workspace,
            const DecodeOptions& options = {});

// Reads the main header only.
Header read_header(std::span<const uint8_t> bytes);

}  // namespace blosc2_grok::j2k
