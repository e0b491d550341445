// SPDX-License-Identifier: BSD-3-Clause
// The seam behind which the coders stand, and the rule that picks one of them for a block.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codestream.hpp"
#include "j2k/bytes.hpp"
#include "params.hpp"
#include "planes.hpp"

namespace blosc2_grok {

// An image inside a block's memory: `planes` without the padding, one first byte per component.
template <class Byte>
struct ImageOf {
  PlaneView plane;
  unsigned bits = 0;  // precision of the codestream
  std::vector<Byte*> components;
};
using SourceImage = ImageOf<const uint8_t>;
using TargetImage = ImageOf<uint8_t>;

// What one encoder call shall reach. Bytes count the codestream alone.
struct Target {
  enum class Kind { kEverything, kBytes, kDecibels };
  Kind kind = Kind::kEverything;
  std::vector<double> layers;  // bytes or dB of each quality layer, the last one the best
};

struct CodingJob {
  const Params& params;
  Target target;
  bool irreversible = false;
  bool is_wavelet_fixed = false;  // by the parameters, not by the quality
  bool colour_transform = false;
  unsigned resolutions = 6;  // clamped to what the tiles allow
  unsigned threads = 1;
  bool has_goal = false;    // a budget or a quality is to be met
  bool is_checked = false;  // decode a lossless stream again before it leaves
  bool wants_loss = false;  // an engine may tell what it lost
};

// In counts of the codestream.
struct CountedLoss {
  int64_t greatest = 0;
  double mse = 0;
};

struct Encoding {
  j2k::Bytes codestream;  // complete, SOC to EOC
  std::optional<CountedLoss> loss;  // what decoding it will lose, where it was wanted and the engine knows it
};

class Engine;

// How much of a codestream is wanted, and by whom.
struct DecodeOptions {
  unsigned threads = 1;
  unsigned reduce = 0;                 // resolutions left out; each halves rows and columns
  unsigned layers = 0;                 // quality layers used; 0: all
  const Engine* witness_of = nullptr;  // an engine that decodes what it wrote only if no other one can
  bool is_partial() const { return reduce > 0 || layers > 0; }
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  virtual EngineName id() const = 0;
  virtual std::string name() const = 0;
  virtual std::array<uint8_t, 3> version() const = 0;
  virtual std::string licence() const = 0;

  // Why this engine can't code `job`; empty when it can.
  virtual std::string refusal(const SourceImage& image, const CodingJob& job) const = 0;
  virtual std::string refusal(const CodestreamHeader& header, const DecodeOptions& options) const = 0;

  // Throws Error.
  virtual Encoding encode(const SourceImage& image, const CodingJob& job) const = 0;
  // Writes every sample of `image`, whose size is the (reduced) codestream's: the caller has checked. Throws Error.
  virtual void decode(const TargetImage& image, ByteSpan codestream, const CodestreamHeader& header,
                      const DecodeOptions& options) const = 0;
  // Gives back what a large image has left to the next call on this thread.
  virtual void release_memory() const {}
  // Of a codestream that is no longer wanted: for the next one on this thread.
  virtual void reuse_memory(j2k::Bytes) const {}
};

// Those that this build has, in the order of preference.
std::span<const Engine* const> engines();

// The engines that can take a block, the best first: the one named by `params.engine` or by BLOSC2_GROK_ENGINE, else
// all. Throws Error with every engine's reason when there is none.
std::vector<const Engine*> find_encoders(const SourceImage& image, const CodingJob& job);

// Whether it is the first to be asked.
bool prefers_engine(EngineName name, const Params& params);
// What that one codes without loss, at most; OpenJPEG is exact to 24 bits.
constexpr unsigned kMostBitsOfJ2k = 31, kMostBitsOfOpenjpeg = 24;

// Decodes with the first engine that can; the next one where it finds something that it does not know. Throws the first
// engine's Error when none can.
void decode_codestream(const TargetImage& image, ByteSpan codestream, const CodestreamHeader& header,
                       const DecodeOptions& options);

// Whether an engine is known to code such a job exactly; others are decoded again before they leave.
bool is_common(const SourceImage& image, const CodingJob& job);

}  // namespace blosc2_grok
