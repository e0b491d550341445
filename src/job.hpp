// SPDX-License-Identifier: BSD-3-Clause
// Parameters meet the image: what they mean for this block, and what they can't mean.
#pragma once

#include "engine.hpp"
#include "quality.hpp"

namespace blosc2_grok {

// Whether anything in the parameters allows the decoded samples to differ.
bool asks_for_loss(const Params& params);

// The parameters with what this image decides settled: a region of interest on a component that isn't there is left
// out, and said. Throws Error for what the image makes impossible.
Params settle_params(Params params, const SourceImage& image);

CodingJob make_job(const Params& params, const SourceImage& image, const Geometry& geometry, bool is_lossy,
                   unsigned threads);

// `overhead`: bytes of the stored block outside the engine's codestream; `head_bytes` of them outside the codestream.
Goal make_goal(const Params& params, const SourceImage& image, size_t overhead, size_t head_bytes);

// What an engine was told must stand in what it wrote: throws Error naming what doesn't.
void check_kept(const CodestreamHeader& header, const CodingJob& job);

}  // namespace blosc2_grok
