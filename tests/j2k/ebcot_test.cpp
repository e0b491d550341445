// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block coder against the standard's flow charts, over sizes, styles and kinds of content.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "ebcot_block.hpp"
#include "ebcot_reference.hpp"
#include "ebcot_scratch.hpp"
#include "error.hpp"

namespace blosc2_grok::j2k {
namespace {

struct Kernel {
  const char* name;
  EbcotEncodeBlock encode;
  EbcotDecodeBlock decode;
};
constexpr Kernel kKernels[] = {{"plain", plain_ebcot_encode, plain_ebcot_decode},
                               {"simd", simd_ebcot_encode, simd_ebcot_decode}};

struct Case {
  int width = 64, height = 64;
  EbcotBand band = EbcotBand::kLl;
  unsigned style = 0;
  int content = 0;
  int bits = 8;
  uint32_t seed = 1;

  friend std::ostream& operator<<(std::ostream& os, const Case& c) {
    return os << c.width << "x" << c.height << " band " << int(c.band) << " style " << c.style << " content "
              << c.content << " bits " << c.bits << " seed " << c.seed;
  }
};

constexpr int kContents = 9;

std::vector<int32_t> make_samples(const Case& c) {
  std::mt19937 random(c.seed);
  const auto count = std::size_t(c.width * c.height);
  std::vector<int32_t> samples(count);
  const auto top = int32_t((uint32_t{1} << c.bits) - 1);
  const auto any = [&] { return int32_t(random() & uint32_t(top)) * (random() & 1 ? -1 : 1); };
  switch (c.content) {
    case 0:
      break;
    case 1:
      samples[random() % count] = any();
      break;
    case 2:
      for (auto& s : samples) s = any();
      break;
    case 3:
      for (auto& s : samples) s = random() % 50 == 0 ? any() : 0;
      break;
    case 4:
      for (auto& s : samples) s = random() & 1 ? top : -top;
      break;
    case 5:
      for (auto& s : samples) s = top;
      break;
    case 6: {  // like wavelet coefficients
      std::normal_distribution<double> laplace(0.0, double(top) / 12.0);
      for (auto& s : samples)
        s = std::clamp(int32_t(laplace(random) * std::abs(laplace(random)) * 12.0 / (top + 1)), -top, top);
      break;
    }
    case 7:
      for (std::size_t i = 0; i < count; ++i) samples[i] = i % 7 == 3 ? 1 : 0;
      break;
    default: {  // a few clusters
      for (int k = 0; k < 4; ++k) {
        const int x0 = int(random() % unsigned(c.width)), y0 = int(random() % unsigned(c.height));
        for (int y = y0; y < std::min(c.height, y0 + 6); ++y) {
          for (int x = x0; x < std::min(c.width, x0 + 6); ++x)
            samples[std::size_t(y * c.width + x)] = any() >> (random() % 8);
        }
      }
    }
  }
  return samples;
}

reference::BlockModel make_model(const Case& c, const std::vector<int32_t>& samples) {
  reference::BlockModel model(c.width, c.height, c.band, c.style);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    model.magnitude[i] = uint32_t(std::abs(samples[i]));
    model.negative[i] = samples[i] < 0;
  }
  return model;
}

int planes_of(const std::vector<int32_t>& samples) {
  uint32_t all = 0;
  for (int32_t s : samples) all |= uint32_t(std::abs(s));
  return int(std::bit_width(all));
}

// What the decoder must make of the reference's state.
std::vector<int32_t> reconstruct(const reference::BlockModel& model, int fraction_bits) {
  std::vector<int32_t> samples(model.magnitude.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (model.magnitude[i] == 0) continue;
    const auto open = unsigned(model.lowest_plane[i] + fraction_bits);
    const uint32_t magnitude = model.magnitude[i] << fraction_bits | (uint32_t{1} << open) >> 1;
    samples[i] = model.negative[i] ? -int32_t(magnitude) : int32_t(magnitude);
  }
  return samples;
}

// Cuts what an encoder returned into segments, for the first `passes` of its passes.
std::vector<reference::Segment> cut(const EbcotEncoded& encoded, const uint8_t* bytes, unsigned style, int passes) {
  std::vector<reference::Segment> segments;
  std::size_t begin = 0;
  int in_segment = 0;
  for (int pass = 0; pass < passes; ++pass) {
    ++in_segment;
    if (!ends_segment(pass, style) && pass != passes - 1) continue;
    const std::size_t end = encoded.pass[pass].bytes;
    segments.push_back({{bytes + begin, bytes + end}, in_segment});
    begin = end, in_segment = 0;
  }
  return segments;
}

class EbcotTest : public ::testing::Test {
 protected:
  static EbcotEncodeJob job_of(const Case& c, const std::vector<int32_t>& samples) {
    EbcotEncodeJob job;
    job.samples = samples.data();
    job.stride = std::size_t(c.width);
    job.width = c.width, job.height = c.height;
    job.band = c.band, job.style = c.style;
    return job;
  }

