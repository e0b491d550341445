// SPDX-License-Identifier: BSD-3-Clause
// Workspace and the stripes of subbands between wavelet and block coder.
#include "workspace.hpp"

namespace blosc2_grok::j2k {

Workspace::Workspace() : impl_(std::make_unique<Impl>()) {}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

std::size_t Workspace::reserved_bytes() const {
  const Impl& w = *impl_;
  return sizeof(Impl) + (w.ebcot ? sizeof(EbcotScratch) : 0) + w.rows.reserved_bytes() + w.coded.reserved_bytes() +
         w.coefficients.reserved_bytes() + w.output.capacity() + w.bodies.capacity() +
         w.tile.codeblocks.capacity() * sizeof(CodeBlock) + w.tile.precincts.capacity() * sizeof(Precinct) +
         w.tile.tag_nodes.capacity() * sizeof(TagNode) + w.tile.chunks.capacity() * sizeof(Chunk) +
         w.tile.order.capacity() * sizeof(PrecinctRef);
}

const EncodeReport& Workspace::report() const { return impl_->report; }

void BandStripe::start(const Subband& subband, Arena& arena, bool with_line) {
  band = &subband;
  const std::size_t width = std::size_t(subband.rect.width());
  const int64_t rows = std::min(subband.rect.height(), int64_t{1} << subband.codeblock_height_log2);
  stride = padded_row(width);
  data = arena.take<int32_t>(stride * std::size_t(std::max<int64_t>(rows, 1))) + kRowPadding;
  line = with_line ? arena.take<float>(stride) + kRowPadding : nullptr;
  next_y = first_y = end_y = subband.rect.y0;
  grid_row = 0;
  if (!subband.rect.empty()) start_stripe(0);
}

void BandStripe::start_stripe(uint32_t row) {
  const Rect rect = codeblock_rect(*band, 0, row);
  grid_row = row;
  first_y = next_y = rect.y0;
  end_y = rect.y1;
}

}  // namespace blosc2_grok::j2k
