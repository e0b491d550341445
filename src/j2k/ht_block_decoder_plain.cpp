// SPDX-License-Identifier: BSD-3-Clause
// The HT cleanup pass decoder in plain scalar form (ISO/IEC 15444-15 clause 7.3), bit by bit as the standard has it.
#include <algorithm>
#include <bit>
#include <type_traits>

#include "error.hpp"
#include "ht_bit_readers.hpp"
#include "ht_refinement.hpp"
#include "ht_scratch.hpp"
#include "ht_tables.hpp"

namespace blosc2_grok::j2k {
namespace {

struct Quad {
  uint32_t rho = 0, u_off = 0, e_k = 0, e_1 = 0;
};

template <class T>
class PlainDecoder {
  using Magnitude = std::make_unsigned_t<T>;

 public:
  PlainDecoder(const HtDecodeJobOf<T>& job, const CleanupPlan& plan, HtScratch& scratch)
      : job_(job),
        plan_(plan),
        above_(scratch.exponents[0].begin()),
        below_(scratch.exponents[1].begin()),
        magsgn_(job.cleanup.first(plan.prefix)),
        mel_(job.cleanup.subspan(plan.prefix)),
        vlc_(job.cleanup.subspan(plan.prefix)) {
    scratch.exponents[0] = {};
    scratch.exponents[1] = {};
  }

  void decode() {
    for (int y = 0; y < job_.height; y += 2) {
      uint32_t rho = 0;
      for (int x = 0; x < job_.width; x += 4) {
        Quad quads[2];
        const bool second = x + 2 < job_.width;
        quads[0] = read_quad(y == 0, context(x, y, rho));
        if (second) quads[1] = read_quad(y == 0, context(x + 2, y, quads[0].rho));
        rho = quads[1].rho;
        int u[2];
        read_residuals(y == 0, quads[0].u_off != 0, quads[1].u_off != 0, u);
        read_samples(x, y, quads[0], u[0]);
        if (second) read_samples(x + 2, y, quads[1], u[1]);
      }
      std::swap(above_, below_);
    }
  }

 private:
  uint32_t context(int x, int y, uint32_t previous_rho) const {
    if (y == 0) return (previous_rho & 1) | previous_rho >> 1;
    uint32_t result = above_[x - 1] != 0 || above_[x] != 0 ? 1 : 0;
    result |= (previous_rho & 0xC) != 0 ? 2 : 0;
    result |= above_[x + 1] != 0 || above_[x + 2] != 0 ? 4 : 0;
    return result;
  }

  Quad read_quad(bool first_row, uint32_t context) {
    if (context == 0 && mel_.get() == 0) return {};
    const CxtVlcEntry entry = kHtTables.decode[first_row ? 0 : 1][context << 7 | vlc_.peek(7)];
    vlc_.skip(entry.length());
    return {entry.rho(), entry.u_off(), entry.e_k(), entry.e_1()};
  }

  uint32_t prefix() {
    if (vlc_.get(1) != 0) return 1;
    if (vlc_.get(1) != 0) return 2;
    return vlc_.get(1) != 0 ? 3 : 5;
  }
  uint32_t suffix(uint32_t prefix) { return prefix < 3 ? 0 : vlc_.get(prefix == 3 ? 1 : 5); }
  uint32_t extension(uint32_t suffix) { return suffix < 28 ? 0 : vlc_.get(4); }

  // 7.3.6.
  void read_residuals(bool first_row, bool off0, bool off1, int (&u)[2]) {
    u[0] = u[1] = 0;
    int base = 0;
    if (first_row && off0 && off1) {
      if (mel_.get() != 0) {
        base = 2;
      } else {
        const uint32_t p = prefix();
        if (p > 2) {
          u[1] = int(vlc_.get(1)) + 1;
          const uint32_t s = suffix(p);
          u[0] = int(p + s + 4 * extension(s));
          return;
        }
        u[0] = int(p);
        off0 = false;
      }
    }
    const uint32_t p0 = off0 ? prefix() : 0, p1 = off1 ? prefix() : 0;
    const uint32_t s0 = suffix(p0), s1 = suffix(p1);
    const uint32_t x0 = extension(s0), x1 = extension(s1);
    if (off0) u[0] = base + int(p0 + s0 + 4 * x0);
    if (off1) u[1] = base + int(p1 + s1 + 4 * x1);
  }

  int exponent_bound(int x, int y, uint32_t rho) const {
    if (y == 0 || std::popcount(rho) <= 1) return 1;
    const int largest = std::max(std::max(above_[x - 1], above_[x]), std::max(above_[x + 1], above_[x + 2]));
    return std::max(1, largest - 1);
  }

  // 7.3.7 and 7.3.8.
  void read_samples(int x, int y, const Quad& quad, int u) {
    const int bound = exponent_bound(x, y, quad.rho) + u;
    check_bound(plan_, bound);
    int exponents[4] = {};
    for (int n = 0; n < 4; ++n) {
      const bool inside = x + n / 2 < job_.width && y + n % 2 < job_.height;
      T value = 0;
      if ((quad.rho >> n & 1) != 0) {
        const int bits = bound - int(quad.e_k >> n & 1);
        const Magnitude coded = Magnitude(magsgn_.get(bits)) | Magnitude{quad.e_1 >> n & 1} << bits;
        const Magnitude magnitude = ((coded >> 1) + 1) << plan_.shift | Magnitude(plan_.half);
        value = (coded & 1) != 0 ? -T(magnitude) : T(magnitude);
        exponents[n] = std::bit_width(coded | 1u);
      }
      if (inside) job_.samples[std::size_t(y + n % 2) * job_.stride + std::size_t(x + n / 2)] = value;
    }
    below_[x] = exponents[1], below_[x + 1] = exponents[3];
  }

  const HtDecodeJobOf<T>& job_;
  const CleanupPlan& plan_;
  int32_t* above_;
  int32_t* below_;
  MagSgnReader magsgn_;
  MelReader mel_;
  VlcReader vlc_;
};

template <class T>
void decode_block(const HtDecodeJobOf<T>& job, HtScratch& scratch) {
  const CleanupPlan plan = plan_cleanup(job);
  PlainDecoder(job, plan, scratch).decode();
  if (job.passes > 1) refine_block(job, plan, scratch);
}

}  // namespace

void plain_decode_blocks(std::span<const HtDecodeJob> jobs, HtScratch* scratch) {
  for (const HtDecodeJob& job : jobs) decode_block(job, *scratch);
}

void wide_decode_block(const WideHtDecodeJob& job, HtScratch& scratch) { decode_block(job, scratch); }

}  // namespace blosc2_grok::j2k
