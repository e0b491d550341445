// SPDX-License-Identifier: BSD-3-Clause
// Seeded images of every kind from integer arithmetic only, the same as those of tests/python/images.py.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sample_type.hpp"

namespace blosc2_grok::test {

using Shape = std::vector<int32_t>;

// The image's bytes, C order. A last axis of 3 or 4 after two others is channels, leading ones are a stack.
// Kinds: photo, xray, ct, text, checkerboard, noise, constant.
std::vector<uint8_t> make_image(std::string_view kind, const SampleType& sample, const Shape& shape, uint64_t seed = 1);

// XXH3-64, so that a drifting generator is never blamed on the codec.
uint64_t image_checksum(const std::vector<uint8_t>& image);

}  // namespace blosc2_grok::test
