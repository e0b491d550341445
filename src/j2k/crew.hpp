// SPDX-License-Identifier: BSD-3-Clause
// The threads of a workspace: pieces of work are queued in batches and done in any order by whoever is free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace blosc2_grok::j2k {

// Pieces 0 to `count` - 1 of one kind of work; `run` does some of them with the memory of worker `worker`.
class Batch {
 public:
  using Run = void (*)(const void* what, uint32_t first, uint32_t end, std::size_t worker);
  Batch() = default;
  // `grain`: pieces that a worker takes at once.
  Batch(Run run, const void* what, uint32_t count, uint32_t grain)
      : run_(run), what_(what), count_(count), grain_(grain) {}

 private:
  friend class Crew;
  Run run_ = nullptr;
  const void* what_ = nullptr;
  uint32_t count_ = 0, grain_ = 1;
  uint32_t next_ = 0, unfinished_ = 0;
  Batch* following_ = nullptr;
};

// The calling thread is worker 0. The others wait for the next call a while before they end: starting one takes as long
// as coding a few code-blocks. All functions are for the calling thread.
class Crew {
 public:
  Crew();
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // For a call: `threads` - 1 others, or as many of them as the system gives. In a forked child they are new ones.
  void gather(unsigned threads);
  // Nothing more is begun; waits for what is being done.
  void dismiss();

  std::size_t size() const { return size_; }
  // Queues the batch; without other threads it is done at once. Throws what a piece of work threw.
  void add(Batch& batch);
  // Works until all of the batch is done. Throws what a piece of work, of this batch or another one, threw; then
  // nobody is at work any more.
  void finish(const Batch& batch);
  // `count` pieces of this kind of work, done when it returns.
  void run_all(Batch::Run run, const void* what, uint32_t count) {
    Batch batch(run, what, count, 1);
    add(batch);
    finish(batch);
  }

 private:
  struct Hall;
  [[noreturn]] void fail(std::unique_lock<std::mutex>& lock);

  std::unique_ptr<Hall> hall_;  // from the first call with other threads on
  std::size_t size_ = 1;
};

}  // namespace blosc2_grok::j2k
