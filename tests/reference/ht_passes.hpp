// SPDX-License-Identifier: BSD-3-Clause
/// The three passes of HT block coding (ISO/IEC 15444-15 clauses 7.3 to 7.5), one function each way.
#pragma once

#include "block.hpp"

namespace blosc2_grok::reference {

/// Cleanup pass: magnitudes and signs of all samples. The segment is empty where all are zero.
Bytes encode_cleanup(const Grid& mu, const std::vector<uint8_t>& negative);
void decode_cleanup(const Bytes& segment, Grid& mu, std::vector<uint8_t>& negative);

/// The samples that SPP (7.4) and MRP (7.5) code one bit lower; `cleanup` has the significance they start from.
/// `bit_plane` has those bits; SPP adds signs.
Bytes encode_refinement(const Grid& cleanup, const Grid& bit_plane, const std::vector<uint8_t>& negative, int passes,
                        bool vertically_causal);

struct Refinement {
  Grid bits;                     ///< the bit of each refined sample
  std::vector<uint8_t> refined;  ///< which samples were
};
Refinement decode_refinement(const Bytes& segment, const Grid& cleanup, std::vector<uint8_t>& negative, int passes,
                             bool vertically_causal);

}  // namespace blosc2_grok::reference
