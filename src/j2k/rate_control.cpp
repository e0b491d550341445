// SPDX-License-Identifier: BSD-3-Clause
// The search: errors are measured on the kept coefficients without coding; sizes are guessed by a model, which a
// sample of the code-blocks corrects, then all of them. Both are smooth in the logarithm of the step. What is missing
// to the size then comes from one resolution, with steps of its own.
#include "rate_control.hpp"

#include <algorithm>
#include <cmath>

#include "encode_setup.hpp"
#include "quantizer.hpp"
#include "size_model.hpp"
#include "tile_encoder.hpp"

namespace blosc2_grok::j2k {
namespace {

constexpr double kSmallestStep = 1.0 / 64;
constexpr double kSizeAim = 0.986;  // of the target: between 0.97 and 1 is good
constexpr double kSizeAtLeast = 0.971;
constexpr double kErrorAim = 0.965;  // of the target: 0.5 dB below it is 0.89
constexpr double kErrorAtLeast = 0.92;
constexpr double kOwnAim = 0.99;        // of the target, too
constexpr double kMostOwnChange = 0.2;  // of a resolution's bytes by steps of its own: 0.3 octaves, about
constexpr uint32_t kSampling = 8, kFewCodeblocks = 80;
constexpr double kTileHeaders = 34.0;  // bytes of a tile-part and its packets, about, without the code-blocks

// What the inverse colour transformation (Annex G.3) makes of a unit error in a component, squared, over all three.
constexpr double kIctGain[3] = {3.0, 3.2584, 2.4756};

// Mean squared error after rounding to whole samples, for a normal error of variance `variance`.
double rounded_error(double variance) {
  if (variance > 4.0) return variance + 1.0 / 12;
  const double sigma = std::sqrt(std::max(variance, 1e-12));
  double sum = 0;
  for (int k = 1; k < 16; ++k) {
    const double from = (k - 0.5) / (sigma * std::sqrt(2.0)), to = (k + 0.5) / (sigma * std::sqrt(2.0));
    sum += double(k) * k * (std::erfc(from) - std::erfc(to));
  }
  return sum;
}

class Search {
 public:
  Search(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work)
      : image_(image), options_(options), work_(work), largest_step_(std::ldexp(1.0, image.bits + 1)) {
    work_.kept.clear();
    work_.coefficients.reset();
    for_each_tile([&](uint32_t) { keep_tile_rows(image_, work_); });
  }

  void run() {
    double step = options_.target_mse > 0 ? step_for_error(options_.target_mse) : options_.base_step;
    if (options_.target_bytes > 0) {
      step = step_for_size(options_.target_mse > 0 ? std::max(step, kSmallestStep) : kSmallestStep);
    } else {
      encode(step);
    }
    work_.report = {step, error_, {}};
    if (!options_.measure_loss) return;
    if (loss_step_ != step) measure_loss(step);
    work_.report.loss = loss_;
  }

 private:
  template <class Visit>
  void for_each_tile(Visit&& visit) {
    const MainHeader& header = work_.header;
    for (uint32_t t = 0; t < header.size.tiles(); ++t) {
      build_tile(header.size, header.coding, t, UINT64_MAX, work_.tile);
      visit(t);
    }
  }

  // On a curve of sizes, or of errors, over steps.
  struct Point {
    double log_step, size;
  };
  // Where the line through both points meets `target`, not too far from the second.
  static double secant(const Point& a, const Point& b, double target) {
    const double slope = (a.size - b.size) / (a.log_step - b.log_step);
    const double distance = slope == 0 || !std::isfinite(slope) ? 0 : (target - b.size) / slope;
    return b.log_step + std::clamp(distance, -6.0, 6.0);
  }

  void set_step(double step) {
    TileCoding& coding = work_.header.coding;
    set_base_step(image_, options_, step, coding);
    if (own_.resolution < 0) return;
    TileCoding own = coding;
    set_base_step(image_, options_, step * own_.factor, own);
    for (std::size_t c = 0; c < coding.components.size(); ++c) {
      for_each_band_of(c, own_.resolution, [&](std::size_t index) {
        const auto step_index = std::size_t(band_index(own_.resolution, work_.tile.subbands[index].band));
        coding.components[c].steps[step_index] = own.components[c].steps[step_index];
      });
    }
  }
  std::size_t bands() const { return work_.tile.subbands.size(); }

