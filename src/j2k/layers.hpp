// SPDX-License-Identifier: BSD-3-Clause
// Quality layers in Part 1: every code-block is coded once, then each layer takes the passes that are worth most.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

// Encodes up to, but without, EOC.
void encode_layers(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work);

}  // namespace blosc2_grok::j2k
