// SPDX-License-Identifier: BSD-3-Clause
/// Level shift and multiple component transforms (ISO/IEC 15444-1 Annex G).
#pragma once

#include "wavelet.hpp"

namespace blosc2_grok::reference {

/// Samples of one tile-component as the wavelet takes them: unsigned ones move down by half their range (G.1.1).
Plane take_samples(const Image& image, int component, const Rect& area);

/// Back into the image, rounded and clipped to the range of its samples (G.1.2).
void put_samples(const Plane& plane, int component, Image& image);

/// RCT (G.2) or ICT (G.3) of the first three planes.
void forward_color(std::vector<Plane>& planes, bool reversible);
void inverse_color(std::vector<Plane>& planes, bool reversible);

}  // namespace blosc2_grok::reference
