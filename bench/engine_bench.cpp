// SPDX-License-Identifier: BSD-3-Clause
// The engines beside each other on one image: bench/engines.py asks for turns, in which each one encodes and decodes
// all blocks once, and gets seconds by the clock. Not linked into anything: Grok's decoder and OpenJPH are peers.
//   engine_bench RAW ROWS COLUMNS CHANNELS BITS u|s ht|part1 RATE SIDE THREADS
// RAW: frames of interleaved samples, 1 or 2 bytes. RATE 0: without loss. SIDE 0: a block is a frame.
// Answers each line on stdin by one of JSON: {"NAME": [seconds in, seconds out, bytes, 1 if all samples came back]}.
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <mutex>
#include <string>

#include "block_pool.hpp"
#include "engine.hpp"
#include "openjph_peer.hpp"
#ifdef BLOSC2_GROK_WITH_GROK
#include "grok_peer.hpp"
#endif

namespace {

using namespace blosc2_grok;
namespace peer = openjph_peer;

struct Setup {
  std::vector<uint8_t> raw;
  uint32_t rows, columns, channels;
  unsigned bits;
  bool is_signed, is_ht;
  double rate;
  uint32_t side;
  unsigned threads;

  unsigned bytes() const { return bits > 8 ? 2 : 1; }
  size_t frame_bytes() const { return size_t{rows} * columns * channels * bytes(); }
};

// A block's samples, cut out; decoders write into `back`.
struct Block {
  PlaneView plane;
  std::vector<uint8_t> samples, back;
  j2k::Bytes codestream;

  template <class Image, class Vector>
  Image image(Vector& memory, const Setup& setup) const {
    Image out{plane, setup.bits, {}};
    for (uint32_t c = 0; c < setup.channels; ++c) out.components.push_back(memory.data() + c * setup.bytes());
    return out;
  }
};

Block cut(const Setup& setup, size_t frame, uint32_t top, uint32_t left, uint32_t rows, uint32_t columns) {
  Block block;
  const size_t sample = size_t{setup.channels} * setup.bytes();
  block.plane.rows = rows, block.plane.columns = columns;
  block.plane.row_stride = size_t{columns} * setup.channels, block.plane.column_stride = setup.channels;
  block.plane.sample = {static_cast<uint8_t>(setup.bytes()), setup.is_signed, false, false};
  for (uint32_t y = top; y < top + rows; ++y) {
    const uint8_t* from = setup.raw.data() + frame * setup.frame_bytes() + (size_t{y} * setup.columns + left) * sample;
    block.samples.insert(block.samples.end(), from, from + columns * sample);
  }
  block.back.resize(block.samples.size());
  return block;
}

std::vector<Block> cut_all(const Setup& setup) {
  std::vector<Block> blocks;
  const uint32_t high = setup.side == 0 ? setup.rows : setup.side, wide = setup.side == 0 ? setup.columns : setup.side;
  for (size_t frame = 0; frame < setup.raw.size() / setup.frame_bytes(); ++frame) {
    for (uint32_t y = 0; y < setup.rows; y += high) {
      for (uint32_t x = 0; x < setup.columns; x += wide) {
        blocks.push_back(cut(setup, frame, y, x, std::min(high, setup.rows - y), std::min(wide, setup.columns - x)));
      }
    }
  }
  return blocks;
}

struct Contestant {
  std::string name;
  bool has_threads = true;  // of its own, inside a block
  std::function<void(Block&, unsigned)> encode, decode;
};

// As the library asks for a job: the budget is that of the whole stored block, met by 9/7 in HT and 5/3 in Part 1.
j2k::Bytes encode_by(const Engine& engine, const Block& block, const Setup& setup, unsigned threads, bool has_rate) {
  Params params;
  if (setup.is_ht) params.mode = block_style::kHt;
  const uint32_t least = std::min(block.plane.rows, block.plane.columns);
  CodingJob job{.params = params};
  job.irreversible = setup.rate > 0 && setup.is_ht;
  job.colour_transform = setup.channels == 3;
  job.resolutions = std::min(6u, static_cast<unsigned>(std::bit_width(least)));
  job.threads = threads;
  if (setup.rate > 0 && has_rate) {
    job.has_goal = true;
    job.target = {Target::Kind::kBytes, {double(block.samples.size()) / setup.rate}};
  }
  const auto image = block.image<SourceImage>(block.samples, setup);
  const std::string refusal = engine.refusal(image, job);
  if (!refusal.empty()) throw std::runtime_error(refusal);
  return engine.encode(image, job).codestream;
}

Contestant engine_contestant(const Engine& engine, const Setup& setup) {
  const bool is_grok = engine.name() == "grok";
  // Grok's HT knows no rate: its own steps then.
  const bool has_rate = !(is_grok && setup.is_ht);
  Contestant out{engine.name(), true, {}, {}};
  out.encode = [&engine, &setup, has_rate](Block& block, unsigned threads) {
    block.codestream = encode_by(engine, block, setup, threads, has_rate);
  };
  out.decode = [&engine, &setup](Block& block, unsigned threads) {
    const CodestreamHeader header = parse_codestream_header(block.codestream);
    engine.decode(block.image<TargetImage>(block.back, setup), block.codestream, header, {threads});
  };
#ifdef BLOSC2_GROK_WITH_GROK
  if (is_grok) {
    out.decode = [&setup](Block& block, unsigned) {
      grok_peer::decode(block.codestream, block.plane, block.image<TargetImage>(block.back, setup).components);
    };
  }
#endif
  return out;
}

template <class View, class Byte>
View peer_view(const Block& block, const Setup& setup, Byte* memory, std::span<const std::ptrdiff_t> offsets) {
  View view;
  view.samples = reinterpret_cast<decltype(view.samples)>(memory);
  view.rows = static_cast<uint32_t>(block.plane.rows), view.columns = static_cast<uint32_t>(block.plane.columns);
  view.components = setup.channels, view.bits = static_cast<int>(setup.bits), view.is_signed = setup.is_signed;
  view.bytes_per_sample = static_cast<int>(setup.bytes());
  view.row_stride = static_cast<std::ptrdiff_t>(block.plane.row_stride), view.column_stride = setup.channels;
  view.component_offsets = offsets;
  return view;
}

void encode_by_openjph(Block& block, const Setup& setup, double step) {
  static const std::vector<std::ptrdiff_t> offsets{0, 1, 2};
  j2k::EncodeOptions options;
  options.resolutions = std::min(6, int(std::bit_width(std::min(block.plane.rows, block.plane.columns))));
  options.reversible = setup.rate == 0;
  options.base_step = step;
  options.mct = setup.channels == 3;
  const std::vector<uint8_t> bytes =
      peer::encode(peer_view<j2k::ConstImageView>(block, setup, block.samples.data(), offsets), options);
  block.codestream.assign(bytes.begin(), bytes.end());
}

Contestant openjph_contestant(const Setup& setup, double step) {
  Contestant out{"OpenJPH 0.9.0", false, {}, {}};
  out.encode = [&setup, step](Block& block, unsigned) { encode_by_openjph(block, setup, step); };
  out.decode = [&setup](Block& block, unsigned) {
    static const std::vector<std::ptrdiff_t> offsets{0, 1, 2};
    peer::decode(block.codestream, peer_view<j2k::ImageView>(block, setup, block.back.data(), offsets));
  };
  return out;
}

// OpenJPH has no rate either, but a step: the one that makes the blocks together as small as ours.
double find_openjph_step(std::vector<Block>& blocks, const Setup& setup) {
  const double budget = double(setup.raw.size()) / setup.rate;
  double low = std::log2(0.01), high = std::log2(double(1u << setup.bits));
  for (int i = 0; i < 10; ++i) {
    const double middle = (low + high) / 2;
    size_t size = 0;
    for (Block& block : blocks) {
      encode_by_openjph(block, setup, std::exp2(middle));
      size += block.codestream.size();
    }
    (double(size) > budget ? low : high) = middle;
  }
  return std::exp2(high);
}

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// One block uses the threads inside it, several are shared out.
class Race {
 public:
  explicit Race(const Setup& setup)
      : setup_(setup), blocks_(cut_all(setup)), pool_(blocks_.size() > 1 ? setup.threads : 1) {
    for (const Engine* engine : engines()) {
      if (setup.is_ht && engine->name() == "openjpeg") continue;  // it does not encode it
      add(engine_contestant(*engine, setup_));
    }
    if (!setup.is_ht) return;
    add(openjph_contestant(setup_, setup.rate > 0 ? find_openjph_step(blocks_, setup_) : 1));
  }

