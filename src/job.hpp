// SPDX-License-Identifier: BSD-3-Clause
// Parameters meet the image: what they mean for this block, and what they can't mean.
#pragma once

#include "engine.hpp"
#include "prepare.hpp"
#include "quality.hpp"
#include "stored_block.hpp"

namespace blosc2_grok {

// Whether the parameters ask an engine to change samples (max_error does not: it acts before).
bool states_loss(const Params& params);

// Whether they allow it: profiles do, which may prescribe the wavelet and the size.
bool asks_engine_for_loss(const Params& params);

// The parameters with what this image decides settled: a region of interest on a component that isn't there is left
// out, and said. Throws Error for what the image makes impossible.
Params settle_params(Params params, const SourceImage& image);

CodingJob make_job(const PreparedImage& prepared, unsigned threads);

// Most bytes of a block's codestream; 0: no cap.
uint64_t byte_cap(const Params& params);

Goal make_goal(const PreparedImage& prepared, const Overhead& overhead);

// What an engine was told must stand in what it wrote: throws Error naming what doesn't.
void check_kept(const CodestreamHeader& header, const CodingJob& job);

}  // namespace blosc2_grok
