// SPDX-License-Identifier: BSD-3-Clause
/// Parts of the reference codec by themselves: bit streams, tables, tag trees, wavelets, geometry.
#include <gtest/gtest.h>

#include <cmath>

#include "ht_passes.hpp"
#include "ht_tables.hpp"
#include "progression.hpp"
#include "random_case.hpp"
#include "wavelet.hpp"

namespace blosc2_grok::reference {
namespace {

TEST(HtStreams, MelReturnsItsSymbols) {
  for (int rarity : {1, 2, 7, 60, 1000}) {
    Random random(rarity);
    std::vector<int> symbols;
    MelWriter writer;
    for (int i = 0; i < 3000; ++i) symbols.push_back(random.one_in(rarity));
    for (int symbol : symbols) writer.put(symbol);
    MelReader reader(writer.finish());
    for (int symbol : symbols) ASSERT_EQ(reader.get(), symbol);
  }
}

TEST(HtStreams, ForwardAndBackwardBitsReturnAndHideMarkers) {
  for (int ones : {1, 2, 50}) {
    Random random(ones);
    std::vector<int> bits;
    ForwardBitWriter forward;
    BackwardBitWriter backward = BackwardBitWriter::for_magref();
    for (int i = 0; i < 4000; ++i) bits.push_back(!random.one_in(ones + 1));
    for (int bit : bits) forward.put(bit), backward.put(bit);
    const Bytes front = forward.finish_magsgn(), back = backward.finish();
    ForwardBitReader forward_reader(front, 0xFF);
    BackwardBitReader backward_reader = BackwardBitReader::for_magref(back);
    for (int bit : bits) {
      ASSERT_EQ(forward_reader.get(), bit);
      ASSERT_EQ(backward_reader.get(), bit);
    }
    for (const Bytes& bytes : {front, back})
      for (size_t i = 1; i < bytes.size(); ++i) ASSERT_FALSE(bytes[i - 1] == 0xFF && bytes[i] > 0x8F);
  }
}

/// Every string of seven bits begins with exactly one codeword of each context.
TEST(HtTables, EveryContextIsACompletePrefixCode) {
  for (int table : {0, 1})
    for (int context = 0; context < 8; ++context)
      for (int bits = 0; bits < 128; ++bits) {
        BackwardBitWriter writer = BackwardBitWriter::for_magref();
        for (int i = 0; i < 7; ++i) writer.put(bits >> i & 1);
        BackwardBitReader reader = BackwardBitReader::for_magref(writer.finish());
        const VlcCode& code = read_vlc(reader, table, context);
        EXPECT_EQ(code.codeword, bits & ((1 << code.length) - 1));
      }
}

TEST(HtTables, ResidualsHaveThreeParts) {
  for (int u = 1; u <= 92; ++u) {
    const ULength parts = split_u(u);
    EXPECT_EQ(parts.value(), u);
    BackwardBitWriter writer = BackwardBitWriter::for_magref();
    write_u_prefix(writer, parts.prefix);
    write_u_suffix(writer, parts);
    write_u_extension(writer, parts);
    BackwardBitReader reader = BackwardBitReader::for_magref(writer.finish());
    ULength read;
    read.prefix = read_u_prefix(reader);
    read.suffix = read_u_suffix(reader, read.prefix);
    read.extension = read_u_extension(reader, read.suffix);
    EXPECT_EQ(read.value(), u);
  }
}

TEST(TagTree, AnswersWhatWasAsked) {
  for (auto [width, height] : {std::pair(1, 1), {2, 1}, {3, 5}, {9, 4}, {1, 17}}) {
    Random random(width);
    std::vector<int> leaves;
    for (int i = 0; i < width * height; ++i) leaves.push_back(random.below(6));
    TagTree out(width, height), in(width, height);
    out.set_values(leaves);
    PacketBitWriter writer;
    for (int threshold = 1; threshold < 8; ++threshold)
      for (size_t i = 0; i < leaves.size(); i += 1 + random.below(2)) out.encode(i, threshold, writer);
    for (size_t i = 0; i < leaves.size(); ++i) out.encode(i, 9, writer);
    const Bytes bytes = writer.finish();
    PacketBitReader reader(bytes, 0);
    Random again(width);
    for (size_t i = 0; i < leaves.size(); ++i) again.below(6);
    for (int threshold = 1; threshold < 8; ++threshold)
      for (size_t i = 0; i < leaves.size(); i += 1 + again.below(2))
        ASSERT_EQ(in.decode(i, threshold, reader), leaves[i] < threshold);
  }
}

TEST(Wavelet, ReturnsSignalsOfAllLengthsAndPhases) {
  for (bool reversible : {true, false})
    for (int64_t i0 : {0, 1, 2, 7})
      for (int length = 0; length <= 20; ++length) {
        Random random(length + i0);
        std::vector<double> signal;
        for (int i = 0; i < length; ++i) signal.push_back(random.below(65536) - 32768);
        std::vector<double> copy = signal;
        analyse(copy, i0, reversible);
        synthesise(copy, i0, reversible);
        for (int i = 0; i < length; ++i) ASSERT_NEAR(copy[i], signal[i], reversible ? 0 : 1e-6);
      }
}

TEST(Wavelet, DoublesASingleSampleAtAnOddPosition) {
  for (bool reversible : {true, false}) {
    std::vector<double> even = {21}, odd = {21};
    analyse(even, 4, reversible);
    analyse(odd, 5, reversible);
    EXPECT_EQ(even[0], 21);
    EXPECT_EQ(odd[0], 42);
  }
}

/// Equations F-9 and F-10 by hand: 10 20 40 at even start; high 20 - 25 = -5, low 10 + floor((-5 - 5 + 2) / 4).
TEST(Wavelet, FiveThreeByHand) {
  std::vector<double> signal = {10, 20, 40};
  analyse(signal, 0, true);
  EXPECT_EQ(signal, (std::vector<double>{8, -5, 38}));
}

TEST(Wavelet, NineSevenKeepsConstantsInTheLowBand) {
  std::vector<double> signal(33, 100.0);
  analyse(signal, 0, false);
  for (size_t i = 0; i < signal.size(); ++i) EXPECT_NEAR(signal[i], i % 2 == 0 ? 100 : 0, 1e-9);
}

TEST(Progression, EveryOrderHoldsEveryPacketOnce) {
  for (int seed = 0; seed < 60; ++seed) {
    Case c = random_case(seed, {});
    std::vector<size_t> counts;
    for (int order = 0; order < 5; ++order) {
      c.options.progression = static_cast<Progression>(order);
      const Parameters p = make_parameters(c.image, c.options);
      size_t expected = 0;
      std::vector<std::vector<int>> seen;
      const Tile tile = make_tile(p, tile_count(p.siz) - 1);
      for (const TileComponent& part : tile.components)
        for (const Resolution& r : part.resolutions) expected += r.precincts.size() * p.layers;
      for (const PacketId& id : packet_order(p, tile))
        seen.push_back({id.layer, id.resolution, id.component, static_cast<int>(id.precinct)});
      std::sort(seen.begin(), seen.end());
      EXPECT_EQ(seen.size(), expected) << describe(c);
      EXPECT_TRUE(std::adjacent_find(seen.begin(), seen.end()) == seen.end()) << describe(c);
    }
  }
}

/// Noise of `bits` bits of which many samples are zero.
BlockSamples random_block(Random& random, int64_t width, int64_t height, int bits) {
  BlockSamples samples(width, height);
  const int zeros = 1 + random.below(20);
  for (size_t i = 0; i < samples.magnitude.size(); ++i) {
    if (!random.one_in(zeros)) continue;
    samples.magnitude[i] = random.below(int64_t{1} << (1 + random.below(bits)));
    samples.negative[i] = samples.magnitude[i] != 0 && random.one_in(2);
  }
  return samples;
}

TEST(HtBlock, CleanupAloneIsExact) {
  Random random(1);
  for (int i = 0; i < 400; ++i) {
    const int64_t width = 1 + random.below(40), height = 1 + random.below(40);
    const int plane = random.below(3);
    const BlockSamples samples = random_block(random, width, height, 1 + random.below(31));
    CodeBlock block;
    block.area = {0, 0, width, height};
    block.segments = encode_ht_block(samples, plane, 1, false);
    if (block.segments.empty()) continue;
    const BlockSamples decoded = decode_ht_block(block, plane, false);
    for (size_t k = 0; k < samples.magnitude.size(); ++k) {
      ASSERT_EQ(decoded.magnitude[k], samples.magnitude[k] >> plane << plane);
      if (decoded.magnitude[k] != 0) {
        ASSERT_EQ(decoded.negative[k], samples.negative[k]);
      }
    }
  }
}

/// After SPP and MRP only samples without a neighbour that was significant in time are unknown.
TEST(HtBlock, RefinementIsExactWhereItReaches) {
  Random random(2);
  for (int i = 0; i < 400; ++i) {
    const int64_t width = 1 + random.below(40), height = 1 + random.below(40);
    const BlockSamples samples = random_block(random, width, height, 1 + random.below(12));
    CodeBlock block;
    block.area = {0, 0, width, height};
    block.segments = encode_ht_block(samples, 1, 3, i % 2);
    if (block.segments.empty()) continue;
    const BlockSamples decoded = decode_ht_block(block, 1, i % 2);
    for (size_t k = 0; k < samples.magnitude.size(); ++k) {
      if (decoded.lowest_plane[k] == 1) {
        ASSERT_EQ(decoded.magnitude[k], 0u);
        ASSERT_LE(samples.magnitude[k], 1u);
      } else {
        ASSERT_EQ(decoded.magnitude[k], samples.magnitude[k]);
        if (decoded.magnitude[k] != 0) {
          ASSERT_EQ(decoded.negative[k], samples.negative[k]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace blosc2_grok::reference
