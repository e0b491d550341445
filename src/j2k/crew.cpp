// SPDX-License-Identifier: BSD-3-Clause
// One lock for the queue and all counters: pieces are long beside it.
#include "crew.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <thread>
#include <vector>

namespace blosc2_grok::j2k {
namespace {

constexpr std::chrono::milliseconds kPatience{100};

// Signals are for the host's threads.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

// Where the others wait, and what they share with the caller. All but `process` and `threads` is under the lock.
struct Crew::Hall {
  struct Seat {
    std::thread thread;
    bool is_taken = false;  // by a thread that has not left
  };

  ~Hall();
  void take_seats(std::size_t count);
  void work(std::size_t worker);
  // Pieces of the oldest batch, without the lock.
  void do_some(std::unique_lock<std::mutex>& lock, std::size_t worker);
  void drop_queue() { first = last = nullptr; }

  const pid_t process = ::getpid();
  std::mutex mutex;
  std::condition_variable more;  // for the threads: a batch has come, or the end
  std::condition_variable done;  // for the caller: a batch is done
  Batch* first = nullptr;        // of those with pieces that nobody has taken
  Batch* last = nullptr;
  bool is_called = false;        // a call is in work
  bool is_closing = false;
  std::size_t size = 1;          // workers that may take part in the call
  uint32_t busy = 0;             // threads in a piece of work
  std::exception_ptr error;      // the first one
  std::vector<Seat> seats;       // worker i + 1 has seat i
};

Crew::Hall::~Hall() {
  {
    const std::lock_guard lock(mutex);
    is_closing = true;
  }
  more.notify_all();
  for (Seat& seat : seats) {
    if (seat.thread.joinable()) seat.thread.join();
  }
}

// With the lock.
void Crew::Hall::take_seats(std::size_t count) {
  if (seats.size() < count) seats.resize(count);
  size = 1;
  try {
    const NoSignals none;
    for (; size <= count; ++size) {
      Seat& seat = seats[size - 1];
      if (seat.is_taken) continue;
      if (seat.thread.joinable()) seat.thread.join();
      seat.thread = std::thread([this, worker = size] { work(worker); });
      seat.is_taken = true;
    }
  } catch (const std::exception&) {
    // No more threads to be had: those that are there do it all.
  }
}

void Crew::Hall::work(std::size_t worker) {
  std::unique_lock lock(mutex);
  const auto is_wanted = [&] { return is_closing || (first != nullptr && worker < size); };
  // By the clock of the day: old systems lack a wait by another one, and it matters little when it is set.
  while (more.wait_until(lock, std::chrono::system_clock::now() + kPatience, is_wanted) || is_called) {
    if (is_closing) return;
    if (is_wanted()) do_some(lock, worker);
  }
  seats[worker - 1].is_taken = false;
}

void Crew::Hall::do_some(std::unique_lock<std::mutex>& lock, std::size_t worker) {
  Batch& batch = *first;
  const uint32_t begin = batch.next_, end = std::min(batch.count_, begin + batch.grain_);
  batch.next_ = end;
  if (end == batch.count_) first = batch.following_;
  ++busy;
  lock.unlock();
  std::exception_ptr thrown;
  try {
    batch.run_(batch.what_, begin, end, worker);
  } catch (...) {
    thrown = std::current_exception();
  }
  lock.lock();
  --busy;
  batch.unfinished_ -= end - begin;
  if (thrown && !error) {
    error = thrown;
    drop_queue();
  }
  if (worker != 0 && (batch.unfinished_ == 0 || error)) done.notify_one();
}

Crew::Crew() = default;

Crew::~Crew() {
  // A child of fork() has none of the threads, and locks in any state.
  if (hall_ && hall_->process != ::getpid()) static_cast<void>(hall_.release());
}

void Crew::gather(unsigned threads) {
  size_ = 1;
  if (threads < 2) return;
  if (hall_ && hall_->process != ::getpid()) static_cast<void>(hall_.release());
  if (!hall_) hall_ = std::make_unique<Hall>();
  const std::lock_guard lock(hall_->mutex);
  hall_->take_seats(threads - 1);
  hall_->is_called = true;
  size_ = hall_->size;
}

void Crew::dismiss() {
  if (size_ == 1) return;
  std::unique_lock lock(hall_->mutex);
  hall_->drop_queue();
  hall_->done.wait(lock, [&] { return hall_->busy == 0; });
  hall_->error = nullptr;
  hall_->is_called = false;
}

void Crew::add(Batch& batch) {
  batch.next_ = 0, batch.unfinished_ = batch.count_, batch.following_ = nullptr;
  if (batch.count_ == 0) return;
  if (size_ == 1) {
    batch.unfinished_ = 0;
    return batch.run_(batch.what_, 0, batch.count_, 0);
  }
  {
    std::unique_lock lock(hall_->mutex);
    if (hall_->error) fail(lock);
    (hall_->first == nullptr ? hall_->first : hall_->last->following_) = &batch;
    hall_->last = &batch;
  }
  hall_->more.notify_all();
}

void Crew::finish(const Batch& batch) {
  if (size_ == 1) return;
  Hall& hall = *hall_;
  std::unique_lock lock(hall.mutex);
  while (!hall.error && batch.unfinished_ != 0) {
    if (hall.first != nullptr) {
      hall.do_some(lock, 0);
    } else {
      hall.done.wait(lock, [&] { return hall.error || batch.unfinished_ == 0; });
    }
  }
  if (hall.error) fail(lock);
}

// What the pieces of work refer to may end with the caller's functions: nobody is to be at one.
void Crew::fail(std::unique_lock<std::mutex>& lock) {
  hall_->done.wait(lock, [&] { return hall_->busy == 0; });
  std::rethrow_exception(hall_->error);
}

}  // namespace blosc2_grok::j2k
