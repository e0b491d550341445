// SPDX-License-Identifier: BSD-3-Clause
// From what the caller asks to what the main header says.
#pragma once

#include "codec.hpp"
#include "markers.hpp"

namespace blosc2_grok::j2k {

// Checks the image and the options and fills the header's size and coding. Throws Error.
void set_up_encoding(const ConstImageView& image, const EncodeOptions& options, MainHeader& header);

// Chooses the steps anew, the rest staying as it is.
void set_base_step(const ConstImageView& image, const EncodeOptions& options, double base_step, TileCoding& coding);

}  // namespace blosc2_grok::j2k
