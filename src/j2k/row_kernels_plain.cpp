// SPDX-License-Identifier: BSD-3-Clause
// The row kernels in plain scalar form: the meaning that the vector kernels must equal bit for bit.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "row_kernels.hpp"
#include "wrap_math.hpp"

namespace blosc2_grok::j2k {
namespace {

// Annex F.3.8 and F.4.8, reversible steps.
template <class T>
T step_53(bool inverse, int step, T x, T a, T b) {
  const bool odd_step = (step == 0) != inverse;
  const T sum = wrap_add(a, b);
  const T change = odd_step ? sum >> 1 : wrap_add(sum, T{2}) >> 2;
  return odd_step != inverse ? wrap_sub(x, change) : wrap_add(x, change);
}

float step_97(bool inverse, int step, float x, float a, float b) {
  constexpr float kForward[4] = {kAlpha, kBeta, kGamma, kDelta};
  const float factor = inverse ? -kForward[3 - step] : kForward[step];
  return x + factor * (a + b);
}

template <class T>
void lift_53(bool inverse, int step, T* dst, const T* a, const T* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) dst[i] = step_53(inverse, step, dst[i], a[i], b[i]);
}

void lift_97(bool inverse, int step, float* dst, const float* a, const float* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) dst[i] = step_97(inverse, step, dst[i], a[i], b[i]);
}

// Lifts every second sample of `row`, beginning at `first`, from its neighbours, mirrored at the ends (F.3.7).
template <class T, class Step>
void lift_along(T* row, std::size_t count, std::size_t first, Step step) {
  for (std::size_t i = first; i < count; i += 2) {
    const T a = row[i == 0 ? 1 : i - 1], b = row[i + 1 == count ? i - 1 : i + 1];
    row[i] = step(row[i], a, b);
  }
}

template <class T>
void split_53(T* from, std::size_t count, int parity, T* low, T* high, T* row) {
  std::copy_n(from, count, row);
  for (int s = 0; s < 2; ++s) {
    lift_along(row, count, std::size_t((s + 1 + parity) & 1),
               [s](T x, T a, T b) { return step_53(false, s, x, a, b); });
  }
  for (std::size_t i = 0; i < count; ++i) ((i + std::size_t(parity)) % 2 == 0 ? *low++ : *high++) = row[i];
}

void split_97(const float* from, std::size_t count, int parity, float low_scale, float high_scale, float* low,
              float* high, float* row) {
  std::copy_n(from, count, row);
  for (int s = 0; s < 4; ++s) {
    lift_along(row, count, std::size_t((s + 1 + parity) & 1),
               [s](float x, float a, float b) { return step_97(false, s, x, a, b); });
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((i + std::size_t(parity)) % 2 == 0) {
      *low++ = row[i] * low_scale;
    } else {
      *high++ = row[i] * high_scale;
    }
  }
}

template <class T>
void join_53(T* low, T* high, std::size_t count, int parity, T* row, T*) {
  for (std::size_t i = 0; i < count; ++i) row[i] = (i + std::size_t(parity)) % 2 == 0 ? *low++ : *high++;
  for (int s = 0; s < 2; ++s) {
    lift_along(row, count, std::size_t((s + parity) & 1), [s](T x, T a, T b) { return step_53(true, s, x, a, b); });
  }
}

void join_97(float* low, float* high, std::size_t count, int parity, float low_scale, float high_scale, float* row,
             float*) {
  for (std::size_t i = 0; i < count; ++i) {
    row[i] = (i + std::size_t(parity)) % 2 == 0 ? *low++ * low_scale : *high++ * high_scale;
  }
  for (int s = 0; s < 4; ++s) {
    lift_along(row, count, std::size_t((s + parity) & 1),
               [s](float x, float a, float b) { return step_97(true, s, x, a, b); });
  }
}

