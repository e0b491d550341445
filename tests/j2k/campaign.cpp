// SPDX-License-Identifier: BSD-3-Clause
// A long campaign: random settings and images, encoded here, decoded here and by witnesses that share no code with us
// or each other; where fewer than two of them are to be believed, by the plain reference codec, too.
//   campaign ht|part1 FIRST_SEED COUNT     J2K_FFMPEG: see ffmpeg_witness.hpp
// Prints differences, then a line of JSON. J2K_SHOW_REFUSED=1 prints what a witness refuses. Exit code 1 if anything
// differs.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <sstream>

#include "../../bench/openjph_peer.hpp"
#include "ffmpeg_witness.hpp"
#include "openjpeg_witness.hpp"
#include "reference.hpp"
#include "witness_rules.hpp"

namespace blosc2_grok::j2k::test {
namespace {

struct Witness {
  std::string name;
  std::function<std::string(const CampaignCase&)> rule;
  std::function<void(std::span<const uint8_t>, Image&)> decode;
  uint64_t agreed = 0;
  std::map<std::string, uint64_t> kept_out, refused;
};

struct Tally {
  uint64_t settings = 0, lossless = 0, extremes = 0, differences = 0, by_two = 0, by_one = 0, by_reference = 0;
};

double mean_square(const Image& a, const Image& b) {
  double sum = 0;
  for (uint32_t c = 0; c < a.components; ++c) {
    for (std::size_t i = 0; i < std::size_t{a.rows} * a.columns; ++i) {
      const uint32_t y = uint32_t(i / a.columns), x = uint32_t(i % a.columns);
      sum += std::pow(double(a.get(c, y, x)) - b.get(c, y, x), 2);
    }
  }
  return sum / double(a.samples());
}

void reference_decode(std::span<const uint8_t> bytes, Image& image) {
  const reference::Image theirs = reference::decode(reference::Bytes(bytes.begin(), bytes.end()));
  image.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    const int32_t* at = theirs.components[c].data();
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) image.set(c, y, x, *at++);
    }
  }
}

void openjph_decode(std::span<const uint8_t> bytes, Image& image) {
  image.allocate();
  openjph_peer::decode(bytes, image.view());
}

std::string reference_rule(const CampaignCase& test) {
  return test.options.region_shift != 0 ? "a region of interest" : "";
}

std::vector<Witness> find_witnesses(const std::shared_ptr<Ffmpeg>& ffmpeg, bool high_throughput) {
  std::vector<Witness> out;
  const auto openjpeg_whole = [](std::span<const uint8_t> bytes, Image& image) { openjpeg_decode(bytes, image); };
  out.push_back({"OpenJPEG 2.5.0", openjpeg_rule, openjpeg_whole, 0, {}, {}});
  if (high_throughput) out.push_back({"OpenJPH 0.9.0", openjph_rule, openjph_decode, 0, {}, {}});
  if (ffmpeg != nullptr && (!high_throughput || ffmpeg->reads_high_throughput())) {
    const auto decode = [ffmpeg](std::span<const uint8_t> bytes, Image& image) { ffmpeg->decode(bytes, image); };
    out.push_back({"FFmpeg, " + ffmpeg->version(), ffmpeg_rule, decode, 0, {}, {}});
  }
  return out;
}

class Campaign {
 public:
  Campaign(bool high_throughput, std::vector<Witness> witnesses)
      : high_throughput_(high_throughput), witnesses_(std::move(witnesses)) {}

  void run(uint64_t seed) {
    CampaignCase test = campaign_case(seed, high_throughput_);
    ++tally_.settings;
    tally_.lossless += test.options.reversible ? 1 : 0;
    tally_.extremes += test.is_extreme ? 1 : 0;
    try {
      const std::vector<uint8_t> bytes = encode_in_parts(test);
      Image ours = test.image;
      ours.allocate();
      decode(bytes, ours.view(), workspace_, {0, test.options.threads});
      check_ourselves(test, ours);
      ask_all(test, bytes, ours);
    } catch (const Error& error) {
      report(test, "ours: " + std::string(error.what()));
    }
  }

  std::string record(const std::string& command, double seconds) const;
  bool is_good() const { return tally_.differences == 0; }

 private:
  // In one part where there would be more than 255.
  std::vector<uint8_t> encode_in_parts(CampaignCase& test) {
    try {
      return encode_case(test, workspace_);
    } catch (const Error& error) {
      if (!test.options.tile_parts || std::string(error.what()).find("255 tile-parts") == std::string::npos) throw;
      test.options.tile_parts = false;
      return encode_case(test, workspace_);
    }
  }

