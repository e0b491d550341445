// SPDX-License-Identifier: BSD-3-Clause
// The ring of reasons and the boundary that fills it.
#include "error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <new>
#include <set>
#include <thread>
#include <vector>

namespace blosc2_grok {
namespace {

std::vector<blosc2_grok_message> messages_since(uint64_t serial) {
  std::vector<blosc2_grok_message> messages;
  while (const auto message = next_message(serial, 0)) {
    messages.push_back(*message);
    serial = message->serial;
  }
  return messages;
}

TEST(Guard, TurnsWhatIsThrownIntoCodes) {
  EXPECT_EQ(guard([] { return 7; }), 7);
  EXPECT_EQ(guard([]() -> int { throw Error(ErrorCode::kData, "bad ", 12); }), -3);
  EXPECT_EQ(next_message(newest_message_serial() - 1, 0)->text, std::string("bad 12"));
  EXPECT_EQ(guard([]() -> int { throw std::bad_alloc(); }), -4);
  EXPECT_EQ(next_message(newest_message_serial() - 1, 0)->text, std::string("out of memory"));
  EXPECT_EQ(guard([]() -> int { throw std::runtime_error("other"); }), -1);
  EXPECT_EQ(guard([]() -> int { throw 5; }), -1);
}

TEST(Ring, ReasonsAreFoundBySerial) {
  const uint64_t since = newest_message_serial();
  EXPECT_FALSE(next_message(since, 0));
  record_error(ErrorCode::kData, "first");
  record_notice("second");
  EXPECT_EQ(newest_message_serial(), since + 2);
  EXPECT_STREQ(next_message(since, 0)->text, "first");
  EXPECT_EQ(next_message(since, 0)->serial, since + 1);
  EXPECT_STREQ(next_message(since, BLOSC2_GROK_MESSAGE_NOTICE)->text, "second");
  EXPECT_FALSE(next_message(since + 1, BLOSC2_GROK_MESSAGE_ERROR));
  EXPECT_FALSE(next_message(UINT64_MAX - 1, 0));
}

TEST(Ring, KeepsTheLast64) {
  const uint64_t since = newest_message_serial();
  for (int i = 1; i <= 100; ++i) record_error(ErrorCode::kData, std::to_string(i));
  std::vector<std::string> texts;
  for (const auto& message : messages_since(since)) texts.emplace_back(message.text);
  ASSERT_EQ(texts.size(), 64u);
  EXPECT_EQ(texts.front(), "37");
  EXPECT_EQ(texts.back(), "100");
}

TEST(Ring, CutsLongSentences) {
  const uint64_t since = newest_message_serial();
  record_error(ErrorCode::kData, std::string(1000, 'x'));
  EXPECT_EQ(std::strlen(next_message(since, 0)->text), 399u);
}

TEST(Ring, NamesTheBlockUntilTheNextCall) {
  const uint64_t since = newest_message_serial();
  const std::array<uint32_t, 3> extents{1, 256, 512};
  guard([&]() -> int {
    note_block_shape(extents);
    throw Error(ErrorCode::kData, "inside");
  });
  guard([]() -> int { throw Error(ErrorCode::kData, "of no block"); });
  EXPECT_STREQ(next_message(since, 0)->block_shape, "1 x 256 x 512");
  EXPECT_STREQ(next_message(since + 1, 0)->block_shape, "");
}

TEST(Ring, ShapesOfManyAxesAreCut) {
  const uint64_t since = newest_message_serial();
  note_block_shape(std::vector<uint32_t>(16, 4294967295u));
  record_notice("long");
  EXPECT_EQ(std::strlen(next_message(since, 0)->block_shape), 63u);
}

TEST(Ring, TellsThreadAndTime) {
  const uint64_t since = newest_message_serial();
  record_error(ErrorCode::kData, "here");
  std::thread([] { record_error(ErrorCode::kData, "there"); }).join();
  const auto here = *next_message(since, 0), there = *next_message(since + 1, 0);
  EXPECT_NE(here.thread, there.thread);
  EXPECT_GT(here.seconds, 1.7e9);
  EXPECT_GE(there.seconds, here.seconds);
}

TEST(Ring, ThreadsGetSerialsOfTheirOwn) {
  const uint64_t since = newest_message_serial();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) record_error(ErrorCode::kData, "text");
    });
  }
  std::thread reader([since] {
    for (int i = 0; i < 500; ++i) {
      if (const auto message = next_message(since, 0)) {
        EXPECT_STREQ(message->text, "text");
      }
    }
  });
  for (std::thread& thread : threads) thread.join();
  reader.join();
  EXPECT_EQ(newest_message_serial(), since + 2000);
  std::set<uint64_t> serials;
  for (const auto& message : messages_since(since)) serials.insert(message.serial);
  EXPECT_EQ(serials.size(), 64u);
}

TEST(CApi, NextMessageChecksItsStruct) {
  blosc2_grok_message message{};
  EXPECT_LT(blosc2_grok_next_message(0, 0, nullptr), 0);
  EXPECT_LT(blosc2_grok_next_message(0, 0, &message), 0);
  message.struct_size = sizeof message;
  record_error(ErrorCode::kData, "there is one");
  EXPECT_EQ(blosc2_grok_next_message(0, 0, &message), 1);
  EXPECT_EQ(blosc2_grok_next_message(blosc2_grok_message_serial(), 0, &message), 0);
}

}  // namespace
}  // namespace blosc2_grok
