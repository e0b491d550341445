// SPDX-License-Identifier: BSD-3-Clause
// The second half of a decoder alone: coefficients that come from somewhere else than packets.
#pragma once

#include "workspace.hpp"

namespace blosc2_grok::j2k {

class BlockSource {
 public:
  virtual void start_tile(uint32_t tile) = 0;
  // Writes the code-block's coefficients with `fraction_bits` below their units, as EbcotDecodeJob has them. By several
  // threads.
  virtual void fill(const BlockPlace& place, int fraction_bits, WorkerMemory& worker) = 0;

 protected:
  ~BlockSource() = default;
};

// The image of a codestream of this header. Throws Error.
void decode_from(BlockSource& source, const MainHeader& header, const ImageView& image, unsigned threads,
                 Workspace& workspace);

}  // namespace blosc2_grok::j2k
