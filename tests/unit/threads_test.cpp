// SPDX-License-Identifier: BSD-3-Clause
// Many threads and forked children: no call changes another one.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "cases.hpp"
#include "engine.hpp"
#include "params.hpp"

namespace blosc2_grok::test {
namespace {

struct Job {
  Block block;
  Map parameters;
  uint8_t codec_meta;
  Bytes stored;
};

std::vector<Job> make_jobs() {
  std::vector<Job> jobs{
      {make_block("photo", "|u1", {90, 120}), {}, 0, {}},
      {make_block("xray", "<u2", {120, 90}), {}, 100, {}},
      {make_block("ct", "<i2", {80, 80}), {{"quality_mode", "dB"}, {"quality_layers", Array{60}}}, 0, {}},
      {make_block("photo", "|u1", {60, 70, 3}), {{"mct", 1}, {"cod_format", 1}}, 0, {}},
      {make_block("photo", "<u2", {100, 100}), {{"num_threads", 2}}, 0, {}},
      {make_block("xray", "<u2", {300, 400}), {{"num_threads", 3}}, 0, {}},
      {make_block("xray", "<u2", {600, 500}), {{"num_threads", 2}, {"mode", 64}}, 0, {}},
  };
  for (const Engine* engine : engines()) {
    const int mode = engine->name() == "openjpeg" ? 0 : 64;
    jobs.push_back({make_block("photo", "<i2", {70, 90}), {{"engine", engine->name()}, {"mode", mode}}, 0, {}});
  }
  for (Job& job : jobs) job.stored = encode(job.block, job.parameters, job.codec_meta);
  return jobs;
}

TEST(Threads, CodeTheSameBytesAsOneDoes) {
  const std::vector<Job> jobs = make_jobs();
  std::atomic<int> differences{0};
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 3 * jobs.size(); ++i) {
        const Job& job = jobs[(i + t) % jobs.size()];
        const Bytes stored = encode(job.block, job.parameters, job.codec_meta);
        const Bytes decoded = decode(stored, job.block.bytes.size());
        const bool is_lossless =
            job.codec_meta == 0 && (job.parameters.empty() || job.parameters[0].first != "quality_mode");
        if (stored != job.stored || (is_lossless && decoded != job.block.bytes)) ++differences;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differences, 0);
}

TEST(Threads, SeeOneSetOfDefaultsOrTheOther) {
  const Bytes sets[] = {msgpack::serialize(Map{{"num_resolutions", 2}, {"numgbits", 3}}),
                        msgpack::serialize(Map{{"num_resolutions", 5}, {"numgbits", 1}})};
  std::atomic<bool> is_done{false};
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) blosc2_grok_set_defaults(sets[i % 2].data(), sets[i % 2].size(), nullptr, 0);
    is_done = true;
  });
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!is_done) {
        const auto params = default_params();
        const bool is_whole = (params->num_resolutions == 2 && params->numgbits == 3) ||
                              (params->num_resolutions == 5 && params->numgbits == 1) || *params == Params{};
        EXPECT_TRUE(is_whole);
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
  set_default_params({});
}

TEST(Threads, FailingOnesDoNotDisturbOthers) {
  const Block block = make_block("photo", "|u1", {60, 60});
  const Bytes stored = encode(block);
  std::thread failing([&] {
    for (int i = 0; i < 300; ++i) {
      Bytes bad = stored;
      bad[static_cast<size_t>(i) % bad.size()] ^= 1;
      EXPECT_LT(decode_code(bad, block.bytes.size()), 0);
    }
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(decode(stored, block.bytes.size()), block.bytes);
  failing.join();
}

// The sanitizers' own locks don't survive a fork() of a process with threads.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

int run_in_child(const std::vector<Job>& jobs) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    try {
      for (const Job& job : jobs) {
        const Map& parameters = job.parameters;
        const bool is_grok = !parameters.empty() && parameters[0].first == "engine" &&
                             *parameters[0].second.get_if<std::string>() == "grok";
        decode(job.stored, job.block.bytes.size());
        if (!is_grok && encode(job.block, parameters, job.codec_meta) != job.stored) ::_exit(1);
        // Grok's threads don't survive: that must be an error, never a hang.
        if (is_grok && encode_code(job.block, parameters, job.codec_meta) >= 0) ::_exit(2);
      }
    } catch (const std::exception&) {
      ::_exit(3);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST(Fork, AChildEncodesAndDecodes) { EXPECT_EQ(run_in_child(make_jobs()), 0); }

TEST(Fork, AChildOfABusyProcessEncodesAndDecodes) {
  const std::vector<Job> jobs = make_jobs();
  std::atomic<bool> is_done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      while (!is_done) {
        encode_code(jobs[0].block, {{"num_resolutions", 99}});
        encode(jobs[0].block);
      }
    });
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(run_in_child(jobs), 0);
  is_done = true;
  for (std::thread& thread : threads) thread.join();
}

#endif

}  // namespace
}  // namespace blosc2_grok::test
