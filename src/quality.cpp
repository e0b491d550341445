// SPDX-License-Identifier: BSD-3-Clause
// Search around an engine's own rate control (docs/design.md, "Quality").
#include "quality.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "job.hpp"
#include "stored_block.hpp"

namespace blosc2_grok {
namespace {

constexpr int kMaxAttempts = 8;
constexpr double kFullEnough = 0.97;    // of the budget
constexpr double kWellEnough = 0.9;     // of a budget that is not small
constexpr double kSmallBudget = 4096;   // bytes
constexpr double kExactMse = 0.25;      // counts: lossless coding may be smaller
constexpr double kDecibelMargin = 0.5;  // above what was asked

// Every layer but "everything" scaled or shifted alike.
Target scaled(const Goal& goal, double factor) {
  Target target{Target::Kind::kBytes, {}};
  for (const double bytes : goal.layers) {
    target.layers.push_back(bytes <= 0 ? 0 : std::max(1.0, bytes * factor - static_cast<double>(goal.overhead)));
  }
  return target;
}

Target shifted(const Goal& goal, double decibels) {
  Target target{Target::Kind::kDecibels, {}};
  for (const double layer : goal.layers) target.layers.push_back(std::max(layer + decibels, 0.1));
  return target;
}

// OpenJPEG and Grok let the 8-bit number of a tile-part run over (ISO/IEC 15444-1 A.4.2).
void check_tile_parts(ByteSpan codestream) {
  const CodestreamHeader header = parse_codestream_header(codestream);
  constexpr int kMost = 255;
  std::vector<int> parts(header.tiles());
  size_t at = header.first_tile_part;
  while (at + 12 <= codestream.size() && load_big_endian(codestream.subspan(at, 2)) == marker::kSot) {
    const auto tile = static_cast<size_t>(load_big_endian(codestream.subspan(at + 4, 2)));
    const auto length = static_cast<size_t>(load_big_endian(codestream.subspan(at + 6, 4)));
    if (tile < parts.size() && ++parts[tile] > kMost) {
      throw Error(ErrorCode::kCodecSupport, "enableTilePartGeneration would take more than ", kMost,
                  " tile-parts for a tile");
    }
    if (length < 12) break;
    at += length;
  }
}

// Where the engine tells the loss there is no need to decode, but for one codestream in 64.
bool is_loss_believed(ByteSpan codestream, const Params& params) {
  return params.verify == Verify::kNone || checksum(codestream) % 64 != 0;
}

CodedImage encode_bare(const Engine& engine, const SourceImage& image, const CodingJob& job) {
  Encoding encoding = engine.encode(image, job);
  CodedImage coded{without_comments(std::move(encoding.codestream)), {}};
  check_kept(parse_codestream_header(coded.codestream), job);
  if (job.params.enable_tile_parts) check_tile_parts(coded.codestream);
  if (encoding.loss && is_loss_believed(coded.codestream, job.params)) {
    coded.loss = {static_cast<double>(encoding.loss->greatest), encoding.loss->mse};
  }
  return coded;
}

void measure_once(CodedImage& coded, const Measure& measure) {
  if (!coded.loss) coded.loss = measure(coded.codestream);
}

// Keeps the best of several attempts at a budget: the largest that fits, else the smallest.
struct BudgetSearch {
  double budget;
  CodedImage best;
  double best_size = 0;

