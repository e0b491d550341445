// SPDX-License-Identifier: BSD-3-Clause
/// Decodes the HT cleanup pass (ISO/IEC 15444-15 clause 7.3).
#include "ht_passes.hpp"
#include "ht_quad.hpp"
#include "ht_tables.hpp"

namespace blosc2_grok::reference {

namespace {

/// Lcup, Scup and Pcup of clause 7.1.
size_t suffix_length(const Bytes& segment) {
  if (segment.size() < 2) throw Error("HT cleanup segment shorter than two bytes");
  const size_t scup = 16 * segment.back() + (segment[segment.size() - 2] & 0x0F);
  if (scup < 2 || scup > segment.size() || scup > 4079) throw Error("HT cleanup segment with a bad suffix length");
  return scup;
}

/// MEL may run into the bytes that hold Scup: those twelve bits read as ones (modDcup, 7.1).
Bytes mel_bytes(const Bytes& segment, size_t split) {
  Bytes mel(segment.begin() + split, segment.end());
  mel[mel.size() - 2] |= 0x0F;
  mel[mel.size() - 1] = 0xFF;
  return mel;
}

class CleanupDecoder {
 public:
  CleanupDecoder(const Bytes& segment, Grid& mu, std::vector<uint8_t>& negative)
      : mu_(mu),
        negative_(negative),
        split_(segment.size() - suffix_length(segment)),
        magsgn_(Bytes(segment.begin(), segment.begin() + split_), 0xFF),
        mel_(mel_bytes(segment, split_)),
        vlc_(BackwardBitReader::for_vlc(Bytes(segment.begin() + split_, segment.end()))) {}

  void run() {
    const int64_t quads_wide = (mu_.width() + 1) / 2, quads_high = (mu_.height() + 1) / 2;
    for (int64_t qy = 0; qy < quads_high; ++qy)
      for (int64_t qx = 0; qx < quads_wide; qx += 2) pair(qx, qy, qx + 1 < quads_wide ? 2 : 1);
  }

 private:
  /// Significance of both quads, then the residuals of both bounds, then magnitudes.
  void pair(int64_t qx, int64_t qy, int count) {
    VlcCode codes[2] = {};
    for (int i = 0; i < count; ++i) {
      codes[i] = significance(qx + i, qy);
      mark(qx + i, qy, codes[i].rho);
    }
    int u[2] = {};
    residuals(qy == 0, codes, u);
    for (int i = 0; i < count; ++i) magnitudes(qx + i, qy, codes[i], u[i]);
  }

  VlcCode significance(int64_t qx, int64_t qy) {
    const int context = quad_context(mu_, qx, qy);
    if (context == 0 && mel_.get() == 0) return {};
    return read_vlc(vlc_, qy == 0 ? 0 : 1, context);
  }

  /// Magnitude 1 stands for "significant" until the magnitude is known.
  void mark(int64_t qx, int64_t qy, int rho) {
    for (int n = 0; n < 4; ++n) {
      if ((rho >> n & 1) == 0) continue;
      const auto [x, y] = quad_sample(qx, qy, n);
      if (!mu_.inside(x, y)) throw Error("significant sample outside the code-block");
      mu_.set(x, y, 1);
    }
  }

  /// u_q of both quads (7.3): their prefixes, suffixes and extensions take turns.
  void residuals(bool first_row, const VlcCode (&codes)[2], int (&u)[2]) {
    const bool both = codes[0].u_off && codes[1].u_off;
    const bool both_large = first_row && both && mel_.get();
    ULength parts[2];
    bool single_bit = false;  // the second of a first-row pair whose first has a long prefix is 1 or 2
    for (int i = 0; i < 2; ++i) {
      if (!codes[i].u_off) continue;
      single_bit = i == 1 && first_row && both && !both_large && parts[0].prefix > 2;
      parts[i].prefix = single_bit ? 1 + vlc_.get() : read_u_prefix(vlc_);
    }
    for (int i = 0; i < 2; ++i)
      if (codes[i].u_off) parts[i].suffix = read_u_suffix(vlc_, parts[i].prefix);
    for (int i = 0; i < 2; ++i)
      if (codes[i].u_off) parts[i].extension = read_u_extension(vlc_, parts[i].suffix);
    for (int i = 0; i < 2; ++i) u[i] = parts[i].value() + (both_large ? 2 : 0);
  }

  /// m_n bits of MagSgn under the known bit e_1 make v = 2 (mu - 1) + sign (7.3).
  void magnitudes(int64_t qx, int64_t qy, const VlcCode& code, int u) {
    const int bound = u + predicted_bound(mu_, qx, qy, code.rho);
    for (int n = 0; n < 4; ++n) {
      if ((code.rho >> n & 1) == 0) continue;
      const int bits = bound - (code.e_k >> n & 1);
      if (bits > 63) throw Error("HT magnitude of more than 63 bits");
      uint64_t v = 0;
      for (int i = 0; i < bits; ++i) v |= static_cast<uint64_t>(magsgn_.get()) << i;
      v |= static_cast<uint64_t>(code.e_1 >> n & 1) << bits;
      const auto [x, y] = quad_sample(qx, qy, n);
      mu_.set(x, y, v / 2 + 1);
      negative_[y * mu_.width() + x] = v & 1;
    }
  }

  Grid& mu_;
  std::vector<uint8_t>& negative_;
  size_t split_;
  ForwardBitReader magsgn_;
  MelReader mel_;
  BackwardBitReader vlc_;
};

}  // namespace

void decode_cleanup(const Bytes& segment, Grid& mu, std::vector<uint8_t>& negative) {
  CleanupDecoder(segment, mu, negative).run();
}

}  // namespace blosc2_grok::reference