  EbcotEncoded encode(const Kernel& kernel, const Case& c, const std::vector<int32_t>& samples,
                      bool reversible = true) {
    EbcotEncodeJob job = job_of(c, samples);
    job.reversible = reversible;
    EbcotEncoded encoded;
    kernel.encode(job, *scratch_, bytes_.data(), encoded);
    return encoded;
  }

  std::vector<int32_t> decode(const Kernel& kernel, const Case& c, const std::vector<reference::Segment>& segments,
                              int planes, int fraction_bits = 0) {
    std::vector<EbcotSegment> views;
    for (const auto& segment : segments) views.push_back({segment.bytes, segment.passes});
    std::vector<int32_t> samples(std::size_t(c.width * c.height), 0x5A5A5A5A);
    EbcotDecodeJob job;
    job.segments = views;
    job.planes = planes, job.fraction_bits = fraction_bits;
    job.band = c.band, job.style = c.style;
    job.width = c.width, job.height = c.height;
    job.samples = samples.data();
    job.stride = std::size_t(c.width);
    kernel.decode(job, *scratch_);
    return samples;
  }

  void check(const Case& c) {
    SCOPED_TRACE(::testing::Message() << c);
    const auto samples = make_samples(c);
    const auto source = make_model(c, samples);
    const int planes = planes_of(samples);
    const reference::BlockModel empty(c.width, c.height, c.band, c.style);
    const auto expected = reference::encode(source, planes, empty, c.style);
    EbcotEncoded first;
    std::vector<uint8_t> first_bytes;
    for (const Kernel& kernel : kKernels) {
      SCOPED_TRACE(kernel.name);
      ASSERT_EQ(decode(kernel, c, expected, planes), samples) << "the reference's bytes";
      const EbcotEncoded encoded = encode(kernel, c, samples);
      ASSERT_EQ(encoded.planes, planes);
      ASSERT_EQ(encoded.passes, std::max(0, 3 * planes - 2));
      std::size_t expected_bytes = 0;
      for (const auto& segment : expected) expected_bytes += segment.bytes.size();
      EXPECT_LE(encoded.bytes, expected_bytes + 2 * expected.size());
      const auto segments = cut(encoded, bytes_.data(), c.style, encoded.passes);
      reference::BlockModel model = empty;
      reference::decode(segments, planes, model, c.style);
      ASSERT_EQ(reconstruct(model, 0), samples) << "our bytes, the reference decoder";
      ASSERT_EQ(decode(kernel, c, segments, planes), samples) << "our bytes, our decoder";
      if (&kernel != kKernels) {
        ASSERT_EQ(first.bytes, encoded.bytes);
        ASSERT_TRUE(std::equal(first_bytes.begin(), first_bytes.end(), bytes_.begin()));
      }
      first = encoded;
      first_bytes.assign(bytes_.begin(), bytes_.begin() + long(encoded.bytes));
    }
    check_truncation(c, samples, source, first, planes);
  }

