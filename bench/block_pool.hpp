// SPDX-License-Identifier: BSD-3-Clause
// Threads that stay between passes, each taking the next block: as Blosc2's do, with their memory warm.
#pragma once

#include <atomic>
#include <barrier>
#include <functional>
#include <thread>
#include <vector>

class BlockPool {
 public:
  explicit BlockPool(unsigned threads) : start_(threads), end_(threads) {
    for (unsigned i = 1; i < threads; ++i) {
      workers_.emplace_back([this] {
        for (start_.arrive_and_wait(); !is_over_; start_.arrive_and_wait()) {
          take_blocks();
          end_.arrive_and_wait();
        }
      });
    }
  }
  ~BlockPool() {
    is_over_ = true;
    start_.arrive_and_wait();
    for (std::thread& worker : workers_) worker.join();
  }
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // `body` with each number below `count`; it must not throw.
  void run(size_t count, const std::function<void(size_t)>& body) {
    count_ = count, body_ = &body, next_ = 0;
    start_.arrive_and_wait();
    take_blocks();
    end_.arrive_and_wait();
  }

 private:
  void take_blocks() {
    for (size_t i = next_++; i < count_; i = next_++) (*body_)(i);
  }

  std::barrier<> start_, end_;
  std::vector<std::thread> workers_;
  std::atomic<size_t> next_ = 0;
  size_t count_ = 0;
  const std::function<void(size_t)>* body_ = nullptr;
  bool is_over_ = false;
};
