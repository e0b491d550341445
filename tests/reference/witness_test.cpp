// SPDX-License-Identifier: BSD-3-Clause
/// Agreement with OpenJPH, OpenJPEG and Grok, where their command-line tools are installed.
#include "witness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "random_case.hpp"

namespace blosc2_grok::reference {
namespace {

constexpr int kCases = 60;

/// OpenJPEG and Grok scale the high band of the 9/7 by 1.625732422 where 2 / K is 1.625786132: samples of 16 bits come
/// out up to 5 apart, those of OpenJPH and FFmpeg at most 1.
int64_t tolerance(Witness witness, const Case& c) {
  if (c.options.reversible) return 0;
  return witness != Witness::OpenJPH && c.image.bits > 12 ? 5 : 1;
}

/// Image and tiles are at least as large as 2^levels.
bool no_empty_bands(const Case& c) {
  const Options& o = c.options;
  return o.tile_width == 0 && (std::min(c.image.width, c.image.height) >> (o.resolutions - 1)) > 0;
}

/// Cases that a test compared, for its record: witnesses refuse some.
void note_count(int compared) {
  testing::Test::RecordProperty("compared", compared);
  std::cout << compared << " compared\n";
  EXPECT_GE(compared, kCases / 4);
}

void expect_agreement(Witness witness, const Case& c) {
  const Bytes stream = encode(c.image, c.options);
  const std::optional<Image> theirs = decode_by(witness, stream, c.image);
  ASSERT_TRUE(theirs) << describe(c);
  EXPECT_LE(largest_difference(*theirs, decode(stream)), tolerance(witness, c)) << describe(c);
}

/// From `first_seed` on, the cases that the witness `can`.
void expect_agreement_in_all(Witness witness, int first_seed, const CaseLimits& limits, bool (*can)(const Case&)) {
  if (!can_decode(witness)) GTEST_SKIP() << name_of(witness) << " is not installed";
  int compared = 0;
  for (int seed = first_seed; seed < first_seed + kCases; ++seed) {
    const Case c = random_case(seed, limits);
    if (!can(c)) continue;
    expect_agreement(witness, c);
    ++compared;
  }
  note_count(compared);
}

/// OpenJPEG shifts 32-bit words by 32 in the orders by position with 33 resolutions.
bool openjpeg_can_order(const Case& c) {
  return c.options.resolutions < 33 || c.options.progression <= Progression::RLCP;
}

TEST(WitnessDecodes, OpenJpegReadsRandomCases) {
  expect_agreement_in_all(Witness::OpenJPEG, 0, {}, openjpeg_can_order);
}

/// OpenJPEG takes no refinement pass in a later layer than its cleanup pass. Without offsets, because it halves an odd
/// number towards zero where a lossy 5/3 stream has one at a single odd position.
TEST(WitnessDecodes, OpenJpegReadsAllThreePasses) {
  const CaseLimits limits{
      .tiles = false, .offsets = false, .layers = false, .most_passes = 3, .most_skipped_planes = 2};
  expect_agreement_in_all(Witness::OpenJPEG, 1000, limits, openjpeg_can_order);
}

/// OpenJPH 0.9.0 fails on empty subbands, and on precincts with an image offset even in its own streams.
bool openjph_can(const Case& c) { return no_empty_bands(c) && (c.options.precincts.empty() || c.image.x0 == 0); }

TEST(WitnessDecodes, OpenJphReadsRandomCases) {
  const CaseLimits limits{.tiles = false,
                          .layers = false,
                          .one_or_three_components = true,
                          .is_signed = false,
                          .derived_steps = false,
                          .most_passes = 3};
  expect_agreement_in_all(Witness::OpenJPH, 2000, limits, openjph_can);
}

/// Grok 10.0.5 fails on many tiles (design.md section 3), and on derived steps of 16-bit images.
TEST(WitnessDecodes, GrokReadsWithoutTiles) {
  const CaseLimits limits{
      .tiles = false, .offsets = false, .layers = false, .is_signed = false, .derived_steps = false};
  expect_agreement_in_all(Witness::Grok, 3000, limits, no_empty_bands);
}

struct Encoder {
  Witness witness;
  std::vector<const char*> arguments;
  bool is_signed;
};

/// Our decoder makes of the witness's stream what the witness does, and of a lossless one the original.
void expect_reads(const Encoder& encoder, bool lossless, const std::string& arguments, uint64_t seed, int& compared) {
  const CaseLimits limits{
      .smallest_side = 40, .offsets = false, .one_or_three_components = true, .is_signed = encoder.is_signed};
  Case c = random_case(seed, limits);
  c.options.reversible = lossless;
  const std::optional<Bytes> stream = encode_by(encoder.witness, c.image, arguments);
  if (!stream) return;  // the witness could not
  ++compared;
  Image ours;
  ASSERT_NO_THROW(ours = decode(*stream)) << describe(c) << "; " << arguments;
  const std::optional<Image> theirs = decode_by(Witness::OpenJPEG, *stream, c.image);
  ASSERT_TRUE(theirs) << describe(c) << "; " << arguments;
  if (lossless) {
    EXPECT_EQ(largest_difference(ours, c.image), 0) << describe(c) << "; " << arguments;
  }
  EXPECT_LE(largest_difference(ours, *theirs), tolerance(Witness::OpenJPEG, c)) << describe(c) << "; " << arguments;
}

void expect_reads_all(const Encoder& encoder, bool lossless, int first_seed) {
  if (!can_encode(encoder.witness) || !can_decode(Witness::OpenJPEG)) GTEST_SKIP() << "witness is not installed";
  int compared = 0;
  for (int i = 0; i < kCases; ++i)
    expect_reads(encoder, lossless, encoder.arguments[i % encoder.arguments.size()], first_seed + i, compared);
  note_count(compared);
}

TEST(WitnessEncodes, OpenJphLossless) {
  expect_reads_all({Witness::OpenJPH,
                    {"-reversible true -num_decomps 3", "-reversible true -num_decomps 0 -prog_order LRCP",
                     "-reversible true -num_decomps 2 -tile_size \\{33,40\\} -prog_order PCRL",
                     "-reversible true -num_decomps 2 -image_offset \\{5,7\\} -block_size \\{4,1024\\}",
                     "-reversible true -num_decomps 3 -precincts \\{64,32\\},\\{32,64\\} -prog_order CPRL"},
                    false},
                   true, 4000);
}

TEST(WitnessEncodes, OpenJphLossy) {
  expect_reads_all({Witness::OpenJPH,
                    {"-qstep 0.001 -num_decomps 3", "-qstep 0.01 -num_decomps 1 -prog_order RLCP",
                     "-qstep 0.0001 -num_decomps 2 -tile_size \\{33,40\\} -image_offset \\{5,7\\}"},
                    false},
                   false, 5000);
}

TEST(WitnessEncodes, GrokHtLossless) {
  expect_reads_all({Witness::Grok, {"-M 64 -n 3", "-M 64 -n 1 -p RLCP", "-M 64 -n 4 -b 16,32 -p PCRL"}, true}, true,
                   6000);
}

TEST(WitnessEncodes, OpenJpegPart1Lossless) {
  expect_reads_all({Witness::OpenJPEG,
                    {"-n 3", "-n 2 -M 1", "-n 3 -M 2 -p RPCL", "-n 1 -M 4", "-n 2 -M 8 -p CPRL", "-n 3 -M 32",
                     "-n 3 -M 63 -SOP -EPH -b 16,8", "-n 2 -M 13 -d 5,7 -c [32,64],[64,64]"},
                    true},
                   true, 7000);
}

TEST(WitnessEncodes, OpenJpegPart1LossyInLayers) {
  expect_reads_all({Witness::OpenJPEG,
                    {"-n 3 -I -r 20,8,3", "-n 2 -I -M 1 -r 6", "-n 4 -I -M 63", "-n 3 -I -t 37,41 -p PCRL -r 12,4"},
                    true},
                   false, 8000);
}

}  // namespace
}  // namespace blosc2_grok::reference
