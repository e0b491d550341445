// SPDX-License-Identifier: BSD-3-Clause
// Stops the process, naming what it was at, when that takes too much processor time: a hang, on however busy a machine.
#pragma once

#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace blosc2_grok::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kHangSeconds = 20;
#else
constexpr int kHangSeconds = 1;
#endif

class CpuLimit {
 public:
  explicit CpuLimit(const std::string& what, int seconds = kHangSeconds) {
    std::strncpy(name(), what.c_str(), kMost - 1);
    std::signal(SIGVTALRM, &report);
    set(seconds);
  }
  ~CpuLimit() { set(0); }
  CpuLimit(const CpuLimit&) = delete;
  CpuLimit& operator=(const CpuLimit&) = delete;

 private:
  static constexpr size_t kMost = 300;
  static char* name() {
    static char text[kMost];
    return text;
  }
  static void set(int seconds) {
    const itimerval limit{{0, 0}, {seconds, 0}};
    ::setitimer(ITIMER_VIRTUAL, &limit, nullptr);
  }
  static void report(int) {
    constexpr char kHangs[] = "\nhangs: ";
    [[maybe_unused]] const auto first = ::write(2, kHangs, sizeof kHangs - 1);
    [[maybe_unused]] const auto second = ::write(2, name(), std::strlen(name()));
    ::_exit(3);
  }
};

}  // namespace blosc2_grok::test
