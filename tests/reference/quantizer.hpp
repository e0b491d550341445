// SPDX-License-Identifier: BSD-3-Clause
/// Quantization of subbands and code-blocks (ISO/IEC 15444-1 Annex E).
#pragma once

#include "block.hpp"
#include "wavelet.hpp"

namespace blosc2_grok::reference {

/// epsilon_b and mu_b of a band; style 1 derives them from those of the lowest band (Equation E-5).
StepSize band_step(const ComponentParameters& component, const Band& band);

/// Delta_b (Equation E-3), 1 for the reversible path.
double step_value(const ComponentParameters& component, const Band& band, int bits);

/// epsilon_b and mu_b that come next to `step` in a band of this orientation.
StepSize make_step(double step, int bits, Orientation orientation);

/// M_b, the number of magnitude bit-planes (Equation E-2).
int magnitude_planes(const ComponentParameters& component, const Band& band);

/// The code-block at `area`, quantized towards zero (Equation E-1).
BlockSamples quantize(const Plane& band, const Rect& area, double step);

/// Writes a decoded block into its band: the middle of what is unknown (Equations E-6 and E-8 with r = 1/2).
void dequantize(const BlockSamples& samples, const Rect& area, double step, bool reversible, Plane& band);

}  // namespace blosc2_grok::reference
