// SPDX-License-Identifier: BSD-3-Clause
// The order of a wavelet transform's pieces: several threads take pieces of several levels, each as soon as the rows
// that it needs are there and those that it makes have a place.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "crew.hpp"

namespace blosc2_grok::j2k {

// Rows of the stage before that a piece needs, and of its own: all rows below `ready_end` are there when it and all
// pieces before it are done; it writes none from `written_end` on. Each rises from piece to piece.
struct PieceReach {
  int64_t needs_first = 0, needs_end = 0;
  int64_t ready_end = 0, written_end = 0;
};

class LadderWork {
 public:
  virtual ~LadderWork() = default;
  virtual PieceReach reach(std::size_t stage, uint32_t piece) const = 0;
  // One after the other, by one worker: what needs no rows of the stage before, and what does.
  virtual void prepare_piece(std::size_t stage, uint32_t piece, std::size_t worker) = 0;
  virtual void do_piece(std::size_t stage, uint32_t piece, std::size_t worker) = 0;
  // Code-blocks of the piece that `owner` has in hand: before `do_piece`, or after it. Any worker may do some of them.
  virtual bool blocks_come_first() const = 0;
  virtual uint32_t list_blocks(std::size_t stage, std::size_t owner) = 0;
  virtual void do_blocks(std::size_t owner, uint32_t first, uint32_t end, std::size_t worker) = 0;
};

// Stages in the order in which rows pass them. Stage s writes into a ring of rows, which stage s + 1 reads.
class Ladder {
 public:
  // Pieces of a stage that may be in work at a time.
  static constexpr uint32_t kMostAtOnce = 32;

  // `at_once` workers will climb.
  void start(LadderWork& work, uint32_t at_once);
  void add_stage(uint32_t pieces) { stages_.push_back({pieces, 0, 0, 0, 1}); }
  // Finds how many rows each ring needs.
  void set_rings();
  int64_t ring_rows(std::size_t stage) const { return stages_[stage].ring_rows; }

  // Does all pieces; the workers' numbers are 0 to `at_once` - 1, whichever threads of the crew they are. Throws what a
  // piece threw.
  void run(Crew& crew);
  uint32_t at_once() const { return at_once_; }

 private:
  struct Stage {
    uint32_t pieces, next, done;  // `done`: so many of the first are
    uint64_t done_beyond;         // bit i: piece `done` + i is, too
    int64_t ring_rows;
  };
  struct OpenBlocks {
    uint32_t next = 0, count = 0, unfinished = 0;
  };
  struct Choice {
    std::size_t stage;
    uint32_t piece;
  };

  // Until all pieces are done.
  void climb(std::size_t worker);
  void climb_alone();
  bool choose(Choice& choice);
  bool has_room(std::size_t stage) const;
  bool has_rows(const Choice& choice, uint32_t Stage::*pieces_before) const;
  void do_whole_piece(const Choice& choice, std::size_t worker, std::unique_lock<std::mutex>& lock);
  void do_all_blocks(const Choice& choice, std::size_t worker, std::unique_lock<std::mutex>& lock);
  bool do_some_blocks(std::size_t owner, std::size_t worker, std::unique_lock<std::mutex>& lock);
  bool help_others(std::size_t worker, std::unique_lock<std::mutex>& lock);
  bool is_done() const;
  void tell();
  void wait(std::unique_lock<std::mutex>& lock);
  void mark_done(const Choice& choice);

  LadderWork* work_ = nullptr;
  uint32_t at_once_ = 1;
  std::vector<Stage> stages_;
  std::vector<OpenBlocks> open_;  // of each worker's piece
  uint32_t in_hand_ = 0;          // pieces that workers are at
  bool has_failed_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<uint32_t> changes_{0};  // how often `changed_` was told
};

}  // namespace blosc2_grok::j2k