// Equations G-3 to G-8.
template <class T>
void rct_forward(T* const from[3], std::size_t count, T* const to[3]) {
  for (std::size_t i = 0; i < count; ++i) {
    const T r = from[0][i], g = from[1][i], b = from[2][i];
    to[0][i] = (r + 2 * g + b) >> 2;
    to[1][i] = b - g;
    to[2][i] = r - g;
  }
}

template <class T>
void rct_inverse(T* const from[3], std::size_t count, T* const to[3]) {
  for (std::size_t i = 0; i < count; ++i) {
    const T y = from[0][i], u = from[1][i], v = from[2][i];
    const T g = wrap_sub(y, wrap_add(u, v) >> 2);
    to[0][i] = wrap_add(v, g);
    to[1][i] = g;
    to[2][i] = wrap_add(u, g);
  }
}

// Equations G-9 to G-14.
void ict_forward(float* const from[3], std::size_t count, float* const to[3]) {
  for (std::size_t i = 0; i < count; ++i) {
    const float r = from[0][i], g = from[1][i], b = from[2][i];
    to[0][i] = 0.299f * r + 0.587f * g + 0.114f * b;
    to[1][i] = -0.168736f * r + -0.331264f * g + 0.5f * b;
    to[2][i] = 0.5f * r + -0.418688f * g + -0.081312f * b;
  }
}

void ict_inverse(float* const from[3], std::size_t count, float* const to[3]) {
  for (std::size_t i = 0; i < count; ++i) {
    const float y = from[0][i], cb = from[1][i], cr = from[2][i];
    to[0][i] = y + 1.402f * cr;
    to[1][i] = y + -0.344136f * cb + -0.714136f * cr;
    to[2][i] = y + 1.772f * cb;
  }
}

void quantize(const float* row, std::size_t count, float inverse_step, int32_t* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = int32_t(row[i] * inverse_step);
}

double quantization_error(const float* row, std::size_t count, float step, float inverse_step) {
  float lanes[16] = {};
  for (std::size_t i = 0; i < count; ++i) {
    const float magnitude = std::fabs(row[i]);
    const float bin = float(int32_t(magnitude * inverse_step));
    const float error = bin > 0.0f ? magnitude - (bin + 0.5f) * step : magnitude;
    lanes[i % 16] = lanes[i % 16] + error * error;
  }
  double sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

void requantize(const float* row, std::size_t count, float step, float inverse_step, float* out) {
  const float half_step = 0.5f * step;
  for (std::size_t i = 0; i < count; ++i) {
    const int32_t bin = int32_t(row[i] * inverse_step);
    out[i] = bin == 0 ? 0.0f : float(2 * bin + (bin > 0 ? 1 : -1)) * half_step;
  }
}

void dequantize(const int32_t* row, std::size_t count, float step, float* out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = float(row[i]) * step;
}

template <class Sample, class T>
void read_typed(const std::byte* from, std::ptrdiff_t stride, int32_t shift, std::size_t count, T* row) {
  for (std::size_t i = 0; i < count; ++i) {
    Sample sample;
    std::memcpy(&sample, from + std::ptrdiff_t(i) * stride * std::ptrdiff_t(sizeof(Sample)), sizeof(Sample));
    row[i] = T(int32_t(sample) - shift);
  }
}

template <class T>
void read(const std::byte* from, const SampleRow& layout, std::size_t count, T* row) {
  const int32_t shift = layout.is_signed ? 0 : int32_t{1} << (layout.bits - 1);
  switch (layout.bytes * 2 + (layout.is_signed ? 1 : 0)) {
    case 2:
      return read_typed<uint8_t>(from, layout.stride, shift, count, row);
    case 3:
      return read_typed<int8_t>(from, layout.stride, shift, count, row);
    case 4:
      return read_typed<uint16_t>(from, layout.stride, shift, count, row);
    case 5:
      return read_typed<int16_t>(from, layout.stride, shift, count, row);
    default:
      return read_typed<int32_t>(from, layout.stride, shift, count, row);
  }
}

template <class Sample>
void write_typed(const int32_t* row, std::ptrdiff_t stride, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    const Sample sample = Sample(row[i]);
    std::memcpy(to + std::ptrdiff_t(i) * stride * std::ptrdiff_t(sizeof(Sample)), &sample, sizeof(Sample));
  }
}