  bool best_fits() const { return best_size > 0 && best_size <= budget; }
  void offer(CodedImage coded, double size) {
    const bool fits = size <= budget;
    if (best_size == 0 || (fits && (!best_fits() || size > best_size)) || (!fits && !best_fits() && size < best_size)) {
      best = std::move(coded);
      best_size = size;
    }
  }
};

// Sizes on either side of the budget, but none near it: qualities lie closer together.
void fill_budget(const Engine& engine, const SourceImage& image, CodingJob& job, const Goal& goal,
                 const Measure& measure, BudgetSearch& search) {
  constexpr double kDecibelsOfRatio = 8;  // about what twice the size gains
  measure_once(search.best, measure);
  if (search.best.loss->mse == 0) return;
  double low = psnr(search.best.loss->mse / (goal.unit * goal.unit), image.bits);
  double low_size = search.best_size, high = 0, high_size = 0;
  for (int attempt = 0; attempt < kMaxAttempts && search.best_size < kFullEnough * search.budget; ++attempt) {
    const double aim = (1 + kFullEnough) / 2 * search.budget;
    const double step = high == 0 ? kDecibelsOfRatio * (aim / low_size - 1)
                                  : (high - low) * std::clamp((aim - low_size) / (high_size - low_size), 0.1, 0.9);
    job.target = {Target::Kind::kDecibels, {low + std::max(step, 0.01)}};
    CodedImage coded = encode_bare(engine, image, job);
    const auto size = static_cast<double>(coded.codestream.size() + goal.overhead);
    (size <= search.budget ? low : high) = job.target.layers[0];
    (size <= search.budget ? low_size : high_size) = size;
    search.offer(std::move(coded), size);
  }
}

CodedImage encode_to_budget(const Engine& engine, const SourceImage& image, CodingJob& job, const Goal& goal,
                            const Measure& measure) {
  const double budget = goal.layers.back();
  BudgetSearch search{budget, {}, 0};
  // Another pass over the MQ coder costs much: it has to gain much. HT has a better way.
  const double well_enough = budget > kSmallBudget && !job.params.is_ht() ? kWellEnough : 0;
  double factor = 1, low = 0, high = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    job.target = scaled(goal, factor);
    CodedImage coded = encode_bare(engine, image, job);
    const auto size = static_cast<double>(coded.codestream.size() + goal.overhead);
    const bool fits = size <= budget, same = size == search.best_size;
    const bool was_enclosed = low > 0 && !std::isinf(high);
    (fits ? low : high) = factor;
    const bool full = size >= kFullEnough * budget;
    // A block far below its budget may have nothing left to code: decoding tells sooner than coding again.
    if (attempt == 0 && fits && !full) measure_once(coded, measure);
    const bool exact = coded.loss && coded.loss->max_error == 0;
    search.offer(std::move(coded), size);
    if (budget <= 0 || exact || (same && !was_enclosed) || (fits && full)) break;
    const bool is_enclosed = low > 0 && !std::isinf(high);
    if (is_enclosed && search.best_size >= well_enough * budget) break;
    factor = is_enclosed ? (low + high) / 2 : factor * budget / size * (fits ? 1.0 : 0.998);
  }
  if (job.params.is_ht() && search.best_fits() && search.best_size < kFullEnough * budget) {
    fill_budget(engine, image, job, goal, measure, search);
  }
  if (budget > 0 && !search.best_fits()) {
    record_notice(text("a budget of ", std::llround(budget), " bytes is below what headers take: the block has ",
                       std::llround(search.best_size), " bytes"));
  }
  return std::move(search.best);
}

// The PSNR of the first `layers` layers, in counts of the codestream.
double layer_psnr(const SourceImage& image, ByteSpan codestream, size_t block_bytes, unsigned threads, unsigned layers);

// Every layer but the last one, raised by what it lacks until all have what was asked. Engines cut layers at the ends
// of coding passes, by their own estimate of the error.
void raise_layers(const Engine& engine, const SourceImage& image, CodingJob& job, const Goal& goal, size_t block_bytes,
                  const Measure& measure, CodedImage& best) {
  constexpr double kRaise = 0.2;
  const auto reached_by = [&](const CodedImage& coded, size_t layer) {
    return layer_psnr(image, coded.codestream, block_bytes, job.threads, static_cast<unsigned>(layer + 1));
  };
  std::vector<double> layers = job.target.layers;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    bool is_met = true;
    for (size_t i = 0; i + 1 < layers.size(); ++i) {
      const double missing = goal.layers[i] - reached_by(best, i);
      if (missing <= 0) continue;
      layers[i] += missing + kRaise;
      is_met = false;
    }
    if (is_met) return;
    for (size_t i = 1; i < layers.size(); ++i) layers[i] = std::max(layers[i], layers[i - 1]);
    job.target.layers = layers;
    CodedImage coded = encode_bare(engine, image, job);
    measure_once(coded, measure);
    if (psnr(coded.loss->mse / (goal.unit * goal.unit), image.bits) < goal.layers.back()) {
      layers.back() += kRaise;
      continue;
    }
    best = std::move(coded);
  }
  record_notice("the quality layers before the last one are below what was asked");
}

