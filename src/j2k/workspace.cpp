// SPDX-License-Identifier: BSD-3-Clause
// Workspace and the stripes of subbands between wavelet and block coder.
#include "workspace.hpp"

#include <algorithm>

#include "layer_blocks.hpp"

namespace blosc2_grok::j2k {

Workspace::Workspace() : impl_(std::make_unique<Impl>()) {}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

Workspace::Impl::Impl() = default;
Workspace::Impl::~Impl() = default;

std::size_t Workspace::reserved_bytes() const {
  const Impl& w = *impl_;
  std::size_t workers = 0;
  for (const auto& worker : w.workers) {
    workers += sizeof(WorkerMemory) + (worker->ebcot ? sizeof(EbcotScratch) : 0);
    workers += worker->samples.capacity() * sizeof(int32_t);
  }
  return sizeof(Impl) + workers + w.rows.reserved_bytes() + w.coded.reserved_bytes() + w.coefficients.reserved_bytes() +
         w.output.capacity() + w.bodies.capacity() + w.tile.codeblocks.capacity() * sizeof(CodeBlock) +
         w.tile.precincts.capacity() * sizeof(Precinct) + w.tile.tag_nodes.capacity() * sizeof(TagNode) +
         w.tile.chunks.capacity() * sizeof(Chunk) + w.tile.order.capacity() * sizeof(PrecinctRef);
}

const EncodeReport& Workspace::report() const { return impl_->report; }

void Workspace::Impl::forget_coded() {
  coded.reset();
  for (auto& worker : workers) worker->coded = {};
}

CallCrew::CallCrew(unsigned threads, Workspace::Impl& work) : work_(work), crew_(threads) {
  while (work.workers.size() < crew_.size()) work.workers.push_back(std::make_unique<WorkerMemory>());
  work.crew = &crew_;
}

uint8_t* take_room(std::size_t most, WorkerMemory& worker, Workspace::Impl& work) {
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  if (worker.coded.size() < most) {
    const std::lock_guard lock(work.coded_lock);
    worker.coded = {work.coded.take<uint8_t>(kPiece), kPiece};
  }
  return worker.coded.data();
}

void BandStripe::start(const Subband& subband, Arena& arena) {
  band = &subband;
  const std::size_t width = std::size_t(subband.rect.width());
  const int64_t rows = std::min(subband.rect.height(), int64_t{1} << subband.codeblock_height_log2);
  stride = padded_row(width);
  data = arena.take<int32_t>(stride * std::size_t(std::max<int64_t>(rows, 1))) + kRowPadding;
  next_y = first_y = end_y = subband.rect.y0;
  grid_row = 0;
  if (!subband.rect.empty()) start_stripe(0);
}

void BandStripes::start(const Subband& band, bool with_line, Batch::Run run, Workspace::Impl& work) {
  in_turn = work.crew->size() > 1 && band.grid_height > 1 ? 2 : 1;
  for (uint32_t i = 0; i < in_turn; ++i) {
    jobs[i].stripe.start(band, work.rows);
    jobs[i].batch = {run, &jobs[i], band.grid_width, kBlocksAtOnce};
    jobs[i].work = &work;
  }
  grid_row = 0;
  line = with_line ? work.rows.take<float>(jobs[0].stripe.stride) + kRowPadding : nullptr;
}

void BandStripe::start_stripe(uint32_t row) {
  const Rect rect = codeblock_rect(*band, 0, row);
  grid_row = row;
  first_y = next_y = rect.y0;
  end_y = rect.y1;
}

}  // namespace blosc2_grok::j2k