  double clamped(double step) const { return std::clamp(step, kSmallestStep, largest_step_); }

  // An estimate of the mean squared error by the bands' errors and synthesis norms, after rounding.
  double mean_error(double step) {
    set_step(step);
    double sum = 0;
    for_each_tile([&](uint32_t t) { sum += tile_error(t); });
    return rounded_error(sum / (double(image_.rows) * image_.columns * image_.components));
  }

  double tile_error(uint32_t tile) {
    double sum = 0;
    for_each_band([&](std::size_t component, const Subband& band, double norm, std::size_t index) {
      const double colour = work_.header.coding.mct && component < 3 ? kIctGain[component] : 1.0;
      sum += colour * norm * norm * band_error(band, work_.kept[tile * bands() + index]);
    });
    return sum;
  }

  // Visits the indices of a resolution's bands in the tile in work.
  template <class Visit>
  void for_each_band_of(std::size_t component, int r, Visit&& visit) {
    const Resolution& resolution = work_.tile.resolution(component, r);
    for (int b = 0; b < resolution.bands; ++b) visit(std::size_t(resolution.first_band + b));
  }

  // Visits the bands of the tile in work with their component, synthesis norm and index.
  template <class Visit>
  void for_each_band(Visit&& visit) {
    for (std::size_t c = 0; c < work_.tile.components.size(); ++c) {
      const int levels = work_.tile.components[c].levels;
      for (int r = 0; r <= levels; ++r) {
        for_each_band_of(c, r, [&](std::size_t index) {
          const Subband& band = work_.tile.subbands[index];
          visit(c, band, synthesis_norm(false, r == 0 ? levels : levels - r + 1, band.band), index);
        });
      }
    }
  }

  double band_error(const Subband& band, const KeptBand& kept) const {
    const std::size_t width = std::size_t(band.rect.width());
    // A quarter of the rows says enough where there are many.
    const int64_t pace = band.rect.height() > 64 ? 4 : 1;
    double sum = 0;
    int64_t rows = 0;
    for (int64_t y = pace / 2; y < band.rect.height() && width != 0; y += pace, ++rows) {
      const float* row = kept.data + kRowPadding + std::size_t(y) * kept.stride;
      sum += work_.kernels.rows->quantization_error(row, width, float(band.step), float(1.0 / band.step));
    }
    return rows == 0 ? 0 : sum * double(band.rect.height()) / double(rows);
  }

  // As a decoder will have it: no estimate.
  double true_error(double step) {
    measure_loss(step);
    return loss_.squares / (double(image_.rows) * image_.columns * image_.components);
  }

  void measure_loss(double step) {
    set_step(step);
    loss_ = {}, loss_step_ = step;
    for_each_tile([&](uint32_t t) { add_kept_tile_loss(image_, t * bands(), work_, loss_); });
  }

  // A step whose estimated error is near the target.
  double guess_for_error(double target) {
    double step = clamped(std::sqrt(12.0 * target));
    for (int i = 0; i < 4; ++i) {
      const double error = mean_error(step);
      if (std::fabs(error - target) < 0.02 * target) break;
      step = clamped(step * std::sqrt(target / std::max(error, 1e-9)));
    }
    return step;
  }