  // Every pass's truncation point decodes to the same as the untruncated bytes up to that pass, and lowers the error as
  // stated.
  void check_truncation(const Case& c, const std::vector<int32_t>& samples, const reference::BlockModel& source,
                        const EbcotEncoded& encoded, int planes) {
    reference::BlockModel model(c.width, c.height, c.band, c.style);
    double all = 0.0;
    for (int32_t s : samples) all += double(s) * double(s);
    for (int pass = 0; pass < encoded.passes; ++pass) {
      const int plane = planes - 1 - (pass + 2) / 3;
      model.pass(pass, plane, &source, [](int, int bit) { return bit; });
      if (encoded.passes > 8 && pass % 5 != 0 && pass < encoded.passes - 3) continue;
      const auto expected = reconstruct(model, 0);
      const auto segments = cut(encoded, bytes_.data(), c.style, pass + 1);
      for (const Kernel& kernel : kKernels) {
        ASSERT_EQ(decode(kernel, c, segments, planes), expected) << kernel.name << ", cut after pass " << pass;
      }
      double error = 0.0;
      for (std::size_t i = 0; i < samples.size(); ++i) error += std::pow(double(samples[i]) - double(expected[i]), 2.0);
      ASSERT_NEAR(encoded.pass[pass].distortion, all - error, 0.05 * all + 1e-6) << "pass " << pass;
      if (planes <= 6) {
        ASSERT_NEAR(encoded.pass[pass].distortion, all - error, 1e-9 * all) << "pass " << pass;
      }
      if (planes < 31) {
        ASSERT_EQ(decode(kKernels[1], c, segments, planes, 1), reconstruct(model, 1));
      }
    }
  }

