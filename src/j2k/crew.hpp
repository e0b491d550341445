// SPDX-License-Identifier: BSD-3-Clause
// The threads of one call: pieces of work are queued in batches and done in any order by whoever is free.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

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

// The calling thread is worker 0; the others live as long as the crew, so that a process may fork between calls. All
// functions are for the calling thread.
class Crew {
 public:
  // Starts `threads` - 1 threads, or as many of them as the system gives.
  explicit Crew(unsigned threads);
  // Nothing more is begun; waits for what is being done.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  std::size_t size() const { return threads_.size() + 1; }
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
  void work(std::size_t worker);
  void do_some(std::unique_lock<std::mutex>& lock, std::size_t worker);
  void drop_queue();
  [[noreturn]] void fail(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable more_;  // for the threads: a batch has come, or the end
  std::condition_variable done_;  // for the caller: a batch is done
  Batch* first_ = nullptr;        // of those with pieces that nobody has taken
  Batch* last_ = nullptr;
  bool closing_ = false;
  uint32_t busy_ = 0;         // threads in a piece of work
  std::exception_ptr error_;  // the first one
  std::vector<std::thread> threads_;
};

}  // namespace blosc2_grok::j2k