// Nearest, ties to even, after clipping to what an int32 holds.
int32_t round_sample(float value) { return int32_t(std::nearbyint(std::clamp(value, -2147483520.0f, 2147483520.0f))); }
int32_t round_sample(int32_t value) { return value; }

template <class T>
void write(const T* row, std::size_t count, const SampleRow& layout, std::byte* to) {
  const int32_t half = int32_t(int64_t{1} << (layout.bits - 1));
  const int32_t shift = layout.is_signed ? 0 : half;
  constexpr std::size_t kBatch = 256;
  int32_t clipped[kBatch];
  for (std::size_t done = 0; done < count; done += kBatch) {
    const std::size_t batch = std::min(kBatch, count - done);
    for (std::size_t i = 0; i < batch; ++i) {
      clipped[i] = std::clamp(round_sample(row[done + i]), -half, half - 1) + shift;
    }
    std::byte* at = to + std::ptrdiff_t(done) * layout.stride * layout.bytes;
    if (layout.bytes == 1) write_typed<uint8_t>(clipped, layout.stride, batch, at);
    if (layout.bytes == 2) write_typed<uint16_t>(clipped, layout.stride, batch, at);
    if (layout.bytes == 4) write_typed<uint32_t>(clipped, layout.stride, batch, at);
  }
}

uint64_t sample_loss(const float* row, const int32_t* samples, std::size_t count, int bits, uint32_t& greatest) {
  const int32_t half = int32_t{1} << (bits - 1);
  uint64_t squares = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto loss = uint32_t(std::abs(std::clamp(round_sample(row[i]), -half, half - 1) - samples[i]));
    greatest = std::max(greatest, loss);
    squares += uint64_t{loss} * loss;
  }
  return squares;
}

// An int64_t holds every sum of the transforms: 2^39 is the most.
void read_wide(const std::byte* from, const SampleRow& layout, std::size_t count, int64_t* row) {
  const int64_t shift = layout.is_signed ? 0 : int64_t{1} << (layout.bits - 1);
  for (std::size_t i = 0; i < count; ++i) {
    int32_t sample;
    std::memcpy(&sample, from + std::ptrdiff_t(i) * layout.stride * std::ptrdiff_t{sizeof sample}, sizeof sample);
    row[i] = int64_t{sample} - shift;
  }
}

void write_wide(const int64_t* row, std::size_t count, const SampleRow& layout, std::byte* to) {
  const int64_t half = int64_t{1} << (layout.bits - 1);
  const int64_t shift = layout.is_signed ? 0 : half;
  for (std::size_t i = 0; i < count; ++i) {
    const auto sample = int32_t(std::clamp(row[i], -half, half - 1) + shift);
    std::memcpy(to + std::ptrdiff_t(i) * layout.stride * std::ptrdiff_t{sizeof sample}, &sample, sizeof sample);
  }
}

}  // namespace

const WideRowKernels& wide_row_kernels() {
  static constexpr WideRowKernels kKernels{
      lift_53<int64_t>,     split_53<int64_t>, join_53<int64_t>, rct_forward<int64_t>,
      rct_inverse<int64_t>, read_wide,         write_wide};
  return kKernels;
}

const RowKernels& plain_row_kernels() {
  static constexpr RowKernels kKernels{lift_53<int32_t>,
                                       lift_97,
                                       split_53<int32_t>,
                                       split_97,
                                       join_53<int32_t>,
                                       join_97,
                                       rct_forward<int32_t>,
                                       rct_inverse<int32_t>,
                                       ict_forward,
                                       ict_inverse,
                                       quantize,
                                       quantization_error,
                                       requantize,
                                       dequantize,
                                       read<int32_t>,
                                       read<float>,
                                       write<int32_t>,
                                       write<float>,
                                       sample_loss};
  return kKernels;
}

}  // namespace blosc2_grok::j2k
