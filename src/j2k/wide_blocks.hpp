// SPDX-License-Identifier: BSD-3-Clause
// Code-blocks of 64-bit coefficients. Few of them need more than 32 bits: those that don't go through the fast kernels
// in a copy, the others through the plain ones.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

using WideBlockPlace = BlockPlaceOf<int64_t>;

// As the kernels for 32 bits have it: `out` is kMaxWideCleanupBytes long.
std::size_t encode_wide_ht(const WideBlockPlace& place, int magnitude_bits, uint8_t* out, WorkerMemory& worker,
                           Workspace::Impl& work);
// kDecodeTogether at most.
void decode_wide_ht(std::span<const WideHtDecodeJob> jobs, WorkerMemory& worker);

void encode_wide_part1(const WideEbcotEncodeJob& job, EbcotScratch& scratch, uint8_t* out, WorkerMemory& worker,
                       Workspace::Impl& work);
void decode_wide_part1(const WideEbcotDecodeJob& job, EbcotScratch& scratch, WorkerMemory& worker,
                       Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
