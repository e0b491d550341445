// SPDX-License-Identifier: BSD-3-Clause
// Loss with the reversible transform in HT: the lowest bit-planes of a code-block are left out (ISO/IEC 15444-15 7.1:
// its cleanup pass then lies at a higher bit-plane).
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Bit-planes to leave out of code-block `number`, for a depth of log2(step): whole ones of all code-blocks, and one
// more of a share of them that grows with the fraction, spread evenly.
int planes_to_drop(double depth, std::size_t number);

// Halves the magnitudes of a code-block `planes` times, towards zero.
void drop_planes(int32_t* samples, std::size_t stride, int width, int height, int planes);

// Encodes up to, but without, EOC: by the depth that belongs to the mean squared error, or the finest depth that fits.
void encode_to_depth(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
