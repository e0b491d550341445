// SPDX-License-Identifier: BSD-3-Clause
// One lock for the queue and all counters: pieces are long beside it.
#include "crew.hpp"

#include <algorithm>

namespace blosc2_grok::j2k {

Crew::Crew(unsigned threads) {
  try {
    threads_.reserve(threads == 0 ? 0 : threads - 1);
    for (unsigned i = 1; i < threads; ++i) threads_.emplace_back([this, i] { work(i); });
  } catch (const std::exception&) {
    // No more threads to be had: those that are there do it all.
  }
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    drop_queue();
  }
  more_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::add(Batch& batch) {
  batch.next_ = 0, batch.unfinished_ = batch.count_, batch.following_ = nullptr;
  if (batch.count_ == 0) return;
  if (threads_.empty()) {
    batch.unfinished_ = 0;
    return batch.run_(batch.what_, 0, batch.count_, 0);
  }
  {
    std::unique_lock lock(mutex_);
    if (error_) fail(lock);
    (first_ == nullptr ? first_ : last_->following_) = &batch;
    last_ = &batch;
  }
  more_.notify_all();
}

void Crew::finish(const Batch& batch) {
  if (threads_.empty()) return;
  std::unique_lock lock(mutex_);
  while (!error_ && batch.unfinished_ != 0) {
    if (first_ != nullptr) {
      do_some(lock, 0);
    } else {
      done_.wait(lock, [&] { return error_ || batch.unfinished_ == 0; });
    }
  }
  if (error_) fail(lock);
}

// What the pieces of work refer to may end with the caller's functions: nobody is to be at one.
void Crew::fail(std::unique_lock<std::mutex>& lock) {
  done_.wait(lock, [&] { return busy_ == 0; });
  std::rethrow_exception(error_);
}

void Crew::work(std::size_t worker) {
  std::unique_lock lock(mutex_);
  for (;;) {
    more_.wait(lock, [&] { return closing_ || first_ != nullptr; });
    if (closing_) return;
    do_some(lock, worker);
  }
}

// Pieces of the oldest batch, without the lock.
void Crew::do_some(std::unique_lock<std::mutex>& lock, std::size_t worker) {
  Batch& batch = *first_;
  const uint32_t first = batch.next_, end = std::min(batch.count_, first + batch.grain_);
  batch.next_ = end;
  if (end == batch.count_) first_ = batch.following_;
  ++busy_;
  lock.unlock();
  std::exception_ptr error;
  try {
    batch.run_(batch.what_, first, end, worker);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  --busy_;
  batch.unfinished_ -= end - first;
  if (error && !error_) {
    error_ = error;
    drop_queue();
  }
  if (worker != 0 && (batch.unfinished_ == 0 || error_)) done_.notify_one();
}

void Crew::drop_queue() { first_ = last_ = nullptr; }

}  // namespace blosc2_grok::j2k
