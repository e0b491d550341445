// SPDX-License-Identifier: BSD-3-Clause
// The ring of the last 64 errors and notices, process-wide: a failing call runs on a host thread, not on its caller's.
#include "error.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "process_lock.hpp"

namespace blosc2_grok {
namespace {

constexpr size_t kRingSize = 64;

// Guarded by process_lock().
struct Ring {
  std::array<blosc2_grok_message, kRingSize> messages{};
  uint64_t newest = 0;  // serial of the newest message; message n lives at n % kRingSize
};

// Never destroyed: host threads may still fail while the interpreter exits.
Ring& ring() {
  static Ring* const instance = new Ring;
  return *instance;
}

thread_local std::array<char, sizeof(blosc2_grok_message::block_shape)> current_block_shape{};

template <size_t N>
void copy_cut(char (&dst)[N], std::string_view src) {
  const size_t size = std::min(src.size(), N - 1);
  std::memcpy(dst, src.data(), size);
  dst[size] = '\0';
}

blosc2_grok_message make_message(int kind, std::string_view sentence) {
  blosc2_grok_message message{};
  message.struct_size = sizeof message;
  message.kind = kind;
  message.seconds = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  message.thread = static_cast<uint64_t>(::syscall(SYS_gettid));
  copy_cut(message.block_shape, current_block_shape.data());
  copy_cut(message.text, sentence);
  return message;
}

void record(int kind, std::string_view sentence) noexcept {
  try {
    blosc2_grok_message message = make_message(kind, sentence);
    const std::lock_guard lock(process_lock());
    message.serial = ++ring().newest;
    ring().messages[message.serial % kRingSize] = message;
  } catch (...) {  // no memory for the ring itself: the code still reaches the host
  }
  // The host's own switch for traces; the library prints nothing otherwise.
  if (std::getenv("BLOSC_TRACE") != nullptr) {
    std::fprintf(stderr, "[%s] - blosc2_grok: %.*s\n", kind == BLOSC2_GROK_MESSAGE_ERROR ? "error" : "info",
                 static_cast<int>(sentence.size()), sentence.data());
  }
}

}  // namespace

int record_error(ErrorCode code, std::string_view sentence) noexcept {
  record(BLOSC2_GROK_MESSAGE_ERROR, sentence);
  return static_cast<int>(code);
}

void record_notice(std::string_view sentence) noexcept { record(BLOSC2_GROK_MESSAGE_NOTICE, sentence); }

void note_block_shape(std::span<const uint32_t> extents) noexcept {
  current_block_shape[0] = '\0';
  size_t at = 0;
  for (size_t axis = 0; axis < extents.size() && at + 1 < current_block_shape.size(); ++axis) {
    const int written = std::snprintf(current_block_shape.data() + at, current_block_shape.size() - at,
                                      axis == 0 ? "%u" : " x %u", extents[axis]);
    at += static_cast<size_t>(std::max(written, 0));
  }
}

uint64_t newest_message_serial() noexcept {
  const std::lock_guard lock(process_lock());
  return ring().newest;
}

std::optional<blosc2_grok_message> next_message(uint64_t since, int kind) noexcept {
  const std::lock_guard lock(process_lock());
  const uint64_t newest = ring().newest;
  const uint64_t oldest = newest > kRingSize ? newest - kRingSize + 1 : 1;
  for (uint64_t serial = std::max(since + 1, oldest); serial <= newest; ++serial) {
    const blosc2_grok_message& message = ring().messages[serial % kRingSize];
    if (kind == 0 || message.kind == kind) return message;
  }
  return std::nullopt;
}

}  // namespace blosc2_grok