CodedImage encode_to_decibels(const Engine& engine, const SourceImage& image, CodingJob& job, const Goal& goal,
                              size_t block_bytes, const Measure& measure) {
  const double asked = goal.layers.back();
  CodedImage best;
  Target best_target;
  double best_psnr = -1, shift = 0, last_step = 0, last_reached = 0;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    job.target = shifted(goal, shift);
    CodedImage coded = encode_bare(engine, image, job);
    measure_once(coded, measure);
    const double reached = psnr(coded.loss->mse / (goal.unit * goal.unit), image.bits);
    (reached < asked ? low : high) = shift;
    const bool best_holds = best_psnr >= asked;
    if (best_psnr < 0 || (reached >= asked ? !best_holds || reached < best_psnr : !best_holds && reached > best_psnr)) {
      best = std::move(coded);
      best_target = job.target;
      best_psnr = reached;
    }
    if (reached >= asked && reached <= asked + kDecibelMargin) break;
    double step = std::isinf(reached) ? -6 : asked + kDecibelMargin / 2 - reached;
    // An engine that hardly moves: its next truncation lies farther off.
    if (step > 0 && last_step > 0 && reached - last_reached < last_step / 2) step = std::max(step, 2 * last_step);
    last_step = step, last_reached = reached;
    shift = std::isinf(low) || std::isinf(high) ? shift + step : (low + high) / 2;
    if (asked + shift <= 0 || (!std::isinf(low) && !std::isinf(high) && high - low < 0.02)) break;
  }
  if (best_psnr < asked) {  // everything there is
    job.target = {Target::Kind::kBytes, std::vector<double>(goal.layers.size(), 0.0)};
    best = encode_bare(engine, image, job);
    measure_once(best, measure);
    const double most = psnr(best.loss->mse / (goal.unit * goal.unit), image.bits);
    if (most >= asked) return best;
    if (job.is_wavelet_fixed) {
      throw Error(ErrorCode::kCodecSupport, job.params.irreversible ? "9/7 (irreversible=True)" : "the profile's 9/7",
                  " gives ", most, " dB at most, ", asked, " were asked for");
    }
    job.irreversible = false;
    best = encode_bare(engine, image, job);
  } else if (goal.layers.size() > 1 && !job.params.is_ht()) {
    job.target = best_target;
    raise_layers(engine, image, job, goal, block_bytes, measure, best);
  }
  return best;
}

}  // namespace

double psnr(double mse, unsigned bits) {
  if (mse <= 0) return std::numeric_limits<double>::infinity();
  const double peak = std::ldexp(1.0, static_cast<int>(bits)) - 1;
  return 10 * std::log10(peak * peak / mse);
}

double decibels_of_rmse(double rmse, unsigned bits) { return psnr(rmse * rmse, bits); }

namespace {

// The image's own components, moved to another block of the same layout.
TargetImage target_like(const SourceImage& image, uint8_t* block) {
  TargetImage target{image.plane, image.bits, {}};
  const uint8_t* const origin = *std::ranges::min_element(image.components);
  for (const uint8_t* component : image.components) target.components.push_back(block + (component - origin));
  return target;
}

}  // namespace