  // A step whose error is within the target and not much below it; the smallest one if there is none.
  double step_for_error(double target) {
    const double aim = kErrorAim * target;
    Point low{std::log2(kSmallestStep), 0}, high{std::log2(largest_step_), 0};  // size: the error's logarithm
    double step = guess_for_error(aim);
    for (int i = 0; i < 12 && high.log_step - low.log_step > 1e-3; ++i) {
      error_ = true_error(step);
      if (error_ <= target && (error_ >= kErrorAtLeast * target || step >= largest_step_)) return step;
      Point& end = error_ <= target ? low : high;
      end.log_step = std::log2(step), end.size = std::log2(std::max(error_, 1e-9));
      double next = std::log2(step * std::sqrt(aim / std::max(error_, 1e-9)));
      if (low.size != 0 && high.size != 0) next = secant(low, high, std::log2(aim));
      const double margin = 0.1 * (high.log_step - low.log_step);
      step = std::exp2(std::clamp(next, low.log_step + margin, high.log_step - margin));
    }
    step = std::exp2(low.log_step);
    error_ = true_error(step);
    return step;
  }

  std::size_t encode(double step) {
    own_ = {};
    set_step(step);
    begin_output(work_);
    for_each_tile([&](uint32_t t) {
      work_.forget_coded();
      encode_kept_tile(t * bands(), 1, work_);
      write_tile(t, work_);
    });
    return ended_size(work_);
  }

  double sampled_size(double step) {
    set_step(step);
    std::size_t bytes = 0;
    for_each_tile([&](uint32_t t) { bytes += encode_kept_tile(t * bands(), kSampling, work_); });
    return double(bytes) + 1.0;
  }

  // Models of all code-blocks and of those in the sample.
  struct Models {
    SizeModel all, sample;
    SizeOfHeaders headers;
    bool has_sample() const { return headers.codeblocks >= kFewCodeblocks; }
  };

  Models make_size_models() {
    Models models;
    begin_output(work_);
    models.headers.fixed = double(work_.output.size());
    for_each_tile([&](uint32_t t) {
      models.headers.fixed += kTileHeaders;
      models.headers.codeblocks += double(work_.tile.codeblocks.size());
      norms_.resize(bands());
      for_each_band([&](std::size_t, const Subband&, double norm, std::size_t index) {
        norms_[index] = float(norm);
        add_band(t, index, models.all);
      });
      for_each_sample(work_.tile, kSampling, [&](std::size_t index, uint32_t first, uint32_t count) {
        const Subband& band = work_.tile.subbands[index];
        for (uint32_t number = first; count > 0; --count, number += kSampling) {
          const Rect rect = codeblock_rect(band, number % band.grid_width, number / band.grid_width);
          add_rows(t, index, rect, rect.height() > 16 ? 4 : 1, models.sample);
        }
      });
    });
    models.all.finish();
    if (models.has_sample()) models.sample.finish();
    return models;
  }

  void add_band(uint32_t tile, std::size_t index, SizeModel& model) const {
    const Rect& rect = work_.tile.subbands[index].rect;
    add_rows(tile, index, rect, rect.height() > 64 ? 16 : rect.height() > 16 ? 2 : 1, model);
  }

  // Every `pace`-th row of a part of a band.
  void add_rows(uint32_t tile, std::size_t index, const Rect& part, int64_t pace, SizeModel& model) const {
    const Rect& whole = work_.tile.subbands[index].rect;
    const KeptBand& kept = work_.kept[tile * bands() + index];
    const float* const origin = kept.data + kRowPadding + std::size_t(part.x0 - whole.x0);
    for (int64_t y = part.y0 - whole.y0 + pace / 2; y < part.y1 - whole.y0; y += pace) {
      model.add(origin + std::size_t(y) * kept.stride, std::size_t(part.width()), norms_[index], uint64_t(pace));
    }
  }

  // A step, not below `finest`, whose codestream is within the target and not much below; leaves it encoded.
  double step_for_size(double finest) {
    const double target = kSizeAim * double(options_.target_bytes);
    const double low = std::log2(finest), high = std::log2(largest_step_);
    const Models models = make_size_models();
    SizeCurve curve(models.all, models.headers);
    double log_step = curve.solve(target, low, high);
    for (int i = 0; i < 3 && models.has_sample(); ++i) {
      // The sample's blocks may be richer than the others: by as much as the models of both say.
      const double share = models.sample.bytes(log_step) / models.all.bytes(log_step);
      curve.add(log_step, models.headers.with(sampled_size(std::exp2(log_step)) / share), true);
      const double next = curve.solve(target, low, high);
      if (std::fabs(next - log_step) < 0.08) break;
      log_step = next;
    }
    return encode_to_size(target, low, high, curve);
  }

