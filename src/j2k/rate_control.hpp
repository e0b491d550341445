// SPDX-License-Identifier: BSD-3-Clause
// Chooses the quantization step for a size or a mean squared error, with one wavelet transform for all tries.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Starts the output with the main header of the coding as it is.
void begin_output(Workspace::Impl& work);
// Encodes and appends all tiles, without keeping coefficients.
void encode_image(const ConstImageView& image, Workspace::Impl& work);
// Appends the tile in work.
void write_tile(uint32_t index, Workspace::Impl& work);
// What TLM and EOC will make of the output.
std::size_t ended_size(const Workspace::Impl& work);

// Encodes up to, but without, EOC; with no target, at the base step.
void encode_to_target(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
