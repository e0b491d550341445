// SPDX-License-Identifier: BSD-3-Clause
// Threads inside one image: the same bytes and samples for any number of them, errors, forks, hosts with threads.
#include "crew.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

#include "support.hpp"

namespace blosc2_grok::j2k::test {
namespace {

constexpr unsigned kThreads[] = {2, 3, 8};

std::vector<uint8_t> encoded(const Image& image, EncodeOptions options, unsigned threads, Workspace& workspace) {
  options.threads = threads;
  const std::span<const uint8_t> bytes = encode(image.view(), options, workspace);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> decoded(const Image& like, std::span<const uint8_t> bytes, unsigned threads,
                               Workspace& workspace) {
  Image back = like;
  back.allocate();
  decode(bytes, back.view(), workspace, {0, threads});
  return back.memory;
}

// One workspace for all, so that what a call leaves behind meets the next one.
void expect_alike(const Image& image, const EncodeOptions& options, Workspace& workspace) {
  const std::vector<uint8_t> bytes = encoded(image, options, 1, workspace);
  const std::vector<std::byte> samples = decoded(image, bytes, 1, workspace);
  if (options.reversible) {
    EXPECT_TRUE(samples == image.memory);
  }
  for (const unsigned threads : kThreads) {
    EXPECT_TRUE(encoded(image, options, threads, workspace) == bytes) << threads << " threads";
    EXPECT_TRUE(decoded(image, bytes, threads, workspace) == samples) << threads << " threads";
  }
}

TEST(Crew, RandomImagesAndSettingsComeOutAlike) {
  Workspace workspace;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Case test = random_case(8100000 + seed);
    test.options.reversible = seed % 3 != 0;
    test.options.base_step = 0.7;
    test.options.high_throughput = seed % 2 == 0;
    if (!test.options.high_throughput) test.options.block_style = int(seed % 64);
    SCOPED_TRACE(test.name);
    expect_alike(test.image, test.options, workspace);
  }
}

struct Row {
  const char* name;
  uint32_t rows, columns, components;
  int bits;
  bool high_throughput, reversible;
  EncodeOptions options;
};

EncodeOptions with(void (*change)(EncodeOptions&)) {
  EncodeOptions options;
  change(options);
  return options;
}

TEST(Crew, ImagesOfManyStripesComeOutAlike) {
  const EncodeOptions plain;
  const EncodeOptions tiled = with([](EncodeOptions& o) { o.tile = {200, 130}; });
  const EncodeOptions small_blocks = with([](EncodeOptions& o) { o.codeblock = {8, 4}; });
  const EncodeOptions wide_blocks = with([](EncodeOptions& o) { o.codeblock = {1024, 4}; });
  const EncodeOptions odd = with([](EncodeOptions& o) { o.image_offset = {37, 61}, o.tile_offset = {3, 5}; });
  const EncodeOptions untransformed = with([](EncodeOptions& o) { o.resolutions = 1; });
  const EncodeOptions colours = with([](EncodeOptions& o) { o.mct = true; });
  const EncodeOptions sized = with([](EncodeOptions& o) { o.target_bytes = 30000; });
  const EncodeOptions exact = with([](EncodeOptions& o) { o.target_mse = 90; });
  const EncodeOptions sized_tiles = with([](EncodeOptions& o) { o.target_bytes = 30000, o.tile = {200, 130}; });
  const EncodeOptions every_pass = with([](EncodeOptions& o) { o.block_style = 4; });
  const Row rows[] = {
      {"one sample", 1, 1, 1, 8, true, true, plain},
      {"one row", 1, 700, 1, 16, false, true, plain},
      {"one column", 700, 1, 1, 16, true, true, plain},
      {"HT", 500, 610, 1, 16, true, true, plain},
      {"Part 1", 500, 610, 1, 12, false, true, plain},
      {"HT, 9/7", 500, 610, 1, 16, true, false, plain},
      {"Part 1, 9/7", 500, 610, 1, 12, false, false, plain},
      {"HT, planes", 300, 310, 4, 16, true, true, plain},
      {"HT, colours", 300, 310, 4, 8, true, true, colours},
      {"Part 1, colours, 9/7", 300, 310, 3, 8, false, false, colours},
      {"HT, tiles", 500, 610, 1, 16, true, true, tiled},
      {"Part 1, tiles", 500, 610, 1, 12, false, true, tiled},
      {"HT, small code-blocks", 260, 270, 1, 16, true, true, small_blocks},
      {"Part 1, wide code-blocks", 260, 1270, 1, 10, false, true, wide_blocks},
      {"HT, offsets", 500, 610, 1, 16, true, true, odd},
      {"Part 1, every pass by itself", 260, 270, 1, 12, false, true, every_pass},
      {"HT without a transform", 500, 610, 1, 16, true, true, untransformed},
      {"HT to a size", 500, 610, 1, 16, true, false, sized},
      {"HT to an error", 500, 610, 1, 16, true, false, exact},
      {"HT to a size, tiles", 500, 610, 1, 16, true, false, sized_tiles},
  };
  Workspace workspace;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Image image;
    image.rows = row.rows, image.columns = row.columns, image.components = row.components;
    image.bits = row.bits, image.bytes = row.bits > 8 ? 2 : 1;
    Random random(5);
    fill(image, Content::kSmooth, random);
    for (uint32_t y = 0; y < image.rows; ++y) {  // some noise, and nothing at all below
      for (uint32_t x = 0; y < image.rows / 2 && x < image.columns; ++x) {
        image.set(0, y, x, image.get(0, y, x) ^ int32_t(random() & 15));
      }
    }
    EncodeOptions options = row.options;
    options.high_throughput = row.high_throughput, options.reversible = row.reversible;
    expect_alike(image, options, workspace);
  }
}

// Pieces of 128 rows: images that end or begin just before and after a seam, with and without 9/7's longer reach.
TEST(Crew, SeamsBetweenPiecesLeaveNoTrace) {
  Workspace workspace;
  for (const uint32_t rows : {511u, 513u, 515u, 519u, 640u, 900u}) {
    for (const uint32_t y0 : {0u, 1u, 121u, 125u, 127u, 128u}) {
      for (int kind = 0; kind < 4; ++kind) {
        SCOPED_TRACE(std::to_string(rows) + " rows from " + std::to_string(y0) + ", kind " + std::to_string(kind));
        Image image;
        image.rows = rows, image.columns = 1 + (rows + y0) % 40, image.components = kind == 3 ? 3 : 1;
        image.bits = 12, image.bytes = 2;
        Random random(rows + y0);
        fill(image, Content::kNoise, random);
        EncodeOptions options;
        options.image_offset = {y0 % 3, y0};
        options.reversible = kind % 2 == 0;
        options.mct = kind == 3;
        if (kind == 2) options.codeblock = {64, 4}, options.precincts = {{64, 2}, {128, 128}};
        expect_alike(image, options, workspace);
      }
    }
  }
}

TEST(Crew, AnErrorInAWorkerReachesTheCaller) {
  Workspace workspace;
  for (const bool high_throughput : {true, false}) {
    Image image;
    image.rows = 600, image.columns = 600, image.bits = 16, image.bytes = 2;
    Random random(6);
    fill(image, Content::kNoise, random);
    EncodeOptions options;
    options.high_throughput = high_throughput;
    const std::vector<uint8_t> good = encoded(image, options, 4, workspace);
    // 1 bit is announced, 16 come: a code-block's magnitudes do not fit.
    Image wrong = image;
    wrong.bits = 1;
    EXPECT_THROW(encoded(wrong, options, 1, workspace), Error);
    for (int round = 0; round < 20; ++round) {
      EXPECT_THROW(encoded(wrong, options, 4, workspace), Error);
      EXPECT_TRUE(encoded(image, options, 4, workspace) == good);
    }
  }
}

TEST(Crew, DamagedStreamsFailOrDecodeAsWithOneThread) {
  Image image;
  image.rows = 400, image.columns = 400, image.bits = 12, image.bytes = 2;
  Random random(7);
  fill(image, Content::kSmooth, random);
  Workspace workspace;
  for (const bool high_throughput : {true, false}) {
    EncodeOptions options;
    options.high_throughput = high_throughput;
    const std::vector<uint8_t> good = encoded(image, options, 1, workspace);
    int failed = 0;
    for (int round = 0; round < 200; ++round) {
      std::vector<uint8_t> bad = good;
      for (int i = 0; i < 40; ++i) bad[200 + random() % (bad.size() - 200)] = uint8_t(random());
      const auto attempt = [&](unsigned threads) -> std::vector<std::byte> {
        try {
          return decoded(image, bad, threads, workspace);
        } catch (const Error&) {
          return {};
        }
      };
      const std::vector<std::byte> alone = attempt(1);
      failed += alone.empty();
      EXPECT_TRUE(attempt(3) == alone);
    }
    EXPECT_TRUE(!high_throughput || failed > 0);
  }
}

TEST(Crew, ManyHostThreadsEachHaveTheirOwn) {
  Case test = random_case(1);
  test.image.rows = 300, test.image.columns = 333, test.image.components = 1;
  Random random(8);
  fill(test.image, Content::kSmooth, random);
  test.options = {};
  Workspace first;
  const std::vector<uint8_t> bytes = encoded(test.image, test.options, 1, first);
  std::atomic<int> wrong{0};
  std::vector<std::thread> hosts;
  for (int i = 0; i < 8; ++i) {
    hosts.emplace_back([&] {
      Workspace workspace;
      for (int round = 0; round < 10; ++round) {
        if (encoded(test.image, test.options, 2, workspace) != bytes) ++wrong;
        if (decoded(test.image, bytes, 2, workspace) != test.image.memory) ++wrong;
      }
    });
  }
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Crew, MemoryDoesNotGrowOnceWarm) {
  Image image;
  image.rows = 512, image.columns = 700, image.bits = 16, image.bytes = 2;
  Random random(9);
  fill(image, Content::kNoise, random);
  Workspace workspace;
  const std::vector<uint8_t> bytes = encoded(image, {}, 3, workspace);
  decoded(image, bytes, 3, workspace);
  // Each worker may end in the middle of a piece of the coded bytes.
  const std::size_t most = workspace.reserved_bytes() + 3 * (std::size_t{1} << 18);
  for (int round = 0; round < 50; ++round) {
    encoded(image, {}, 3, workspace);
    decoded(image, bytes, 3, workspace);
  }
  EXPECT_LE(workspace.reserved_bytes(), most);
}

// The sanitizers' own locks don't survive a fork() of a process with threads.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

TEST(Crew, AForkedChildHasItsOwnThreads) {
  Image image;
  image.rows = 400, image.columns = 500, image.bits = 16, image.bytes = 2;
  Random random(10);
  fill(image, Content::kSmooth, random);
  Workspace workspace;
  const std::vector<uint8_t> bytes = encoded(image, {}, 3, workspace);
  std::atomic<bool> is_done{false};
  std::thread busy([&] {
    Workspace own;
    while (!is_done) encoded(image, {}, 3, own);
  });
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);
      const bool alike = encoded(image, {}, 3, workspace) == bytes;
      ::_exit(alike && decoded(image, bytes, 3, workspace) == image.memory ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  is_done = true;
  busy.join();
}

#endif

// ---- the crew by itself

struct Sums {
  std::atomic<uint32_t> sum{0}, most_workers{0};
  uint32_t bad = UINT32_MAX;
};

void add_up(const void* what, uint32_t first, uint32_t end, std::size_t worker) {
  Sums& sums = *static_cast<Sums*>(const_cast<void*>(what));
  for (uint32_t i = first; i < end; ++i) {
    if (i == sums.bad) throw Error("piece " + std::to_string(i));
    sums.sum += i;
  }
  uint32_t most = sums.most_workers;
  while (worker + 1 > most && !sums.most_workers.compare_exchange_weak(most, uint32_t(worker + 1))) {
  }
}

TEST(CrewAlone, DoesEveryPieceOnce) {
  for (const unsigned threads : {0u, 1u, 2u, 8u}) {
    Crew crew;
    crew.gather(threads);
    EXPECT_EQ(crew.size(), std::max(threads, 1u));
    Sums sums[5];
    Batch batches[5];
    for (int round = 0; round < 100; ++round) {
      for (uint32_t i = 0; i < 5; ++i) {
        sums[i].sum = 0;
        batches[i] = Batch(add_up, &sums[i], 100 * i, 1 + i);
        crew.add(batches[i]);
      }
      for (int i = 4; i >= 0; --i) {
        crew.finish(batches[i]);
        const uint32_t count = 100 * uint32_t(i);
        ASSERT_EQ(sums[i].sum, count == 0 ? 0 : count * (count - 1) / 2);
      }
    }
    EXPECT_LE(sums[4].most_workers, std::max(threads, 1u));
    crew.dismiss();
  }
}

// Fewer than are there, and more than ever; after a time in which all have left, too.
TEST(CrewAlone, GathersAsManyAsEachCallWants) {
  Crew crew;
  for (const unsigned threads : {4u, 2u, 1u, 8u, 3u, 0u, 5u, 2u}) {
    if (threads == 3) std::this_thread::sleep_for(std::chrono::milliseconds(250));
    crew.gather(threads);
    EXPECT_EQ(crew.size(), std::max(threads, 1u));
    Sums sums;
    for (int round = 0; round < 50; ++round) crew.run_all(add_up, &sums, 100);
    EXPECT_EQ(sums.sum, 50u * 4950u);
    EXPECT_LE(sums.most_workers, std::max(threads, 1u));
    crew.dismiss();
  }
}

#if defined(__linux__)

TEST(CrewAlone, ThreadsEndWhenNothingComes) {
  const auto count_threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const auto before = count_threads();
  Crew crew;
  crew.gather(4);
  crew.dismiss();
  EXPECT_EQ(count_threads(), before + 3);
  for (int i = 0; i < 1000 && count_threads() > before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(count_threads(), before);
}

#endif

TEST(CrewAlone, StopsAtTheFirstError) {
  Crew crew;
  for (const unsigned threads : {1u, 2u, 8u}) {
    for (int round = 0; round < 50; ++round) {
      Sums good, bad;
      bad.bad = 70;
      Batch first(add_up, &good, 50, 1), second(add_up, &bad, 100, 3), third(add_up, &good, 1000, 1);
      crew.gather(threads);
      const auto run = [&] {
        for (Batch* batch : {&first, &second, &third}) crew.add(*batch);
        for (Batch* batch : {&third, &second, &first}) crew.finish(*batch);
      };
      EXPECT_THROW(run(), Error);
      crew.dismiss();
    }
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k::test