  // Gets `missing` more bytes out of one resolution of the encoded image: only its code-blocks are coded again. The
  // finest but one is a fifth of the work, and in coarser ones a byte does less for the error. Returns the size, or 0
  // where neither it nor the finest has enough to give.
  double change_size(double log_step, double missing) {
    if (work_.header.size.tiles() != 1) return 0;
    const int levels = work_.tile.components[0].levels;
    for (int r = std::max(0, levels - 1); r <= levels; ++r) {
      const std::size_t components = work_.tile.components.size();
      double bytes = 0;
      for (std::size_t c = 0; c < components; ++c) {
        for_each_band_of(c, r, [&](std::size_t index) { bytes += double(coded_bytes(work_.tile.subbands[index])); });
      }
      if (std::fabs(missing) > kMostOwnChange * bytes) continue;
      SizeModel model;
      for (std::size_t c = 0; c < components; ++c) {
        for_each_band_of(c, r, [&](std::size_t index) { add_band(0, index, model); });
      }
      model.finish();
      const double wanted = model.bytes(log_step) * (1 + missing / bytes);
      own_ = {r, std::exp2(model.solve(wanted, log_step - 1, log_step + 1) - log_step)};
      loss_step_ = 0;
      set_step(std::exp2(log_step));
      begin_output(work_);
      encode_kept_resolution(r, work_);
      write_tile(0, work_);
      return double(ended_size(work_));
    }
    return 0;
  }

  std::size_t coded_bytes(const Subband& band) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < std::size_t{band.grid_width} * band.grid_height; ++i) {
      const CodeBlock& block = work_.tile.codeblocks[band.first_codeblock + i];
      for (int32_t c = block.first_chunk; c >= 0; c = work_.tile.chunks[std::size_t(c)].next) {
        bytes += work_.tile.chunks[std::size_t(c)].length;
      }
    }
    return bytes;
  }

  double encode_to_size(double target, double low, double high, SizeCurve& curve) {
    const double most = double(options_.target_bytes);
    Point small{high + 1, 0}, large{low - 1, 0};  // the nearest sizes on both sides; 0: none yet
    double log_step = curve.solve(target, low, high);
    for (int i = 0; i < 6; ++i) {
      const double size = double(encode(std::exp2(log_step)));
      const auto fits = [&](double bytes) { return bytes <= most && bytes >= kSizeAtLeast * most; };
      if (fits(size)) return std::exp2(log_step);
      // Below a step of 1 rounding takes most errors away, if no band's is too large.
      const bool is_free = log_step > std::max(low, 0.0) && log_step < high;
      if (is_free && fits(change_size(log_step, kOwnAim * most - size))) return std::exp2(log_step);
      (size <= most ? small : large) = Point{log_step, std::log2(size)};
      curve.add(log_step, size, i > 0);
      const bool between = small.size != 0 && large.size != 0;
      const double next = between ? secant(large, small, std::log2(target)) : curve.solve(target, low, high);
      if (std::fabs(next - log_step) < 1e-6) break;
      log_step = next;
    }
    // Out of reach, or a curve with a jump: the best of what fitted.
    if (small.size != 0) log_step = small.log_step;
    encode(std::exp2(log_step));
    return std::exp2(log_step);
  }

  // Steps of a resolution that are not as the others'.
  struct OwnSteps {
    int resolution = -1;  // none
    double factor = 1;
  };

  OwnSteps own_;
  std::vector<float> norms_;  // of the bands of the tile in work
  const ConstImageView& image_;
  const EncodeOptions& options_;
  Workspace::Impl& work_;
  double largest_step_;
  double error_ = 0;
  Loss loss_;
  double loss_step_ = 0;  // of `loss_`
};

}  // namespace

void encode_to_target(const ConstImageView& image, const EncodeOptions& options, Workspace::Impl& work) {
  Search(image, options, work).run();
}

}  // namespace blosc2_grok::j2k
