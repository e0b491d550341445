// SPDX-License-Identifier: BSD-3-Clause
// The last stage that can go on goes first, so that rings empty. No stage waits for ever: the last one needs no room,
// and a ring holds the rows that the next piece waits for.
#include "ladder.hpp"

#include <algorithm>
#include <bit>

namespace blosc2_grok::j2k {

void Ladder::start(LadderWork& work, uint32_t at_once) {
  work_ = &work;
  at_once_ = std::clamp(at_once, 1u, kMostAtOnce);
  stages_.clear();
  has_failed_ = false;
}

void Ladder::set_rings() {
  for (std::size_t s = 0; s + 1 < stages_.size(); ++s) {
    if (stages_[s].pieces == 0 || stages_[s + 1].pieces == 0) continue;
    int64_t needed = 0, written = 0, before = work_->reach(s, 0).ready_end;
    for (uint32_t p = 0; p < stages_[s + 1].pieces; ++p) {
      const PieceReach reach = work_->reach(s + 1, p);
      needed = std::max(needed, reach.needs_end - reach.needs_first);
    }
    const int64_t first = work_->reach(s + 1, 0).needs_first;
    written = before - first;
    for (uint32_t p = 0; p < stages_[s].pieces; ++p) {
      const PieceReach reach = work_->reach(s, p);
      written = std::max(written, reach.written_end - std::min(before, reach.ready_end));
      before = reach.ready_end;
    }
    const int64_t all = before - first;
    stages_[s].ring_rows = std::max<int64_t>(1, std::min(all, needed + (at_once_ + 1) * written));
  }
}

void Ladder::run(Crew& crew) {
  const auto climb_some = [](const void* what, uint32_t first, uint32_t, std::size_t) {
    static_cast<Ladder*>(const_cast<void*>(what))->climb(first);
  };
  crew.run_all(climb_some, this, at_once_);
}

void Ladder::climb(std::size_t worker) {
  std::unique_lock lock(mutex_);
  while (!has_failed_ && !all_taken()) {
    Choice choice{};
    if (!choose(choice)) {
      changed_.wait(lock);
      continue;
    }
    try {
      do_whole_piece(choice, worker, lock);
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      has_failed_ = true;
      changed_.notify_all();
      throw;
    }
  }
}

void Ladder::do_whole_piece(const Choice& choice, std::size_t worker, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  work_->prepare_piece(choice.stage, choice.piece, worker);
  lock.lock();
  changed_.wait(lock, [&] { return has_failed_ || has_rows(choice, &Stage::done); });
  if (has_failed_) return;
  lock.unlock();
  work_->do_piece(choice.stage, choice.piece, worker);
  lock.lock();
  mark_done(choice);
  lock.unlock();
  work_->finish_piece(choice.stage, choice.piece, worker);
  lock.lock();
}

// A piece whose rows are there; else one whose rows others are at work for.
bool Ladder::choose(Choice& choice) {
  for (uint32_t Stage::*pieces_before : {&Stage::done, &Stage::next}) {
    for (std::size_t s = stages_.size(); s-- > 0;) {
      choice = {s, stages_[s].next};
      if (!has_room(s) || !has_rows(choice, pieces_before)) continue;
      ++stages_[s].next;
      return true;
    }
  }
  return false;
}

// For the next piece of the stage, if there is one.
bool Ladder::has_room(std::size_t s) const {
  const Stage& stage = stages_[s];
  if (stage.next == stage.pieces || stage.next - stage.done >= at_once_) return false;
  if (s + 1 == stages_.size() || stages_[s + 1].done == stages_[s + 1].pieces) return true;
  const int64_t written_end = work_->reach(s, stage.next).written_end;
  return written_end - work_->reach(s + 1, stages_[s + 1].done).needs_first <= stage.ring_rows;
}

// With `pieces_before` of the stage before.
bool Ladder::has_rows(const Choice& choice, uint32_t Stage::*pieces_before) const {
  if (choice.stage == 0) return true;
  const Stage& before = stages_[choice.stage - 1];
  const uint32_t pieces = before.*pieces_before;
  if (pieces == before.pieces) return true;
  return pieces > 0 && work_->reach(choice.stage - 1, pieces - 1).ready_end >=
                           work_->reach(choice.stage, choice.piece).needs_end;
}

bool Ladder::all_taken() const {
  return std::all_of(stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.next == stage.pieces; });
}

void Ladder::mark_done(const Choice& choice) {
  Stage& stage = stages_[choice.stage];
  stage.done_beyond |= uint64_t{1} << (choice.piece - stage.done);
  const int more = std::countr_one(stage.done_beyond);
  stage.done += uint32_t(more);
  stage.done_beyond >>= more;
  if (at_once_ > 1) changed_.notify_all();
}

}  // namespace blosc2_grok::j2k
