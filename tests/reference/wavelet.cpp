// SPDX-License-Identifier: BSD-3-Clause
/// One-dimensional 5/3 and 9/7 lifting with symmetric extension (ISO/IEC 15444-1 F.3.6 to F.3.8 and F.4.6 to F.4.8).
#include "wavelet.hpp"

#include <algorithm>
#include <cmath>

namespace blosc2_grok::reference {

namespace {

constexpr int kMargin = 5;  // Tables F.2, F.3, F.8 and F.9 need up to 4

constexpr double kAlpha = -1.586134342059924;  // Table F.4
constexpr double kBeta = -0.052980118572961;
constexpr double kGamma = 0.882911075530934;
constexpr double kDelta = 0.443506852043971;
constexpr double kK = 1.230174104914001;

/// A signal with `kMargin` more samples on either side, addressed by its own coordinates.
class Extended {
 public:
  Extended(const std::vector<double>& signal, int64_t i0) : low(i0 - kMargin), high(i0 + signal.size() + kMargin) {
    for (int64_t i = low; i < high; ++i) values_.push_back(signal[mirrored(i, i0, i0 + signal.size()) - i0]);
  }
  double& operator[](int64_t i) { return values_.at(i - first_); }

  int64_t low;  ///< the range that the steps up to now have left valid
  int64_t high;

 private:
  /// PSEO, Equation F-4: reflection at both end points, without repeating them.
  static int64_t mirrored(int64_t i, int64_t i0, int64_t i1) {
    const int64_t period = 2 * (i1 - i0 - 1);
    const int64_t m = ((i - i0) % period + period) % period;
    return i0 + std::min(m, period - m);
  }

  int64_t first_ = low;
  std::vector<double> values_;
};

/// One lifting step: every x(i) with i of this parity becomes update(x(i), x(i - 1) + x(i + 1)).
template <class Update>
void lift(Extended& x, int parity, Update update) {
  ++x.low;
  --x.high;
  for (int64_t i = x.low; i < x.high; ++i)
    if ((i & 1) == parity) x[i] = update(x[i], x[i - 1] + x[i + 1]);
}

void lift(Extended& x, int parity, double factor) {
  lift(x, parity, [factor](double own, double neighbours) { return own + factor * neighbours; });
}

void scale(Extended& x, int parity, double factor) {
  for (int64_t i = x.low; i < x.high; ++i)
    if ((i & 1) == parity) x[i] *= factor;
}

constexpr int kEven = 0, kOdd = 1;

void analyse_53(Extended& x) {  // Equations F-9 and F-10
  lift(x, kOdd, [](double own, double neighbours) { return own - std::floor(neighbours / 2); });
  lift(x, kEven, [](double own, double neighbours) { return own + std::floor((neighbours + 2) / 4); });
}

void synthesise_53(Extended& x) {  // Equations F-5 and F-6
  lift(x, kEven, [](double own, double neighbours) { return own - std::floor((neighbours + 2) / 4); });
  lift(x, kOdd, [](double own, double neighbours) { return own + std::floor(neighbours / 2); });
}

void analyse_97(Extended& x) {  // Equation F-11
  lift(x, kOdd, kAlpha);
  lift(x, kEven, kBeta);
  lift(x, kOdd, kGamma);
  lift(x, kEven, kDelta);
  scale(x, kOdd, kK);
  scale(x, kEven, 1 / kK);
}

void synthesise_97(Extended& x) {  // Equation F-7
  scale(x, kEven, kK);
  scale(x, kOdd, 1 / kK);
  lift(x, kEven, -kDelta);
  lift(x, kOdd, -kGamma);
  lift(x, kEven, -kBeta);
  lift(x, kOdd, -kAlpha);
}

template <class Transform>
void transform_extended(std::vector<double>& signal, int64_t i0, Transform transform) {
  Extended x(signal, i0);
  transform(x);
  for (size_t i = 0; i < signal.size(); ++i) signal[i] = x[i0 + i];
}

}  // namespace

/// 1D_SD, F.4.6: a single sample stays as it is at an even position and is doubled at an odd one.
void analyse(std::vector<double>& signal, int64_t i0, bool reversible) {
  if (signal.empty()) return;
  if (signal.size() > 1) return transform_extended(signal, i0, reversible ? analyse_53 : analyse_97);
  if (i0 & 1) signal[0] *= 2;
}

/// 1D_SR, F.3.6.
void synthesise(std::vector<double>& signal, int64_t i0, bool reversible) {
  if (signal.empty()) return;
  if (signal.size() > 1) return transform_extended(signal, i0, reversible ? synthesise_53 : synthesise_97);
  // Whole coding makes it even; cut off coding may not, and the standard says nothing of rounding: towards zero, as
  // OpenJPEG does (FFmpeg rounds down).
  if (i0 & 1) signal[0] = reversible ? std::trunc(signal[0] / 2) : signal[0] / 2;
}

}  // namespace blosc2_grok::reference