std::vector<uint8_t> decode_like(const SourceImage& image, ByteSpan codestream, size_t block_bytes, unsigned threads,
                                 const Engine* witness_of) {
  const CodestreamHeader header = parse_codestream_header(codestream);
  std::vector<uint8_t> decoded(block_bytes);
  decode_codestream(target_like(image, decoded.data()), codestream, header, {threads, 0, 0, witness_of});
  return decoded;
}

namespace {

LossRecord compare(const SourceImage& image, std::vector<uint8_t>& decoded) {
  const TargetImage target = target_like(image, decoded.data());
  DifferenceSum sum;
  for (size_t i = 0; i < image.components.size(); ++i) {
    const DifferenceSum part = find_difference(image.components[i], target.components[i], image.plane);
    sum.greatest = std::max(sum.greatest, part.greatest);
    sum.squares += part.squares;
  }
  const double samples = double(image.plane.rows) * image.plane.columns * static_cast<double>(image.components.size());
  return {static_cast<double>(sum.greatest), sum.squares / samples};
}

double layer_psnr(const SourceImage& image, ByteSpan codestream, size_t block_bytes, unsigned threads,
                  unsigned layers) {
  std::vector<uint8_t> decoded(block_bytes);
  decode_codestream(target_like(image, decoded.data()), codestream, parse_codestream_header(codestream),
                    {threads, 0, layers, nullptr});
  return psnr(compare(image, decoded).mse, image.bits);
}

}  // namespace

LossRecord measure_loss(const SourceImage& image, ByteSpan codestream, size_t block_bytes, unsigned threads,
                        const Engine* witness_of) {
  std::vector<uint8_t> decoded = decode_like(image, codestream, block_bytes, threads, witness_of);
  return compare(image, decoded);
}

namespace {

// With parameters outside the common ones, lossless is not believed but checked.
void check_exact(const Engine& engine, const SourceImage& image, ByteSpan codestream, size_t block_bytes,
                 unsigned threads) {
  const LossRecord loss = measure_loss(image, codestream, block_bytes, threads, &engine);
  if (loss.max_error == 0) return;
  throw Error(ErrorCode::kCodecSupport, "it can't code a lossless block of ", image.plane.rows, " x ",
              image.plane.columns, " with these tiles, offsets, layers or ROI: decoding gives errors of ",
              loss.max_error);
}

// Near the last bit, 9/7 takes more than 5/3 does without loss.
void prefer_reversible(const Engine& engine, const SourceImage& image, CodingJob job, const Measure& measure,
                       CodedImage& coded) {
  job.irreversible = false;
  job.target = {};
  CodedImage exact = encode_bare(engine, image, job);
  if (exact.codestream.size() > coded.codestream.size()) return;
  exact.loss = measure(exact.codestream);
  coded = std::move(exact);
}

}  // namespace

CodedImage encode_to_goal(const Engine& engine, const SourceImage& image, CodingJob job, const Goal& goal,
                          size_t block_bytes, const Measure& measure) {
  CodedImage coded;
  if (!measure) {
    // Layers on the way to everything; an HT stream has one.
    const bool has_layers = goal.mode == QualityMode::kRates && goal.layers.size() > 1 && !job.params.is_ht();
    if (has_layers) job.target = scaled(goal, 1);
    coded = encode_bare(engine, image, job);
    if (has_layers || job.is_checked || !is_common(image, job))
      check_exact(engine, image, coded.codestream, block_bytes, job.threads);
    return coded;
  }
  if (goal.mode == QualityMode::kDecibels) {
    coded = encode_to_decibels(engine, image, job, goal, block_bytes, measure);
  } else if (goal.mode == QualityMode::kRates) {
    coded = encode_to_budget(engine, image, job, goal, measure);
  } else {
    coded = encode_bare(engine, image, job);
  }
  measure_once(coded, measure);
  if (job.has_goal && job.irreversible && !job.is_wavelet_fixed &&
      coded.loss->mse < kExactMse * goal.unit * goal.unit) {
    prefer_reversible(engine, image, job, measure, coded);
  }
  return coded;
}

}  // namespace blosc2_grok
