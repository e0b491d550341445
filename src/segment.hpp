// SPDX-License-Identifier: BSD-3-Clause
// Our COM marker segment: what the standard has no place for, and the checksums (docs/format.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "codestream.hpp"
#include "geometry.hpp"
#include "mapping.hpp"
#include "planes.hpp"
#include "sample_type.hpp"

namespace blosc2_grok {

constexpr uint8_t kFormatVersion = 1;

// The measured difference between a block and its decoded self, in the units of the samples.
struct LossRecord {
  double max_error = 0;
  double mse = 0;
};

struct EngineRecord {
  uint8_t id = 0;  // EngineName's number
  std::array<uint8_t, 3> engine_version{};
  std::array<uint8_t, 3> plugin_version{};
};

struct Segment {
  SampleType sample;
  bool is_lossy = false;
  bool is_bytes = false;          // the block's bytes in a row: its array's shape says nothing of it
  uint8_t shuffled_typesize = 0;  // 0: as the host stores it; n: the host's block is byte-shuffled by n
  Layout layout;
  std::optional<ValidExtent> valid;  // unset: everything
  std::optional<Mapping> mapping;    // unset: samples are the codestream's
  KeptSamples kept;
  EngineRecord engine;
  std::optional<LossRecord> loss;            // of a lossy block
  std::optional<uint64_t> samples_checksum;  // of a lossless one: XXH3-64 of the host's block
};

// The segment with a checksum of zeros, ready to be put before the first SOT; `seal` fills the checksum in.
std::vector<uint8_t> make_segment(const Segment& segment);

// Computes the checksum of the whole stored block and writes it into the segment at `segment_offset`.
void seal(std::span<uint8_t> stored_block, size_t segment_offset);

// The segment of a stored block, its checksum verified; empty for a block of an earlier plugin. Throws Error(kData)
// when the segment is damaged or of a later version, or when any bit of the block has changed.
std::optional<Segment> read_segment(ByteSpan stored_block, ByteSpan codestream, const CodestreamHeader& header);

uint64_t checksum(ByteSpan bytes);

}  // namespace blosc2_grok
