// SPDX-License-Identifier: BSD-3-Clause
// The one error type, the boundary that turns it into the host's codes, and the ring that keeps the reasons.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "blosc2_grok.h"

namespace blosc2_grok {

// Values of C-Blosc2's BLOSC2_ERROR_*: its ABI, so they never change.
enum class ErrorCode : int {
  kFailure = -1,
  kData = -3,
  kMemory = -4,
  kCodecSupport = -7,
  kCodecParam = -8,
  kInvalidParam = -12,
};

// One sentence out of strings and numbers.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

class Error : public std::runtime_error {
 public:
  template <class... Parts>
  explicit Error(ErrorCode code, const Parts&... parts) : std::runtime_error(text(parts...)), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// Keeps `sentence` in the ring and returns `code`; never throws.
int record_error(ErrorCode code, std::string_view sentence) noexcept;
void record_notice(std::string_view sentence) noexcept;

// The block that this thread is working on, for the ring's entries ("1 x 256 x 256"), until the next call is guarded.
void note_block_shape(std::span<const uint32_t> extents) noexcept;

uint64_t newest_message_serial() noexcept;
std::optional<blosc2_grok_message> next_message(uint64_t since, int kind) noexcept;

// The only catch in the library: turns whatever `body` throws into a code, and keeps the reason.
template <class Body>
auto guard(Body&& body) noexcept -> decltype(body()) {
  note_block_shape({});
  try {
    return body();
  } catch (const Error& e) {
    return record_error(e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return record_error(ErrorCode::kMemory, "out of memory");
  } catch (const std::exception& e) {
    return record_error(ErrorCode::kFailure, e.what());
  } catch (...) {
    return record_error(ErrorCode::kFailure, "unknown exception");
  }
}

}  // namespace blosc2_grok
