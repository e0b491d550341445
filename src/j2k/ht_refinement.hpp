// SPDX-License-Identifier: BSD-3-Clause
// What every HT block decoder shares: checks before a cleanup pass, and the two refinement passes after it.
#pragma once

#include "error.hpp"
#include "ht_block.hpp"

namespace blosc2_grok::j2k {

struct CleanupPlan {
  std::size_t prefix = 0;  // Pcup: MagSgn bytes
  int shift = 0;           // magnitudes' lowest bit in the result
  uint64_t half = 0;
  int largest_bound = 0;  // U_q may not be more
};

// Reads Scup and works out the bit positions. Throws Error.
template <class T>
CleanupPlan plan_cleanup(const HtDecodeJobOf<T>& job);

[[noreturn]] void fail_bound(const CleanupPlan& plan, int bound);

inline void check_bound(const CleanupPlan& plan, int bound) {
  if (bound > plan.largest_bound) fail_bound(plan, bound);
}

// Significance propagation and magnitude refinement (clauses 7.4 and 7.5) over the cleanup pass's samples.
template <class T>
void refine_block(const HtDecodeJobOf<T>& job, const CleanupPlan& plan, HtScratch& scratch);

}  // namespace blosc2_grok::j2k