  std::string turn() {
    std::string line;
    for (const Contestant& each : contestants_) {
      const double seconds_in = pass(each.encode);
      for (Block& block : blocks_) block.back.assign(block.back.size(), 0);
      const double seconds_out = pass(each.decode);
      size_t bytes = 0;
      bool is_same = failure_.empty();
      for (const Block& block : blocks_) {
        bytes += block.codestream.size();
        is_same = is_same && block.back == block.samples;
      }
      char text[200];
      std::snprintf(text, sizeof text, "%s\"%s\": [%.6f, %.6f, %zu, %d]", line.empty() ? "" : ", ", each.name.c_str(),
                    failure_.empty() ? seconds_in : -1, seconds_out, bytes, int(is_same));
      line += text;
      if (!failure_.empty()) std::cerr << each.name << ": " << failure_ << "\n";
      failure_.clear();
    }
    return "{" + line + "}";
  }

 private:
  void add(Contestant contestant) {
    if (blocks_.size() == 1 && setup_.threads > 1 && !contestant.has_threads) return;
    contestants_.push_back(std::move(contestant));
  }

  double pass(const std::function<void(Block&, unsigned)>& code) {
    const unsigned inside = blocks_.size() == 1 ? setup_.threads : 1;
    const double begin = now();
    pool_.run(blocks_.size(), [&](size_t i) {
      try {
        code(blocks_[i], inside);
      } catch (const std::exception& e) {
        const std::lock_guard lock(failure_lock_);
        failure_ = e.what();
      }
    });
    return now() - begin;
  }

  const Setup& setup_;
  std::vector<Block> blocks_;
  BlockPool pool_;
  std::vector<Contestant> contestants_;
  std::mutex failure_lock_;
  std::string failure_;
};

Setup read_setup(char** argv) {
  std::ifstream in(argv[1], std::ios::binary);
  const auto number = [&](int i) { return static_cast<uint32_t>(std::strtoul(argv[i], nullptr, 10)); };
  return {std::vector<uint8_t>(std::istreambuf_iterator<char>(in), {}),
          number(2),
          number(3),
          number(4),
          number(5),
          argv[6][0] == 's',
          std::string(argv[7]) == "ht",
          std::atof(argv[8]),
          number(9),
          number(10)};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 11) {
    std::fputs("engine_bench RAW ROWS COLUMNS CHANNELS BITS u|s ht|part1 RATE SIDE THREADS\n", stderr);
    return 2;
  }
  const Setup setup = read_setup(argv);
  Race race(setup);
  for (std::string line; std::getline(std::cin, line);) std::cout << race.turn() << std::endl;
}
