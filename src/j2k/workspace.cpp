// SPDX-License-Identifier: BSD-3-Clause
// Workspace and the stripes of subbands between wavelet and block coder.
#include "workspace.hpp"

#include <algorithm>
#include <utility>

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
    workers += worker->samples.capacity() * sizeof(int32_t) + worker->piece.reserved_bytes();
    workers += worker->blocks.capacity() * sizeof(PieceBlock);
  }
  return sizeof(Impl) + workers + w.rows.reserved_bytes() + w.coded.reserved_bytes() + w.coefficients.reserved_bytes() +
         w.output.capacity() + w.bodies.capacity() + w.tile.codeblocks.capacity() * sizeof(CodeBlock) +
         w.tile.precincts.capacity() * sizeof(Precinct) + w.tile.tag_nodes.capacity() * sizeof(TagNode) +
         w.tile.chunks.capacity() * sizeof(Chunk) + w.tile.order.capacity() * sizeof(PrecinctRef);
}

const EncodeReport& Workspace::report() const { return impl_->report; }

Bytes Workspace::take_output() { return std::exchange(impl_->output, {}); }

void Workspace::give_output(Bytes memory) {
  if (memory.capacity() > impl_->output.capacity()) impl_->output = std::move(memory);
}

void Workspace::release() {
  constexpr std::size_t kMany = std::size_t{1} << 23;
  Impl& w = *impl_;
  if (reserved_bytes() < kMany) return;
  w.kept.clear();
  w.coefficients.release(), w.rows.release(), w.coded.release();
  w.forget_coded();
  for (auto& worker : w.workers) worker->piece.release();
}

void Workspace::Impl::forget_coded() {
  coded.reset();
  for (auto& worker : workers) worker->coded = {};
}

CallCrew::CallCrew(unsigned threads, Workspace::Impl& work) : work_(work) {
  while (work.workers.size() < std::max(threads, 1u)) work.workers.push_back(std::make_unique<WorkerMemory>());
  work.crew.gather(threads);
}

uint8_t* take_room(std::size_t most, WorkerMemory& worker, Workspace::Impl& work) {
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  if (worker.coded.size() < most) {
    const std::unique_lock lock = work.lock_coded();
    worker.coded = {work.coded.take<uint8_t>(kPiece), kPiece};
  }
  return worker.coded.data();
}

template <class T>
void PieceBand::start(const Subband& subband, int64_t begin, int64_t end, Arena& arena) {
  band = &subband;
  first_y = begin, end_y = end;
  stride = padded_row(std::size_t(subband.rect.width()));
  data = arena.take<Coefficient<T>>(stride * std::size_t(std::max<int64_t>(end - begin, 1))) + kRowPadding;
  line = std::is_same_v<T, float> ? arena.take<float>(stride) + kRowPadding : nullptr;
}

template <class T>
void start_bands(const PieceStage& stage, int64_t begin, int64_t end, std::size_t first_component, int together,
                 WorkerMemory& worker, Workspace::Impl& work) {
  worker.stage = &stage;
  for (int i = 0; i < together; ++i) {
    for (std::size_t b = stage.first_band(); b < stage.end_band(); ++b) {
      const std::size_t index = subband_index(work.tile, first_component + std::size_t(i), stage, b);
      worker.bands[i][b].start<T>(work.tile.subbands[index], stage.band_row(b, begin), stage.band_row(b, end),
                                  worker.piece);
    }
  }
}

template void start_bands<int32_t>(const PieceStage&, int64_t, int64_t, std::size_t, int, WorkerMemory&,
                                   Workspace::Impl&);
template void start_bands<int64_t>(const PieceStage&, int64_t, int64_t, std::size_t, int, WorkerMemory&,
                                   Workspace::Impl&);
template void start_bands<float>(const PieceStage&, int64_t, int64_t, std::size_t, int, WorkerMemory&,
                                 Workspace::Impl&);

uint32_t list_piece_blocks(const PieceStage& stage, int together, WorkerMemory& worker) {
  worker.blocks.clear();
  for (int i = 0; i < together; ++i) {
    for (std::size_t b = stage.first_band(); b < stage.end_band(); ++b) {
      const PieceBand& rows = worker.bands[i][b];
      rows.for_each_grid_row([&](uint32_t y) {
        for (uint32_t x = 0; x < rows.band->grid_width; ++x) worker.blocks.push_back({uint8_t(i), uint8_t(b), x, y});
      });
    }
  }
  return uint32_t(worker.blocks.size());
}

}  // namespace blosc2_grok::j2k
