// SPDX-License-Identifier: BSD-3-Clause
// Every parameter of the codec as a plain value, validated when it is made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "geometry.hpp"

namespace blosc2_grok {

// A pair is (width, height) or (x, y), as in Pillow.
struct Extent {
  uint32_t width = 0;
  uint32_t height = 0;
  bool operator==(const Extent&) const = default;
  bool is_zero() const { return width == 0 && height == 0; }
};

enum class QualityMode { kNone, kRates, kDecibels };
enum class Progression { kLrcp, kRlcp, kRpcl, kPcrl, kCprl };
enum class FileFormat { kUnknown = 0, kJ2k = 1, kJp2 = 2 };  // GrkFileFmt; 3 to 11 are no codestream formats
enum class RateControl { kBisect = 0, kPcrdOpt = 1 };
enum class Verify { kSampled, kAll, kNone };
enum class EngineName { kAuto, kOpenjpeg, kGrok, kJ2k };

// Bits of `mode`: the code-block style of ISO/IEC 15444-1 A.6.1, and HT.
namespace block_style {
constexpr uint32_t kLazy = 1, kReset = 2, kTermAll = 4, kVsc = 8, kPTerm = 16, kSegSym = 32, kHt = 64;
}

constexpr int kMctAuto = -1;
constexpr size_t kMaxLayers = 100;

// The fields bear the names of the parameter table, so that they can be looked up there.
struct Params {
  Extent tile_size;
  Extent tile_offset;
  QualityMode quality_mode = QualityMode::kNone;
  std::vector<double> quality_layers;
  Progression progression = Progression::kLrcp;
  uint32_t num_resolutions = 6;
  Extent codeblock_size{64, 64};
  std::optional<bool> irreversible;  // unset: the quality decides
  Extent precinct_size;
  Extent offset;
  int mct = 0;  // 0, 1 or kMctAuto
  uint32_t numgbits = 2;
  int roi_compno = -1;
  uint32_t roi_shift = 0;
  uint32_t decod_format = 0;
  FileFormat cod_format = FileFormat::kJp2;
  uint32_t rsiz = 0;
  uint32_t framerate = 0;
  bool apply_icc = false;
  RateControl rate_control = RateControl::kBisect;
  uint32_t num_threads = 0;
  int device_id = 0;
  uint32_t duration = 0;
  uint32_t repeats = 1;
  uint32_t mode = 0;
  bool verbose = false;
  bool enable_tile_parts = false;
  uint64_t max_cs_size = 0;
  uint64_t max_comp_size = 0;
  std::optional<uint32_t> bits_per_sample;
  std::optional<double> max_error;  // units of the samples; 0: lossless
  std::optional<double> rmse;       // units of the samples
  std::optional<double> psnr;       // dB
  std::vector<double> keep;         // values kept exactly beside a lossy rest
  LayoutWish layout;
  EngineName engine = EngineName::kAuto;
  Verify verify = Verify::kSampled;
  bool write_plt = false;
  bool write_tlm = false;

  bool has_quality() const { return quality_mode != QualityMode::kNone || max_error || rmse || psnr; }
  bool is_ht() const { return (mode & block_style::kHt) != 0; }
  bool has_region() const { return roi_compno >= 0 && roi_shift > 0; }
  bool operator==(const Params&) const = default;
};

// From a packed map (the metalayer `grok`, set_defaults). Throws Error(kCodecParam) naming parameter, value and range.
Params parse_params(std::span<const uint8_t> packed);
// The complete map in canonical form: what parse_params reads back as the same value.
std::vector<uint8_t> pack_params(const Params& params);

// `codec_meta`, 10 times a rate, replaces the quality; 0 leaves it, 1 to 10 mean lossless.
Params with_codec_meta(Params params, uint8_t codec_meta);

// The process's defaults: a snapshot, swapped in one piece.
std::shared_ptr<const Params> default_params();
void set_default_params(Params params);

}  // namespace blosc2_grok
