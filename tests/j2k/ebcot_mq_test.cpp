// SPDX-License-Identifier: BSD-3-Clause
// The MQ coder against the flow charts of ISO/IEC 15444-1 Annex C, on sequences of symbols.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "ebcot_reference.hpp"
#include "mq_bits.hpp"
#include "mq_decoder.hpp"
#include "mq_encoder.hpp"

namespace blosc2_grok::j2k {
namespace {

struct Symbol {
  int context, decision;
};

// Contexts of all degrees of certainty.
std::vector<Symbol> make_symbols(std::mt19937& random) {
  const auto count = 1 + random() % 3000;
  const unsigned certainty = unsigned(random() % 5);
  std::vector<Symbol> symbols(count);
  for (auto& symbol : symbols) {
    symbol.context = int(random() % kMqContexts);
    symbol.decision = random() % (2 + unsigned(symbol.context) * certainty * 3) == 0;
  }
  return symbols;
}

struct Coded {
  std::vector<uint8_t> bits = std::vector<uint8_t>(8192);  // before stuffing
  std::vector<uint8_t> bytes;
  std::vector<MqMark> marks;
  std::size_t bit_count = 0;
};

Coded encode(const std::vector<Symbol>& symbols, bool predictable) {
  Coded coded;
  MqWord words[kMqContexts];
  reset_mq_contexts(words);
  MqEncoder encoder;
  encoder.start(coded.bits.data());
  for (const Symbol& s : symbols) {
    words[s.context] = encoder.encode(words[s.context], uint64_t(s.decision) << 63);
    coded.marks.push_back(encoder.mark());
  }
  coded.bit_count = encoder.finish(predictable);
  coded.bytes.resize(stuffed_bound(coded.bit_count));
  coded.bytes.resize(Stuffer(coded.bytes.data(), coded.bits.data()).advance(coded.bit_count));
  return coded;
}

// Our contexts have other numbers than the witness's; initial states go with ours.
reference::Contexts make_contexts() {
  reference::Contexts contexts;
  for (int i = 0; i < kMqContexts; ++i) contexts.at[i] = {initial_mq_state(i), 0};
  return contexts;
}

std::vector<uint8_t> fraction_of(const std::vector<uint8_t>& bytes) {
  std::vector<uint8_t> bits(bytes.size() + kUnstuffSlack);
  const uint8_t* end = unstuff(bits.data(), bytes.data(), bytes.size());
  bits.resize(std::size_t(end - bits.data()));
  return bits;
}

// How many symbols come out right.
std::size_t right_symbols(const std::vector<Symbol>& symbols, const std::vector<uint8_t>& bytes) {
  reference::MqDecoder decoder(bytes);
  reference::Contexts contexts = make_contexts();
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (decoder.decode(contexts.at[symbols[i].context]) != symbols[i].decision) return i;
  }
  return symbols.size();
}

// The same for the first `count` bits of a fraction, followed by ones.
std::size_t right_symbols_of_bits(const std::vector<Symbol>& symbols, std::vector<uint8_t> bits, std::size_t count) {
  bits.resize(count / 8 + 1);
  bits.back() = uint8_t(bits.back() | 0xFF >> count % 8);
  bits.resize((bits.size() + 3) / 4 * 4 + 4, 0xFF);
  MqDecoder decoder;
  decoder.start(bits.data(), bits.data() + bits.size() - 4);
  MqWord words[kMqContexts];
  reset_mq_contexts(words);
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (int(decoder.decode(words[symbols[i].context])) != symbols[i].decision) return i;
  }
  return symbols.size();
}

// Figure C.9 may leave a carry in the bit stuffed after FF; ours is always carried on, which shifts later bytes by a
// bit.
bool has_stuffed_carry(const std::vector<uint8_t>& bytes) {
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    if (bytes[i - 1] == 0xFF && bytes[i] >= 0x80) return true;
  }
  return false;
}

TEST(MqTest, WritesTheFractionOfTheFlowCharts) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const auto symbols = make_symbols(random);
    reference::MqEncoder encoder;
    reference::Contexts contexts = make_contexts();
    for (const Symbol& s : symbols) encoder.encode(contexts.at[s.context], s.decision);
    const Coded coded = encode(symbols, true);
    const auto expected = encoder.flush_predictably();
    if (has_stuffed_carry(expected)) {
      const auto ours = fraction_of(coded.bytes), theirs = fraction_of(expected);
      ASSERT_TRUE(std::equal(ours.begin(), ours.begin() + long(coded.bit_count / 8 - 1), theirs.begin()));
    } else {
      ASSERT_EQ(coded.bytes, expected) << "round " << round;
    }
  }
}

TEST(MqTest, EndsShortAndDecodes) {
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    const auto symbols = make_symbols(random);
    reference::MqEncoder encoder;
    reference::Contexts contexts = make_contexts();
    for (const Symbol& s : symbols) encoder.encode(contexts.at[s.context], s.decision);
    const Coded coded = encode(symbols, false);
    ASSERT_EQ(right_symbols(symbols, coded.bytes), symbols.size());
    const auto expected = encoder.flush();
    ASSERT_LE(coded.bytes.size(), expected.size() + (has_stuffed_carry(expected) ? 1 : 0));
    const auto bits = fraction_of(coded.bytes);
    MqDecoder decoder;
    decoder.start(bits.data(), bits.data() + bits.size() - 4);
    MqWord words[kMqContexts];
    reset_mq_contexts(words);
    for (const Symbol& s : symbols) ASSERT_EQ(int(decoder.decode(words[s.context])), s.decision);
  }
}

TEST(MqTest, FindsTheShortestPrefix) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    const auto symbols = make_symbols(random);
    const Coded coded = encode(symbols, false);
    const std::size_t last = random() % symbols.size();
    const std::size_t needed = bits_needed(coded.bits.data(), coded.marks[last]);
    ASSERT_GT(right_symbols_of_bits(symbols, coded.bits, needed), last);
    if (coded.marks[last].shifts + 15 - needed < 31) {  // bits_needed() looks back no farther
      ASSERT_TRUE(needed == 0 || right_symbols_of_bits(symbols, coded.bits, needed - 1) <= last);
    }
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k
