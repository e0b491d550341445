// SPDX-License-Identifier: BSD-3-Clause
// Every instruction set gives the plain kernels' bytes and samples, bit for bit.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "wide_case.hpp"
#include "workspace.hpp"

namespace blosc2_grok::j2k::test {
namespace {

struct Outcome {
  std::vector<uint8_t> bytes;
  std::vector<std::byte> samples;
  bool operator==(const Outcome&) const = default;
};

Outcome run(const Case& test, const KernelSet& kernels, Workspace& workspace) {
  workspace.impl().kernels = kernels;
  Outcome outcome;
  const std::span<const uint8_t> bytes = encode(test.image.view(), test.options, workspace);
  outcome.bytes.assign(bytes.begin(), bytes.end());
  Image back = test.image;
  back.allocate();
  decode(outcome.bytes, back.view(), workspace);
  outcome.samples = back.memory;
  return outcome;
}

Case make_case(int seed) {
  if (seed % 10 == 0) return wide_case(uint64_t(seed) + 4500000, 10);
  Case test = random_case(uint64_t(seed) + 4000000, seed % 5 == 0 ? 26 : 16, 10);
  test.options.reversible = seed % 3 != 0;
  test.options.base_step = seed % 2 == 0 ? 0.7 : 9.0;
  // The search must go the same way everywhere, too.
  if (seed % 3 == 0 && seed % 4 == 1) test.options.target_mse = 20.0;
  if (seed % 3 == 0 && seed % 4 == 2) test.options.target_bytes = test.image.memory.size() / 4 + 300;
  return test;
}

TEST(Kernels, EveryTargetEqualsThePlainOnes) {
  Workspace plain, vectors;
  const int64_t supported = hwy::SupportedTargets();
  for (int64_t rest = supported; rest != 0; rest &= rest - 1) {
    const int64_t target = rest & -rest;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    for (int seed = 0; seed < 150; ++seed) {
      Case test = make_case(seed);
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + test.name);
      const Outcome expected = run(test, plain_kernel_set(), plain);
      const Outcome got = run(test, KernelSet(), vectors);
      ASSERT_EQ(got.bytes.size(), expected.bytes.size());
      ASSERT_TRUE(got.bytes == expected.bytes);
      ASSERT_TRUE(got.samples == expected.samples);
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
