// SPDX-License-Identifier: BSD-3-Clause
// Significance propagation (ISO/IEC 15444-15 clause 7.4) and magnitude refinement (7.5).
#include "ht_refinement.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "ht_bit_readers.hpp"
#include "ht_scratch.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr int kStripe = 4;

template <class T>
class Refinement {
  using Magnitude = std::make_unsigned_t<T>;

 public:
  Refinement(const HtDecodeJobOf<T>& job, const CleanupPlan& plan, HtScratch& scratch)
      : job_(job), width_(job.width + 2), map_(scratch.significance), shift_(plan.shift) {
    std::memset(map_, 0, std::size_t(width_) * std::size_t(job.height + 2));
    for (int y = 0; y < job.height; ++y) {
      for (int x = 0; x < job.width; ++x) at(x, y) = sample(x, y) != 0 ? kCleanup : 0;
    }
  }

  void propagate() {
    SigPropReader bits(job_.refinement);
    for (int y = 0; y < job_.height; y += kStripe) {
      for (int x = 0; x < job_.width; x += kStripe) propagate_group(x, y, bits);
    }
  }

  void refine() {
    MagRefReader bits(job_.refinement);
    for (int y = 0; y < job_.height; y += kStripe) {
      for (int x = 0; x < job_.width; ++x) {
        for (int i = y; i < std::min(y + kStripe, job_.height); ++i) {
          if (at(x, i) == kCleanup) set_magnitude(sample(x, i), magnitude_bits(x, i) << 1 | Magnitude{bits.get(1)});
        }
      }
    }
  }

 private:
  static constexpr uint8_t kCleanup = 1, kPropagated = 2;

  uint8_t& at(int x, int y) { return map_[std::size_t(y + 1) * std::size_t(width_) + std::size_t(x + 1)]; }
  T& sample(int x, int y) { return job_.samples[std::size_t(y) * job_.stride + std::size_t(x)]; }

  Magnitude magnitude_bits(int x, int y) {
    const T value = sample(x, y);
    return (value < 0 ? Magnitude{0} - Magnitude(value) : Magnitude(value)) >> shift_;
  }
  // One bit-plane below the cleanup pass's, the sign kept, with the middle of the new bin.
  void set_magnitude(T& value, Magnitude bits) {
    const int shift = shift_ - 1;
    const Magnitude magnitude = bits << shift | (shift > 0 ? Magnitude{1} << (shift - 1) : 0);
    value = value < 0 ? -T(magnitude) : T(magnitude);
  }

  bool has_neighbour(int x, int y, int stripe_end) {
    const uint8_t* row = &at(x, y);
    const uint8_t* above = row - width_;
    const uint8_t* below = row + width_;
    const int near = above[-1] | above[0] | above[1] | row[-1] | row[1];
    if (job_.causal && y + 1 == stripe_end) return near != 0;
    return (near | below[-1] | below[0] | below[1]) != 0;
  }

  // Significance of a group of four columns of a stripe first, then its new samples' signs.
  void propagate_group(int x0, int y0, SigPropReader& bits) {
    const int x1 = std::min(x0 + kStripe, job_.width), y1 = std::min(y0 + kStripe, job_.height);
    uint32_t fresh = 0;
    for (int x = x0; x < x1; ++x) {
      for (int y = y0; y < y1; ++y) {
        if (at(x, y) != 0 || !has_neighbour(x, y, y0 + kStripe)) continue;
        if (bits.get(1) == 0) continue;
        at(x, y) = kPropagated;
        fresh |= 1u << ((x - x0) * kStripe + y - y0);
      }
    }
    for (int i = 0; i < 16; ++i) {
      if ((fresh >> i & 1) == 0) continue;
      T& value = sample(x0 + i / kStripe, y0 + i % kStripe);
      value = bits.get(1) != 0 ? -1 : 1;
      set_magnitude(value, 1);
    }
  }

  const HtDecodeJobOf<T>& job_;
  int width_;
  uint8_t* map_;
  int shift_;
};

}  // namespace

template <class T>
CleanupPlan plan_cleanup(const HtDecodeJobOf<T>& job) {
  constexpr int kHeldBits = 8 * sizeof(T) - 1;
  const std::size_t length = job.cleanup.size();
  if (length < 2) fail("an HT cleanup pass of ", length, " bytes");
  const std::size_t suffix = std::size_t{job.cleanup[length - 1]} << 4 | (job.cleanup[length - 2] & 0x0F);
  if (suffix < 2 || suffix > length || suffix > kMaxSuffixBytes) {
    fail("an HT cleanup pass of ", length, " bytes says that its suffix has ", suffix);
  }
  CleanupPlan plan;
  const int plane = job.magnitude_bits - 1 - job.missing_bits;
  if (plane < 0) fail("a code-block misses ", job.missing_bits, " of ", job.magnitude_bits, " bit-planes");
  if (plane == 0 && job.passes > 1) fail("an HT code-block refines below its last bit-plane");
  plan.prefix = length - suffix;
  plan.shift = plane + job.fraction_bits;
  if (plan.shift >= kHeldBits) {
    fail("an HT code-block begins at bit-plane ", plane, ": more than ", kHeldBits, " bits are not supported");
  }
  plan.half = plan.shift > 0 ? uint64_t{1} << (plan.shift - 1) : 0;
  plan.largest_bound = std::min(job.missing_bits + 2, kHeldBits - plan.shift);
  return plan;
}

void fail_bound(const CleanupPlan& plan, int bound) {
  fail("an HT code-block has ", bound, " bits in a sample where ", plan.largest_bound, " are possible");
}

template <class T>
void refine_block(const HtDecodeJobOf<T>& job, const CleanupPlan& plan, HtScratch& scratch) {
  Refinement refinement(job, plan, scratch);
  refinement.propagate();
  if (job.passes > 2) refinement.refine();
}

template CleanupPlan plan_cleanup(const HtDecodeJob&);
template CleanupPlan plan_cleanup(const WideHtDecodeJob&);
template void refine_block(const HtDecodeJob&, const CleanupPlan&, HtScratch&);
template void refine_block(const WideHtDecodeJob&, const CleanupPlan&, HtScratch&);

}  // namespace blosc2_grok::j2k