  std::unique_ptr<EbcotScratch> scratch_ = std::make_unique<EbcotScratch>();
  std::vector<uint8_t> bytes_ = std::vector<uint8_t>(kMaxEbcotBytes);
};

TEST_F(EbcotTest, EqualsTheReferenceInEveryStyle) {
  for (unsigned style = 0; style < 64; ++style) {
    for (int content = 0; content < kContents; ++content) {
      Case c{21, 18, EbcotBand(style % 4), style, content, 6 + int(style) % 5, style * 100 + 7};
      check(c);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(EbcotTest, EqualsTheReferenceInEverySize) {
  uint32_t seed = 1;
  for (int log_width = 2; log_width <= 10; ++log_width) {
    for (int log_height = 2; log_height <= std::min(10, 12 - log_width); ++log_height, ++seed) {
      check({1 << log_width, 1 << log_height, EbcotBand(seed % 4), seed % 64, 2, 5, seed});
      check({1 << log_width, 1 << log_height, EbcotBand(seed % 4), seed * 7 % 64, 6, 9, seed});
      check({(1 << log_width) - int(seed % 3), (1 << log_height) - int(seed % 4), EbcotBand(seed % 4), 0, 3, 7, seed});
      if (HasFatalFailure()) return;
    }
  }
  for (int width = 1; width <= 20; ++width) {
    for (int height = 1; height <= 9; ++height, ++seed) {
      check({width, height, EbcotBand(seed % 4), seed % 64, int(seed) % kContents, 5, seed});
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(EbcotTest, EqualsTheReferenceOnRandomBlocks) {
  std::mt19937 random(2024);
  for (int i = 0; i < 1500; ++i) {
    const int width = 1 + int(random() % 70);
    const int height = 1 + int(random() % unsigned(std::min(70, 900 / width + 1)));
    check({width, height, EbcotBand(random() % 4), unsigned(random() % 64), int(random() % kContents),
           1 + int(random() % 16), uint32_t(random())});
    if (HasFatalFailure()) return;
  }
}

TEST_F(EbcotTest, EqualsTheReferenceOnEveryInstructionSet) {
  std::vector<int64_t> targets;
  for (int64_t all = hwy::SupportedTargets(); all != 0; all &= all - 1) targets.push_back(all & -all);
  for (int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    std::mt19937 random(2025);
    for (int i = 0; i < 60; ++i) {
      check({1 + int(random() % 70), 1 + int(random() % 40), EbcotBand(random() % 4), unsigned(random() % 64),
             int(random() % kContents), 1 + int(random() % 16), uint32_t(random())});
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST_F(EbcotTest, CodesThirtyOneBits) {
  for (int content : {1, 2, 3, 4}) {
    check({32, 32, EbcotBand::kHh, 0, content, 31, 5});
    check({64, 64, EbcotBand::kHl, kStyleLazy, content, 30, 5});
  }
}

TEST_F(EbcotTest, StopsAtABitPlane) {
  const Case c{40, 33, EbcotBand::kLh, 0, 6, 10, 3};
  const auto samples = make_samples(c);
  const int planes = planes_of(samples);
  for (const Kernel& kernel : kKernels) {
    const EbcotEncoded all = encode(kernel, c, samples);
    for (int stop = 0; stop <= planes; ++stop) {
      EbcotEncodeJob job = job_of(c, samples);
      job.stop_plane = stop;
      EbcotEncoded some;
      kernel.encode(job, *scratch_, bytes_.data(), some);
      const int coded = planes - std::min(stop, planes - 1);
      ASSERT_EQ(some.planes, planes);
      ASSERT_EQ(some.passes, 3 * coded - 2);
      for (int i = 0; i < some.passes; ++i) {
        EXPECT_EQ(some.pass[i].distortion, all.pass[i].distortion);
        EXPECT_NEAR(some.pass[i].bytes, all.pass[i].bytes, 2);
      }
      reference::BlockModel model(c.width, c.height, c.band, c.style);
      reference::decode(cut(some, bytes_.data(), c.style, some.passes), planes, model, c.style);
      ASSERT_EQ(decode(kernel, c, cut(some, bytes_.data(), c.style, some.passes), planes), reconstruct(model, 0));
    }
  }
}

TEST_F(EbcotTest, StopsBelowASlope) {
  const Case c{64, 64, EbcotBand::kHl, 0, 6, 12, 3};
  const auto samples = make_samples(c);
  int passes = 1000;
  for (double slope : {1e-3, 1.0, 30.0, 1e3, 1e5, 1e30}) {
    EbcotEncodeJob job = job_of(c, samples);
    job.stop_slope = slope;
    EbcotEncoded encoded;
    simd_ebcot_encode(job, *scratch_, bytes_.data(), encoded);
    EXPECT_LE(encoded.passes, passes);
    passes = encoded.passes;
    EXPECT_EQ(passes % 3, 1) << "whole bit-planes";
  }
  EXPECT_EQ(passes, 1);
}

TEST_F(EbcotTest, CountsTheErrorOfQuantizerIndices) {
  // Values lie in the middle of their bins, so a last bit-plane gains as much as any other would.
  const Case c{32, 32, EbcotBand::kHh, 0, 6, 5, 9};
  const auto samples = make_samples(c);
  const int planes = planes_of(samples);
  const EbcotEncoded encoded = encode(kKernels[1], c, samples, false);
  const auto decoded = decode(kKernels[1], c, cut(encoded, bytes_.data(), c.style, encoded.passes), planes, 1);
  double gain = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double value = samples[i] == 0 ? 0.0 : std::abs(samples[i]) + 0.5;
    gain += value * value - std::pow(value - std::abs(decoded[i]) / 2.0, 2.0);
  }
  EXPECT_NEAR(encoded.pass[encoded.passes - 1].distortion, gain, 1e-6 * gain);
}

TEST_F(EbcotTest, RefusesJobsThatContradictThemselves) {
  std::vector<int32_t> samples(64);
  for (const Kernel& kernel : kKernels) {
    EbcotDecodeJob job;
    job.samples = samples.data(), job.stride = 8, job.width = 8, job.height = 8;
    const uint8_t bytes[4] = {1, 2, 3, 4};
    EbcotSegment segment{bytes, 5};
    job.segments = {&segment, 1};
    job.planes = 2;
    EXPECT_THROW(kernel.decode(job, *scratch_), Error) << "five passes, two bit-planes";
    job.planes = 32;
    EXPECT_THROW(kernel.decode(job, *scratch_), Error);
    job.planes = 31, job.fraction_bits = 1;
    EXPECT_THROW(kernel.decode(job, *scratch_), Error);
    job.planes = 10, job.style = kStyleLazy, segment.passes = 12;
    EXPECT_THROW(kernel.decode(job, *scratch_), Error) << "arithmetic and raw passes in one segment";
    segment.passes = -1;
    EXPECT_THROW(kernel.decode(job, *scratch_), Error);
    segment.passes = 1;
    for (int side : {0, -1, 1025}) {
      job.width = side;
      EXPECT_THROW(kernel.decode(job, *scratch_), Error);
    }
    job.width = job.height = 65;
    EXPECT_THROW(kernel.decode(job, *scratch_), Error);
    samples[5] = std::numeric_limits<int32_t>::min();
    EXPECT_THROW(encode(kernel, {8, 8, EbcotBand::kLl, 0, 0, 0, 0}, samples), Error);
    samples[5] = 0;
  }
}

// Any bytes decode to something, the same for both kernels, and nothing outside the block is touched.
TEST_F(EbcotTest, TakesRandomBytes) {
  std::mt19937 random(77);
  for (int round = 0; round < 3000; ++round) {
    EbcotDecodeJob job;
    const int shape = int(random() % 8);
    job.width = shape == 0 ? 1024 : shape == 1 ? 1 + int(random() % 4) : 1 + int(random() % 64);
    job.height = shape == 0 ? 1 + int(random() % 4) : shape == 1 ? 1024 : 1 + int(random() % 64);
    job.band = EbcotBand(random() % 4);
    job.style = unsigned(random() % 64);
    job.planes = 1 + int(random() % 31);
    const int passes = int(random() % unsigned(3 * job.planes - 1));
    std::vector<std::vector<uint8_t>> bytes;  // of exact size, for the address sanitizer
    std::vector<EbcotSegment> segments;
    int in_segment = 0;
    for (int pass = 0; pass < passes; ++pass) {
      ++in_segment;
      if (!ends_segment(pass, job.style) && pass != passes - 1) continue;
      bytes.emplace_back(random() % (round % 3 == 0 ? 12 : 3000));
      for (auto& byte : bytes.back()) byte = uint8_t(round % 5 == 0 ? 0xFF - (random() % 3) * 64 : random());
      segments.push_back({bytes.back(), in_segment});
      in_segment = 0;
    }
    for (std::size_t i = 0; i < segments.size(); ++i) segments[i].bytes = bytes[i];
    job.segments = segments;
    job.stride = std::size_t(job.width) + 3;
    std::vector<int32_t> results[2];
    for (int k = 0; k < 2; ++k) {
      results[k].assign(job.stride * std::size_t(job.height), 0x7E57);
      job.samples = results[k].data();
      kKernels[k].decode(job, *scratch_);
      for (std::size_t i = 0; i < results[k].size(); ++i) {
        if (i % job.stride >= std::size_t(job.width)) {
          ASSERT_EQ(results[k][i], 0x7E57);
        }
      }
    }
    ASSERT_EQ(results[0], results[1]) << "round " << round;
  }
}

// Damaged blocks of our own.
TEST_F(EbcotTest, TakesDamagedBytes) {
  std::mt19937 random(78);
  for (int round = 0; round < 300; ++round) {
    const Case c{1 + int(random() % 64), 1 + int(random() % 64), EbcotBand(random() % 4), unsigned(random() % 64), 6,
                 4 + int(random() % 10), uint32_t(random())};
    const auto samples = make_samples(c);
    const EbcotEncoded encoded = encode(kKernels[1], c, samples);
    auto segments = cut(encoded, bytes_.data(), c.style, encoded.passes);
    for (auto& segment : segments) {
      if (segment.bytes.empty() || random() % 2) continue;
      if (random() % 2)
        segment.bytes.resize(random() % segment.bytes.size());
      else
        segment.bytes[random() % segment.bytes.size()] ^= uint8_t(1u << random() % 8);
    }
    ASSERT_EQ(decode(kKernels[0], c, segments, encoded.planes), decode(kKernels[1], c, segments, encoded.planes));
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k
