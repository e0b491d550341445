// SPDX-License-Identifier: BSD-3-Clause
// The HT cleanup pass encoder in plain scalar form (ISO/IEC 15444-15 clause 7.3), quad by quad as the standard has it.
#include <bit>
#include <type_traits>

#include "error.hpp"
#include "ht_bit_writers.hpp"
#include "ht_scratch.hpp"

namespace blosc2_grok::j2k {
namespace {

template <class T>
class PlainEncoder {
  using Magnitude = std::make_unsigned_t<T>;

  struct Quad {
    uint32_t context = 0, rho = 0, epsilon = 0;
    int u = 0, bound = 0;      // U_q
    Magnitude values[4] = {};  // 2 * (mu - 1) + sign
  };

 public:
  PlainEncoder(const HtEncodeJobOf<T>& job, HtScratch& scratch, uint8_t* out)
      : job_(job),
        above_(scratch.exponents[0].begin()),
        below_(scratch.exponents[1].begin()),
        magsgn_(out),
        mel_(scratch.mel),
        vlc_(scratch.vlc + sizeof scratch.vlc) {
    scratch.exponents[0] = {};
    scratch.exponents[1] = {};
  }

  std::size_t encode(uint8_t* out) {
    bool any = false;
    for (int y = 0; y < job_.height; y += 2) {
      uint32_t rho = 0;
      for (int x = 0; x < job_.width; x += 4) {
        Quad quads[2];
        quads[0] = make_quad(x, y, rho);
        if (x + 2 < job_.width) quads[1] = make_quad(x + 2, y, quads[0].rho);
        rho = quads[1].rho;
        any = any || quads[0].rho != 0 || quads[1].rho != 0;
        put_pair(y == 0, quads, x + 2 < job_.width ? 2 : 1);
      }
      std::swap(above_, below_);
    }
    if (!any) return 0;
    mel_.finish_run();
    const std::size_t prefix = magsgn_.finish();
    return prefix + write_suffix({mel_.bytes(), mel_.size(), mel_.partial(), mel_.partial_mask(), vlc_.begin(),
                                  vlc_.size(), vlc_.partial(), vlc_.partial_mask()},
                                 out + prefix);
  }

 private:
  T sample(int x, int y) const {
    return x < job_.width && y < job_.height ? job_.samples[std::size_t(y) * job_.stride + std::size_t(x)] : 0;
  }

  // Exponents (7.3.4) and the magnitudes' and signs' values (7.3.2); below_ is left for the next row of quads.
  Quad make_quad(int x, int y, uint32_t previous_rho) {
    Quad quad;
    int exponents[4] = {};
    int largest = 0;
    for (int n = 0; n < 4; ++n) {
      const T value = sample(x + n / 2, y + n % 2);
      if (value == 0) continue;
      const Magnitude magnitude = value < 0 ? Magnitude{0} - Magnitude(value) : Magnitude(value);
      if (magnitude >> job_.magnitude_bits != 0) {
        fail("a coefficient of ", magnitude, " needs more than ", job_.magnitude_bits, " bits");
      }
      quad.rho |= 1u << n;
      quad.values[n] = 2 * (magnitude - 1) | (value < 0 ? 1 : 0);
      exponents[n] = std::bit_width(2 * magnitude - 1);
      largest = std::max(largest, exponents[n]);
    }
    const int kappa = exponent_bound(x, y, quad.rho);
    quad.bound = std::max(largest, kappa);
    quad.u = quad.bound - kappa;
    for (int n = 0; n < 4; ++n) quad.epsilon |= quad.u != 0 && exponents[n] == quad.bound ? 1u << n : 0;
    quad.context = context(x, y, previous_rho);
    below_[x] = exponents[1], below_[x + 1] = exponents[3];
    return quad;
  }

  // Equation 5: the neighbourhood's exponent predicts the quad's, unless the quad has one significant sample or none.
  int exponent_bound(int x, int y, uint32_t rho) const {
    if (y == 0 || std::popcount(rho) <= 1) return 1;
    const int largest = std::max(std::max(above_[x - 1], above_[x]), std::max(above_[x + 1], above_[x + 2]));
    return std::max(1, largest - 1);
  }

  // Equations 1 and 2.
  uint32_t context(int x, int y, uint32_t previous_rho) const {
    if (y == 0) return (previous_rho & 1) | previous_rho >> 1;
    uint32_t result = above_[x - 1] != 0 || above_[x] != 0 ? 1 : 0;
    result |= (previous_rho & 0xC) != 0 ? 2 : 0;
    result |= above_[x + 1] != 0 || above_[x + 2] != 0 ? 4 : 0;
    return result;
  }

  void put_pair(bool first_row, const Quad (&quads)[2], int count) {
    for (int q = 0; q < count; ++q) put_quad(first_row, quads[q]);
    put_residuals(first_row, quads[0].u, quads[1].u);
  }

  void put_quad(bool first_row, const Quad& quad) {
    if (quad.context == 0) mel_.put(quad.rho != 0 ? 1 : 0);
    const CxtVlcCode code = kHtTables.encode[first_row ? 0 : 1][quad.context << 8 | quad.rho << 4 | quad.epsilon];
    if (quad.context != 0 || quad.rho != 0) vlc_.put(code.codeword(), code.length());
    for (int n = 0; n < 4; ++n) {
      if ((quad.rho >> n & 1) != 0) magsgn_.put(quad.values[n], quad.bound - int(code.e_k() >> n & 1));
    }
  }

  // 7.3.6: both residuals' prefixes, suffixes, extensions; in the first row two of them share a MEL symbol.
  void put_residuals(bool first_row, int u0, int u1) {
    if (first_row && u0 != 0 && u1 != 0) {
      mel_.put(u0 > 2 && u1 > 2 ? 1 : 0);
      if (u0 > 2 && u1 > 2) {
        u0 -= 2, u1 -= 2;
      } else if (u0 > 2) {
        const UVlcCode& code = kHtTables.u_vlc[std::size_t(u0)];
        vlc_.put(code.prefix, code.prefix_length);
        vlc_.put(uint32_t(u1 - 1), 1);
        vlc_.put(code.suffix, code.suffix_length);
        vlc_.put(code.extension, code.extension_length);
        return;
      }
    }
    const UVlcCode& a = kHtTables.u_vlc[std::size_t(u0)];
    const UVlcCode& b = kHtTables.u_vlc[std::size_t(u1)];
    vlc_.put(a.prefix, a.prefix_length), vlc_.put(b.prefix, b.prefix_length);
    vlc_.put(a.suffix, a.suffix_length), vlc_.put(b.suffix, b.suffix_length);
    vlc_.put(a.extension, a.extension_length), vlc_.put(b.extension, b.extension_length);
  }

  const HtEncodeJobOf<T>& job_;
  int32_t* above_;
  int32_t* below_;
  MagSgnWriter magsgn_;
  MelWriter mel_;
  VlcWriter vlc_;
};

}  // namespace

std::size_t plain_encode_block(const HtEncodeJob& job, HtScratch& scratch, uint8_t* out) {
  return PlainEncoder(job, scratch, out).encode(out);
}

std::size_t wide_encode_block(const WideHtEncodeJob& job, HtScratch& scratch, uint8_t* out) {
  return PlainEncoder(job, scratch, out).encode(out);
}

}  // namespace blosc2_grok::j2k
