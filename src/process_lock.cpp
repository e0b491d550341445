// SPDX-License-Identifier: BSD-3-Clause
// Registers the fork handlers with the first use.
#include "process_lock.hpp"

#include <pthread.h>

namespace blosc2_grok {
namespace {

std::mutex& mutex() {
  static std::mutex* const instance = new std::mutex;  // outlives every host thread
  return *instance;
}

}  // namespace

std::mutex& process_lock() {
  static const int registered =
      ::pthread_atfork([] { mutex().lock(); }, [] { mutex().unlock(); }, [] { mutex().unlock(); });
  static_cast<void>(registered);
  return mutex();
}

}  // namespace blosc2_grok
