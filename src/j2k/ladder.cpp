// SPDX-License-Identifier: BSD-3-Clause
// The last stage that can go on goes first, so that rings empty. No stage waits for ever: the last one needs no room,
// and a ring holds the rows that the next piece waits for. Who finds no piece takes code-blocks of somebody else's.
#include "ladder.hpp"

#include <hwy/cache_control.h>

#include <algorithm>
#include <bit>

namespace blosc2_grok::j2k {
namespace {

constexpr uint32_t kBlockGrain = 2;  // as many as HT decodes together
constexpr int kPauses = 600;         // in some ten microseconds: to sleep and be woken takes longer

}  // namespace

void Ladder::start(LadderWork& work, uint32_t at_once) {
  work_ = &work;
  at_once_ = std::clamp(at_once, 1u, kMostAtOnce);
  stages_.clear();
  open_.assign(at_once_, {});
  in_hand_ = 0;
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
  if (at_once_ == 1) return climb_alone();
  crew.run_all(climb_some, this, at_once_);
}

// Nobody to wait for or to keep out.
void Ladder::climb_alone() {
  for (Choice choice{}; choose(choice); mark_done(choice)) {
    work_->prepare_piece(choice.stage, choice.piece, 0);
    const auto do_blocks = [&] {
      const uint32_t count = work_->list_blocks(choice.stage, 0);
      if (count != 0) work_->do_blocks(0, 0, count, 0);
    };
    if (work_->blocks_come_first()) do_blocks();
    work_->do_piece(choice.stage, choice.piece, 0);
    if (!work_->blocks_come_first()) do_blocks();
  }
}

void Ladder::climb(std::size_t worker) {
  std::unique_lock lock(mutex_);
  while (!has_failed_ && !is_done()) {
    try {
      Choice choice{};
      if (choose(choice)) {
        ++in_hand_;
        do_whole_piece(choice, worker, lock);
        if (--in_hand_ == 0) tell();
      } else if (!help_others(worker, lock)) {
        wait(lock);
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      has_failed_ = true;
      tell();
      throw;
    }
  }
}

void Ladder::do_whole_piece(const Choice& choice, std::size_t worker, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  work_->prepare_piece(choice.stage, choice.piece, worker);
  if (work_->blocks_come_first()) do_all_blocks(choice, worker, lock);
  lock.lock();
  while (!has_failed_ && !has_rows(choice, &Stage::done)) {
    if (!help_others(worker, lock)) wait(lock);
  }
  if (has_failed_) return;
  lock.unlock();
  work_->do_piece(choice.stage, choice.piece, worker);
  lock.lock();
  mark_done(choice);
  lock.unlock();
  if (!work_->blocks_come_first()) do_all_blocks(choice, worker, lock);
  lock.lock();
}

// Without the lock. Nobody else is at them any more when it returns, but after a failure.
void Ladder::do_all_blocks(const Choice& choice, std::size_t worker, std::unique_lock<std::mutex>& lock) {
  const uint32_t count = work_->list_blocks(choice.stage, worker);
  if (count == 0) return;
  lock.lock();
  open_[worker] = {0, count, count};
  tell();
  while (do_some_blocks(worker, worker, lock)) {
  }
  while (!has_failed_ && open_[worker].unfinished != 0) wait(lock);
  lock.unlock();
}

// False where none are left.
bool Ladder::do_some_blocks(std::size_t owner, std::size_t worker, std::unique_lock<std::mutex>& lock) {
  OpenBlocks& open = open_[owner];
  if (has_failed_ || open.next == open.count) return false;
  const uint32_t first = open.next, end = std::min(open.count, first + kBlockGrain);
  open.next = end;
  lock.unlock();
  work_->do_blocks(owner, first, end, worker);
  lock.lock();
  open.unfinished -= end - first;
  if (open.unfinished == 0) tell();
  return true;
}

bool Ladder::help_others(std::size_t worker, std::unique_lock<std::mutex>& lock) {
  for (std::size_t owner = 0; owner < open_.size(); ++owner) {
    if (do_some_blocks(owner, worker, lock)) return true;
  }
  return false;
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

void Ladder::tell() {
  changes_.fetch_add(1, std::memory_order_relaxed);
  changed_.notify_all();
}

// For a change, which may be another one than is waited for.
void Ladder::wait(std::unique_lock<std::mutex>& lock) {
  const uint32_t seen = changes_.load(std::memory_order_relaxed);
  lock.unlock();
  for (int i = 0; i < kPauses && changes_.load(std::memory_order_relaxed) == seen; ++i) hwy::Pause();
  lock.lock();
  if (changes_.load(std::memory_order_relaxed) == seen) changed_.wait(lock);
}

bool Ladder::is_done() const {
  return in_hand_ == 0 &&
         std::all_of(stages_.begin(), stages_.end(), [](const Stage& stage) { return stage.next == stage.pieces; });
}

void Ladder::mark_done(const Choice& choice) {
  Stage& stage = stages_[choice.stage];
  stage.done_beyond |= uint64_t{1} << (choice.piece - stage.done);
  const int more = std::countr_one(stage.done_beyond);
  stage.done += uint32_t(more);
  stage.done_beyond >>= more;
  if (at_once_ > 1) tell();
}

}  // namespace blosc2_grok::j2k
