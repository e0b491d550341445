// SPDX-License-Identifier: BSD-3-Clause
/// Encodes the HT cleanup pass (ISO/IEC 15444-15 clause 7.3, read backwards).
#include "ht_passes.hpp"
#include "ht_quad.hpp"
#include "ht_tables.hpp"

namespace blosc2_grok::reference {

namespace {

class CleanupEncoder {
 public:
  CleanupEncoder(const Grid& mu, const std::vector<uint8_t>& negative)
      : mu_(mu), negative_(negative), vlc_(BackwardBitWriter::for_vlc()) {}

  Bytes run() {
    const int64_t quads_wide = (mu_.width() + 1) / 2, quads_high = (mu_.height() + 1) / 2;
    for (int64_t qy = 0; qy < quads_high; ++qy)
      for (int64_t qx = 0; qx < quads_wide; qx += 2) pair(qx, qy, qx + 1 < quads_wide ? 2 : 1);
    return assemble();
  }

 private:
  struct Quad {
    int context = 0;
    int rho = 0;
    int bound = 0;     // U_q
    int residual = 0;  // u_q
    int e_k = 0;
  };

  Quad measure(int64_t qx, int64_t qy) const {
    Quad quad;
    quad.context = quad_context(mu_, qx, qy);
    int largest = 0;
    for (int n = 0; n < 4; ++n) {
      const auto [x, y] = quad_sample(qx, qy, n);
      quad.rho |= mu_.significant(x, y) << n;
      largest = std::max(largest, exponent(mu_.get(x, y)));
    }
    const int predicted = predicted_bound(mu_, qx, qy, quad.rho);
    quad.bound = std::max(largest, predicted);
    quad.residual = quad.bound - predicted;
    return quad;
  }

  void pair(int64_t qx, int64_t qy, int count) {
    Quad quads[2];
    for (int i = 0; i < count; ++i) {
      quads[i] = measure(qx + i, qy);
      significance(quads[i], qx + i, qy);
    }
    residuals(qy == 0, quads[0].residual, quads[1].residual);
    for (int i = 0; i < count; ++i) magnitudes(quads[i], qx + i, qy);
  }

  /// The samples whose exponent equals the bound.
  int reaches(const Quad& quad, int64_t qx, int64_t qy) const {
    int result = 0;
    for (int n = 0; n < 4; ++n) {
      const auto [x, y] = quad_sample(qx, qy, n);
      if (mu_.significant(x, y) && exponent(mu_.get(x, y)) == quad.bound) result |= 1 << n;
    }
    return result;
  }

  void significance(Quad& quad, int64_t qx, int64_t qy) {
    if (quad.context == 0) mel_.put(quad.rho != 0);
    if (quad.context == 0 && quad.rho == 0) return;
    const VlcCode& code = choose_vlc(qy == 0 ? 0 : 1, quad.context, quad.rho, quad.residual > 0, reaches(quad, qx, qy));
    write_vlc(vlc_, code);
    quad.e_k = code.e_k;
  }

  void residuals(bool first_row, int u0, int u1) {
    const bool both = u0 > 0 && u1 > 0;
    const bool both_large = first_row && both && u0 > 2 && u1 > 2;
    if (first_row && both) mel_.put(both_large);
    const ULength first = split_u(both_large ? u0 - 2 : u0);
    const ULength second = split_u(both_large ? u1 - 2 : u1);
    write_u_prefix(vlc_, first.prefix);
    const bool single_bit = first_row && both && !both_large && first.prefix > 2;
    if (single_bit)
      vlc_.put(u1 - 1);
    else
      write_u_prefix(vlc_, second.prefix);
    write_u_suffix(vlc_, first);
    write_u_suffix(vlc_, second);
    write_u_extension(vlc_, first);
    write_u_extension(vlc_, second);
  }

  void magnitudes(const Quad& quad, int64_t qx, int64_t qy) {
    for (int n = 0; n < 4; ++n) {
      const auto [x, y] = quad_sample(qx, qy, n);
      if (!mu_.significant(x, y)) continue;
      const uint64_t v = 2 * (mu_.get(x, y) - 1) + negative_[y * mu_.width() + x];
      const int bits = quad.bound - (quad.e_k >> n & 1);
      for (int i = 0; i < bits; ++i) magsgn_.put(v >> i & 1);
    }
  }

  /// MagSgn, MEL, VLC, and Scup over the last twelve bits (7.1).
  Bytes assemble() {
    Bytes segment = magsgn_.finish_magsgn();
    const Bytes mel = mel_.finish();
    const Bytes vlc = vlc_.finish();
    const size_t scup = mel.size() + vlc.size() + 1;
    if (scup > 4079) throw Error("HT cleanup suffix of more than 4079 bytes");
    segment.insert(segment.end(), mel.begin(), mel.end());
    segment.insert(segment.end(), vlc.begin(), vlc.end());
    segment.back() = static_cast<uint8_t>((segment.back() & 0xF0) | (scup & 0x0F));
    segment.push_back(static_cast<uint8_t>(scup >> 4));
    return segment;
  }

  const Grid& mu_;
  const std::vector<uint8_t>& negative_;
  ForwardBitWriter magsgn_;
  MelWriter mel_;
  BackwardBitWriter vlc_;
};

}  // namespace

Bytes encode_cleanup(const Grid& mu, const std::vector<uint8_t>& negative) {
  return CleanupEncoder(mu, negative).run();
}

}  // namespace blosc2_grok::reference
