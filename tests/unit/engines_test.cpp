// SPDX-License-Identifier: BSD-3-Clause
// Each engine's decoder alone, on thousands of damaged codestreams: no crash, no hang, no byte outside the block,
// little memory. A row for each engine and coder; BLOSC2_GROK_MUTATIONS says how many each (2,000 when not set).
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <thread>
#include <tuple>

#include "cases.hpp"
#include "counting_allocator.hpp"
#include "cpu_limit.hpp"
#include "engine_alone.hpp"
#include "guarded_buffer.hpp"
#include "mutate.hpp"

namespace blosc2_grok::test {
namespace {

constexpr uint64_t kShares = 2;  // processes of their own, so that several cores share the work
constexpr uint64_t kMostSamples = 1 << 16;
constexpr size_t kSlack = 64 << 20;

uint64_t mutations() {
  const char* const wanted = std::getenv("BLOSC2_GROK_MUTATIONS");
  return wanted == nullptr ? 2000 : std::strtoull(wanted, nullptr, 10);
}

struct Row {
  std::string engine;
  bool is_ht;
};

// The decoders of this build. Grok's is never used: NameEveryDecoderOfThisBuild below is its row.
std::vector<Row> decoders() {
  std::vector<Row> rows{{"j2k", false}, {"j2k", true}, {"openjpeg", false}};
  std::erase_if(rows, [](const Row& row) { return find_engine(row.engine) == nullptr; });
  return rows;
}
const std::vector<Row> kRows = decoders();

// Bare codestreams of small images, of every kind in the table that this coder writes.
std::vector<Bytes> codestreams(bool is_ht) {
  std::vector<Bytes> out;
  for (Case row : cases()) {
    if (row.shape.size() == 2) row.shape = {33, 47};
    try {
      const Bytes stored = encode(row.block(), row.parameters, row.codec_meta);
      const auto bare = without_segment(stored);
      if (stored.empty() || stored.size() > 10000 || !bare) continue;
      const auto codestream = find_codestream(*bare);
      if (parse_codestream_header(codestream).is_ht() != is_ht) continue;
      if (image_bytes(codestream, 0, kMostSamples)) out.emplace_back(codestream.begin(), codestream.end());
    } catch (const std::exception&) {
      continue;  // parameters that a smaller image can't have
    }
  }
  return out;
}

class Engines : public ::testing::TestWithParam<std::tuple<size_t, uint64_t>> {
 protected:
  const Row& row() const { return kRows[std::get<0>(GetParam())]; }
  uint64_t share() const { return std::get<1>(GetParam()); }
};
std::string row_name(const ::testing::TestParamInfo<std::tuple<size_t, uint64_t>>& test) {
  const Row& row = kRows[std::get<0>(test.param)];
  return row.engine + (row.is_ht ? "Ht" : "Part1") + "Share" + std::to_string(std::get<1>(test.param));
}
INSTANTIATE_TEST_SUITE_P(Rows, Engines,
                         ::testing::Combine(::testing::Range(size_t{0}, kRows.size()),
                                            ::testing::Range(uint64_t{0}, kShares)),
                         row_name);

TEST_P(Engines, SurviveDamagedCodestreams) {
  const Engine* const engine = find_engine(row().engine);
  ASSERT_NE(engine, nullptr);
  const std::vector<Bytes> seeds = codestreams(row().is_ht);
  ASSERT_GE(seeds.size(), row().is_ht ? 4u : 50u);
  for (const Bytes& seed : seeds) {
    GuardedBuffer block(*image_bytes(seed, 0, kMostSamples));
    ASSERT_EQ(decode_alone(*engine, seed, 0, block.span()), Outcome::kDecoded);
  }
  std::map<Outcome, uint64_t> outcomes;
  for (uint64_t tried = 0, number = share(); tried < mutations() / kShares; number += kShares) {
    Random random(number * 1000003 + std::get<0>(GetParam()));
    const Bytes damaged = mutate(seeds[random.below(seeds.size())], random);
    const unsigned reduce = random.below(4) == 0 ? 1 : 0;
    const std::string what = row().engine + ", mutant " + std::to_string(number);
    const CpuLimit limit(what);
    const auto bytes = image_bytes(damaged, reduce, kMostSamples);
    if (!bytes) continue;  // the engine never sees it; the next mutant takes its place
    ++tried;
    GuardedBuffer block(*bytes);
    start_counting();
    ++outcomes[decode_alone(*engine, damaged, reduce, block.span())];
    ASSERT_LT(peak_bytes(), 4 * *bytes + kSlack) << what;
    ASSERT_TRUE(block.canaries_are_intact()) << what;
  }
  EXPECT_GT(outcomes[Outcome::kError], 0u);
  EXPECT_GT(outcomes[Outcome::kDecoded], 0u);
}

// What a sound block takes, in times of its size; beyond it, what does not grow with the block.
TEST(EngineRows, AWholeBlockTakesLittleMemory) {
  for (const auto& [engine, is_ht, dtype, most] : {std::tuple{"openjpeg", false, "|u1", 4.7},
                                                   {"openjpeg", false, "<u2", 3.0},
                                                   {"j2k", false, "|u1", 0.5},
                                                   {"j2k", true, "<u2", 0.5}}) {
    if (find_engine(engine) == nullptr) continue;
    const Block block = make_block("photo", dtype, {1000, 1100});
    Bytes stored, out(block.bytes.size());
    Outcome outcome{};
    const auto code = [&] { stored = encode(block, {{"engine", "j2k"}, {"mode", is_ht ? 64 : 0}}); };
    std::thread(code).join();  // threads of their own: what our engine keeps for the next block is none of these
    const auto codestream = find_codestream(stored);
    start_counting();
    std::thread([&] { outcome = decode_alone(*find_engine(engine), codestream, 0, out); }).join();
    EXPECT_LT(static_cast<double>(peak_bytes()), most * static_cast<double>(out.size()) + (4 << 20)) << engine << dtype;
    EXPECT_EQ(outcome, Outcome::kDecoded);
    EXPECT_EQ(out, block.bytes);
  }
}

TEST(EngineRows, NameEveryDecoderOfThisBuild) {
  for (const bool is_ht : {false, true}) {
    const Bytes seed = codestreams(is_ht).at(0);
    const CodestreamHeader header = parse_codestream_header(seed);
    for (const Engine* engine : engines()) {
      const bool is_row = std::ranges::any_of(
          kRows, [&](const Row& row) { return row.engine == engine->name() && row.is_ht == is_ht; });
      EXPECT_EQ(engine->refusal(header, {}).empty(), is_row) << engine->name() << (is_ht ? ", HT" : ", Part 1");
    }
  }
}

// 60,000 x 60,000 samples in 4 KiB: nothing is allocated for them, whoever is asked.
TEST(EngineRows, AHugeHeaderIsRefusedBeforeAnyAllocation) {
  Bytes stored = encode(make_block("photo", "|u1", {64, 64}), {{"cod_format", 1}});
  for (size_t i = 0; i < 2; ++i) {  // Xsiz, Ysiz
    stored[8 + 4 * i] = stored[9 + 4 * i] = 0, stored[10 + 4 * i] = 60000 >> 8, stored[11 + 4 * i] = 60000 & 0xff;
  }
  stored.resize(4096);
  for (const bool is_old : {false, true}) {
    Bytes bytes = is_old ? *without_segment(stored) : stored;
    reseal(bytes);
    for (const size_t block_bytes : {size_t{4096}, size_t{64} << 20}) {
      GuardedBuffer out(block_bytes);
      const CpuLimit limit("huge header");
      start_counting();
      EXPECT_LT(blosc2_grok_decode(out.data(), out.size(), bytes.data(), bytes.size(), 1), 0);
      EXPECT_LT(peak_bytes(), size_t{32} << 10);  // the error's own words
      EXPECT_TRUE(out.canaries_are_intact());
    }
  }
}

}  // namespace
}  // namespace blosc2_grok::test
