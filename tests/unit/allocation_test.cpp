// SPDX-License-Identifier: BSD-3-Clause
// Our n-th allocation fails, for each n: an error with a reason, no crash, no leak (the sanitizer build sees those).
#include <gtest/gtest.h>

#include <thread>

#include "blocks.hpp"
#include "engine_alone.hpp"
#include "failing_allocator.hpp"
#include "host_structs.hpp"

namespace blosc2_grok::test {
namespace {

constexpr int64_t kMemory = -4;
constexpr int64_t kMostAllocations = 20000;

// Calls `body` with its 1st, 2nd, ... allocation failing, until none does; `expected` is what it then returns.
template <class Body>
void fail_each_allocation(int64_t expected, Body&& body) {
  ASSERT_EQ(body(), expected);  // what is made once and kept is made now
  for (int64_t n = 1; n < kMostAllocations; ++n) {
    fail_allocation(n);
    const int64_t result = body();
    if (!stop_failing()) {
      EXPECT_EQ(result, expected);
      EXPECT_GT(n, 1) << "nothing was allocated";
      return;
    }
    // Where an engine swallows the failure its own error comes instead; a reason that can't be kept is left out.
    ASSERT_TRUE(result < 0 || result == expected) << "allocation " << n << " gives " << result;
  }
  FAIL() << "more than " << kMostAllocations << " allocations";
}

// One that keeps nothing between calls, where this build has it: more allocations to fail.
const char* forgetful_engine() { return find_engine("openjpeg") != nullptr ? "openjpeg" : "j2k"; }

struct Prepared {
  Block block;
  blosc2_grok_block shape;
  Bytes packed, stored, out;

  explicit Prepared(const Shape& extents, const Map& parameters = {{"engine", forgetful_engine()}})
      : block(make_block("photo", "<u2", extents)),
        shape(describe_block(block)),
        packed(msgpack::serialize(parameters)),
        stored(encode(block, parameters)),
        out(block.bytes.size()) {}

  int64_t encode_again(uint8_t codec_meta = 0) {
    return blosc2_grok_encode(out.data(), out.size(), block.bytes.data(), block.bytes.size(), &shape, packed.data(),
                              packed.size(), codec_meta);
  }
  int64_t decode_again() { return blosc2_grok_decode(out.data(), out.size(), stored.data(), stored.size(), 1); }
};

TEST(Allocation, EachOfEncodingMayFail) {
  Prepared p({33, 47});
  fail_each_allocation(static_cast<int64_t>(p.stored.size()), [&] { return p.encode_again(); });
}

// Those of the calling thread: starting the others is one of them.
TEST(Allocation, EachOfCodingWithThreadsMayFail) {
  Prepared p({200, 300}, {{"engine", "j2k"}, {"num_threads", 3}});
  fail_each_allocation(static_cast<int64_t>(p.stored.size()), [&] { return p.encode_again(); });
  fail_each_allocation(static_cast<int64_t>(p.block.bytes.size()), [&] {
    return blosc2_grok_decode(p.out.data(), p.out.size(), p.stored.data(), p.stored.size(), 3);
  });
}

TEST(Allocation, EachOfEncodingManyComponentsMayFail) {
  Prepared p({3, 33, 47, 4});
  fail_each_allocation(static_cast<int64_t>(p.stored.size()), [&] { return p.encode_again(); });
}

TEST(Allocation, EachOfEncodingWithLossMayFail) {
  Prepared p({60, 70});
  const int64_t size = p.encode_again(60);
  ASSERT_GT(size, 0);
  fail_each_allocation(size, [&] { return p.encode_again(60); });
}

TEST(Allocation, EachOfDecodingMayFail) {
  Prepared p({33, 47});
  fail_each_allocation(static_cast<int64_t>(p.block.bytes.size()), [&] { return p.decode_again(); });
}

// Our engine keeps what it needs for each thread: new threads have nothing yet.
template <class Body>
void fail_each_allocation_of_new_threads(int64_t expected, Body&& body) {
  for (int64_t n = 1; n < kMostAllocations; ++n) {
    int64_t result = 0;
    bool has_failed = false;
    std::thread([&] {
      fail_allocation(n);
      result = body();
      has_failed = stop_failing();
    }).join();
    if (!has_failed) {
      EXPECT_EQ(result, expected);
      EXPECT_GT(n, 10) << "hardly anything was allocated";
      return;
    }
    ASSERT_TRUE(result < 0 || result == expected) << "allocation " << n << " gives " << result;
  }
  FAIL() << "more than " << kMostAllocations << " allocations";
}

TEST(Allocation, EachOfOurEngineMayFail) {
  for (const Map& parameters : {Map{{"engine", "j2k"}}, Map{{"mode", 64}}, Map{{"mode", 64}, {"rmse", 20.0}}}) {
    Prepared p({33, 47}, parameters);
    fail_each_allocation_of_new_threads(static_cast<int64_t>(p.stored.size()), [&] { return p.encode_again(); });
    fail_each_allocation_of_new_threads(static_cast<int64_t>(p.block.bytes.size()), [&] { return p.decode_again(); });
  }
}

// Samples that are mapped to integers, with some of them kept.
TEST(Allocation, EachOfMappedSamplesMayFail) {
  Prepared p({33, 47}, {{"psnr", 50}, {"keep", Array{0, 700}}, {"engine", forgetful_engine()}});
  fail_each_allocation(static_cast<int64_t>(p.stored.size()), [&] { return p.encode_again(); });
  fail_each_allocation(static_cast<int64_t>(p.block.bytes.size()), [&] { return p.decode_again(); });
}

TEST(Allocation, EachOfDecodingInPartMayFail) {
  Prepared p({32, 48});
  Bytes part(16 * 24 * 2);
  fail_each_allocation(static_cast<int64_t>(part.size()), [&] {
    return blosc2_grok_decode_partly(part.data(), part.size(), p.stored.data(), p.stored.size(), 1, 0, 1);
  });
}

TEST(Allocation, EachOfDecodingADamagedBlockMayFail) {
  Prepared p({33, 47});
  p.stored[p.stored.size() / 2] ^= 1;
  ASSERT_LT(p.decode_again(), 0);
  for (int64_t n = 1; n < 200; ++n) {
    fail_allocation(n);
    EXPECT_LT(p.decode_again(), 0);
    stop_failing();
  }
}

TEST(Allocation, EachOfDescribingMayFail) {
  Prepared p({33, 47});
  Bytes text(4096);
  const int64_t size = blosc2_grok_describe(text.data(), text.size(), p.stored.data(), p.stored.size());
  fail_each_allocation(
      size, [&] { return blosc2_grok_describe(text.data(), text.size(), p.stored.data(), p.stored.size()); });
}

TEST(Allocation, EachOfSettingDefaultsMayFail) {
  const Bytes packed = msgpack::serialize(Map{{"quality_mode", "rates"}, {"quality_layers", Array{10, 5}}});
  fail_each_allocation(0, [&] { return blosc2_grok_set_defaults(packed.data(), packed.size(), nullptr, 0); });
  blosc2_grok_set_defaults(nullptr, 0, nullptr, 0);
}

TEST(Allocation, ExhaustedIsNamed) {
  Prepared p({33, 47});
  const uint64_t since = blosc2_grok_message_serial();
  fail_allocation(1);
  EXPECT_EQ(p.encode_again(), kMemory);
  EXPECT_TRUE(stop_failing());
  EXPECT_EQ(newest_reason(since), "out of memory");
}

}  // namespace
}  // namespace blosc2_grok::test