  void report(const CampaignCase& test, const std::string& what) {
    ++tally_.differences;
    std::printf("%s: %s\n", what.c_str(), describe(test).c_str());
    std::fflush(stdout);
  }

  void check_ourselves(const CampaignCase& test, const Image& ours) {
    const EncodeOptions& o = test.options;
    if (o.reversible && ours.memory != test.image.memory) report(test, "ours is not lossless");
    // A dead zone loses up to a step, and the colour transform makes nearly three times the square of it.
    const double most = 1 + (o.mct ? 4 : 2) * o.base_step * o.base_step;
    if (!o.reversible && mean_square(ours, test.image) > most) report(test, "ours lost much");
  }

  void ask_all(const CampaignCase& test, const std::vector<uint8_t>& bytes, const Image& ours) {
    int agreed = 0;
    for (Witness& witness : witnesses_) agreed += ask(witness, test, bytes, ours) ? 1 : 0;
    ++(agreed > 1 ? tally_.by_two : agreed == 1 ? tally_.by_one : tally_.by_reference);
    if (agreed < 2) ask(reference_, test, bytes, ours);
  }

  bool ask(Witness& witness, const CampaignCase& test, const std::vector<uint8_t>& bytes, const Image& ours) {
    if (const std::string rule = witness.rule(test); !rule.empty()) return ++witness.kept_out[rule], false;
    Image theirs = test.image;
    try {
      witness.decode(bytes, theirs);
    } catch (const std::exception& error) {
      ++witness.refused[error.what()];
      if (std::getenv("J2K_SHOW_REFUSED") != nullptr) {
        std::printf("%s refuses, %s: %s\n", witness.name.c_str(), error.what(), describe(test).c_str());
      }
      return false;
    }
    const int64_t found = largest_difference(ours, theirs);
    if (found <= (test.options.reversible ? 0 : 1)) return ++witness.agreed, true;
    report(test, witness.name + " differs by " + std::to_string(found));
    return false;
  }

  bool high_throughput_;
  std::vector<Witness> witnesses_;
  Witness reference_{"the reference of tests/reference", reference_rule, reference_decode, 0, {}, {}};
  Tally tally_;
  Workspace workspace_;
};

std::string counts(const std::map<std::string, uint64_t>& map) {
  std::ostringstream out;
  for (const auto& [why, n] : map) out << (out.tellp() > 0 ? ", " : "") << '"' << why << "\": " << n;
  return "{" + out.str() + "}";
}

std::string Campaign::record(const std::string& command, double seconds) const {
  std::ostringstream out;
  const Tally& t = tally_;
  out << "{\"command\": \"" << command << "\", \"settings\": " << t.settings << ", \"lossless\": " << t.lossless
      << ", \"extremes\": " << t.extremes << ", \"differences\": " << t.differences
      << ", \"by_two_witnesses\": " << t.by_two << ", \"by_one\": " << t.by_one
      << ", \"by_reference_alone\": " << t.by_reference << ", \"seconds\": " << int64_t(seconds)
      << ", \"witnesses\": [";
  std::vector<Witness> all = witnesses_;
  all.push_back(reference_);
  for (const Witness& w : all) {
    out << (&w == all.data() ? "" : ", ") << "{\"name\": \"" << w.name << "\", \"agreed\": " << w.agreed
        << ", \"kept_out\": " << counts(w.kept_out) << ", \"refused\": " << counts(w.refused) << "}";
  }
  out << "]}";
  return out.str();
}

int run_campaign(const std::string& coder, uint64_t first, uint64_t count) {
  const bool is_ht = coder == "ht";
  const std::shared_ptr<Ffmpeg> ffmpeg = Ffmpeg::load();
  Campaign campaign(is_ht, find_witnesses(ffmpeg, is_ht));
  const auto begin = std::chrono::steady_clock::now();
  for (uint64_t seed = first; seed < first + count; ++seed) campaign.run(seed);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::string command = "campaign " + coder + " " + std::to_string(first) + " " + std::to_string(count);
  std::printf("%s\n", campaign.record(command, seconds).c_str());
  return campaign.is_good() ? 0 : 1;
}

}  // namespace
}  // namespace blosc2_grok::j2k::test

int main(int argc, char** argv) {
  const std::string coder = argc > 3 ? argv[1] : "";
  if (coder != "ht" && coder != "part1") {
    std::fputs("campaign ht|part1 FIRST_SEED COUNT\n", stderr);
    return 2;
  }
  try {
    const uint64_t first = std::strtoull(argv[2], nullptr, 10), count = std::strtoull(argv[3], nullptr, 10);
    return blosc2_grok::j2k::test::run_campaign(coder, first, count);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "campaign: %s\n", error.what());
    return 2;
  }
}
