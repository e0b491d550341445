// SPDX-License-Identifier: BSD-3-Clause
// Coding an image to a budget or a quality: what the engines aim at, corrected until it holds.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine.hpp"
#include "segment.hpp"

namespace blosc2_grok {

// What a block shall reach; sizes are of the stored block.
struct Goal {
  QualityMode mode = QualityMode::kNone;
  std::vector<double> layers;  // bytes or dB, the last one the block's own; 0 bytes: everything
  size_t overhead = 0;         // bytes of the stored block that are not the engine's codestream
  double unit = 1;             // of a count of the codestream, in the units of the elements
};

struct CodedImage {
  j2k::Bytes codestream;
  std::optional<LossRecord> loss;  // measured, unless nothing was to be lost
};

// What decoding a codestream loses, in the units of the elements.
using Measure = std::function<LossRecord(ByteSpan)>;

// `measure` is null where nothing may be lost. Throws Error when the engine can't code the image, or loses what it may
// not.
CodedImage encode_to_goal(const Engine& engine, const SourceImage& image, CodingJob job, const Goal& goal,
                          size_t block_bytes, const Measure& measure);

// What a decoder makes of the codestream, compared with the image.
LossRecord measure_loss(const SourceImage& image, ByteSpan codestream, size_t block_bytes, unsigned threads,
                        const Engine* witness_of = nullptr);

// The samples that decoding yields, laid out as the image's own block of `block_bytes`.
std::vector<uint8_t> decode_like(const SourceImage& image, ByteSpan codestream, size_t block_bytes, unsigned threads,
                                 const Engine* witness_of = nullptr);

// 10 log10(peak^2 / MSE) with peak = 2^bits - 1; infinite for equal images.
double psnr(double mse, unsigned bits);
double decibels_of_rmse(double rmse, unsigned bits);

}  // namespace blosc2_grok
