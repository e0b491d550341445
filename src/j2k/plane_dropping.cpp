// SPDX-License-Identifier: BSD-3-Clause
#include "plane_dropping.hpp"

#include <algorithm>
#include <cmath>

#include "rate_control.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr double kSizeAtLeast = 0.975;  // of the target
constexpr double kFinestDepth = -1;     // no band's synthesis gain is below a half

std::size_t encode_at(double depth, const ConstImageView& image, Workspace::Impl& work) {
  work.dropped_depth = depth;
  begin_output(work);
  encode_image(image, work);
  return ended_size(work);
}

// Sizes fall with depth: halves the interval until one fits well.
void encode_to_size(std::size_t most, double finest, const ConstImageView& image, Workspace::Impl& work) {
  std::size_t size = encode_at(finest, image, work);
  if (size <= most) return;
  double too_large = std::max(finest, kFinestDepth), fits = image.bits + 3.0;
  for (int i = 0; i < 14 && (size > most || double(size) < kSizeAtLeast * double(most)); ++i) {
    const double middle = (too_large + fits) / 2;
    size = encode_at(middle, image, work);
    (size <= most ? fits : too_large) = middle;
  }
  if (size > most) encode_at(fits, image, work);
}

}  // namespace

int planes_to_drop(double depth, std::size_t number) {
  if (depth <= 0) return 0;
  // Multiples of the golden ratio leave no gaps.
  const double spread = double(number) * 0.6180339887498949;
  return int(depth + (spread - std::floor(spread)));
}

void drop_planes(int32_t* samples, std::size_t stride, int width, int height, int planes) {
  for (int y = 0; y < height; ++y, samples += stride) {
    for (int x = 0; x < width; ++x) {
      const int32_t value = samples[x];
      samples[x] = value < 0 ? -(-value >> planes) : value >> planes;
    }
  }
}

void encode_to_depth(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work) {
  const double depth = options.target_mse > 0 ? std::log2(12 * options.target_mse) / 2 : kNothingDropped;
  if (options.target_bytes > 0) {
    encode_to_size(options.target_bytes, depth, image, work);
  } else {
    encode_at(depth, image, work);
  }
}

}  // namespace blosc2_grok::j2k
