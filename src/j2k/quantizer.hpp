// SPDX-License-Identifier: BSD-3-Clause
// Step sizes and bit-plane counts of subbands (ISO/IEC 15444-1 Annex E): what QCD says.
#pragma once

#include "markers.hpp"

namespace blosc2_grok::j2k {

// L2 norm of the 5/3's or the 9/7's synthesis basis vectors of a band at decomposition level `level` (1: the finest).
double synthesis_norm(bool reversible, int level, int band);

// Fills exponents, mantissas, guard bits. Reversible: enough bit-planes for the transform's largest gain.
// Irreversible: `base_step` over each band's synthesis norm. Raises `guard_bits` where they would not do.
void set_quantization_steps(int bits, bool mct, int guard_bits, double base_step, ComponentCoding& coding);

// The largest Mb of all bands (Equation E-2).
int largest_magnitude_bits(const ComponentCoding& coding);

}  // namespace blosc2_grok::j2k
