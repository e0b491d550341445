// SPDX-License-Identifier: BSD-3-Clause
// One tile from samples to coded code-blocks, in one go or with its coefficients kept for several tries of a step.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Samples through colour and wavelet transform into the tile's code-blocks, row by row.
void encode_tile_rows(const ConstImageView& image, Workspace::Impl& work);

// Samples through the transforms; the coefficients are appended to the workspace's.
void keep_tile_rows(const ConstImageView& image, Workspace::Impl& work);

// Which code-blocks are in a sample, every `sampling`-th one of the tile: visit(band, first, count).
template <class Visit>
void for_each_sample(const Tile& tile, uint32_t sampling, Visit&& visit) {
  uint32_t first = 0;
  for (std::size_t b = 0; b < tile.subbands.size(); ++b) {
    const uint32_t blocks = tile.subbands[b].grid_width * tile.subbands[b].grid_height;
    const uint32_t count = blocks <= first ? 0 : (blocks - first + sampling - 1) / sampling;
    visit(b, first, count);
    first = first + count * sampling - blocks;
  }
}

// Irreversible only, as what follows: quantizes and codes kept coefficients, whose first band is `first_band` of the
// workspace's. With `sampling` above 1 only a sample of the code-blocks, and nothing is kept. Returns their bytes.
std::size_t encode_kept_tile(std::size_t first_band, uint32_t sampling, Workspace::Impl& work);

// Codes the bands of one resolution again, with their present steps; the other code-blocks of the image's only tile stay.
void encode_kept_resolution(int resolution, Workspace::Impl& work);

// Adds to `loss` the differences between the image and what a decoder makes of the kept tile with the steps as they are.
void add_kept_tile_loss(const ConstImageView& image, std::size_t first_band, Workspace::Impl& work, Loss& loss);

}  // namespace blosc2_grok::j2k
