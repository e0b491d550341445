// SPDX-License-Identifier: BSD-3-Clause
// One tile from samples to coded code-blocks, in one go or with its coefficients kept for several tries of a step.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Samples through colour and wavelet transform into the tile's code-blocks, row by row.
void encode_tile_rows(const ConstImageView& image, Workspace::Impl& work);

// Samples through the transforms; the coefficients are appended to the workspace's.
void keep_tile_rows(const ConstImageView& image, Workspace::Impl& work);

// Irreversible only, as what follows: quantizes and codes kept coefficients, whose first band is `first_band` of the workspace's. With `sampling` above 1
// only one code-block in so many, and nothing is kept. Returns the bytes of the code-blocks.
std::size_t encode_kept_tile(std::size_t first_band, uint32_t sampling, Workspace::Impl& work);

// Sum of squared differences between the image and what a decoder makes of the kept tile with the steps as they are.
double kept_tile_error(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work);

// The same, exact and with the greatest difference, added to `loss`.
void add_kept_tile_loss(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work, Loss& loss);

}  // namespace blosc2_grok::j2k
