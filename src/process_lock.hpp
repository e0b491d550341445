// SPDX-License-Identifier: BSD-3-Clause
// The one mutex of the library; held across fork(), so that a child never inherits it locked by a thread it lacks.
#pragma once

#include <mutex>

namespace blosc2_grok {

// For a few instructions at a time, and never while another lock is taken.
std::mutex& process_lock();

}  // namespace blosc2_grok
