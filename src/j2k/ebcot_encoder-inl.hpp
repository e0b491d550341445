// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block encoder (ISO/IEC 15444-1 Annex D): included once per namespace that has the word operations.
//
// Each pass runs in two steps. The first walks over words of 64 samples and finds out, for all of them at once, who is
// a member and with which context and decision; the result is a buffer of symbols. The second codes the buffer.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ebcot_block.hpp"
#include "ebcot_contexts.hpp"
#include "ebcot_scratch.hpp"
#include "error.hpp"
#include "mq_encoder.hpp"

namespace blosc2_grok::j2k::EBCOT_NAMESPACE {

// Squared error in units of 2^(2 * plane), from the bits below a plane (see gain_of_fresh, gain_of_refined).
class Distortion {
 public:
  // Deeper bits add less than 1/64 of a bin.
  static constexpr int kDepth = 5;

  Distortion(const uint64_t* planes, std::size_t pitch, int plane, bool reversible)
      : planes_(planes), pitch_(pitch), plane_(plane), depth_(std::min(plane, kDepth)) {
    exact_ = reversible && plane <= kDepth;
    lossless_ = reversible && plane == 0;
  }

  void add_fresh(std::size_t at, uint64_t members) {
    fresh_ += count_ones(members);
    fresh_low_ += low_bits(at, members, 0);
  }
  // Refined with 1: the rest says how far above the old middle; with 0: how far below, so its complement counts.
  void add_refined(std::size_t at, uint64_t members, uint64_t decisions) {
    refined_ += count_ones(members);
    refined_down_ += count_ones(members & ~decisions);
    refined_low_ += low_bits(at, members, ~decisions);
  }

  double total() const {
    const double bin = double(uint64_t{1} << plane_);
    if (lossless_) return double(fresh_ + refined_down_);
    const double unit = 1.0 / double(1 << depth_);
    const double fresh_rest = double(fresh_low_) * unit + (exact_ ? 0.0 : 0.5 * unit * double(fresh_));
    const double refined_rest =
        (double(refined_low_) + (exact_ ? double(refined_down_) : 0.5 * double(refined_))) * unit;
    // x = (1 + rest) bins, put to 1.5 bins instead of 0.
    const double fresh = 0.75 * double(fresh_) + 3.0 * fresh_rest;
    // x lies `rest` bins from the old middle; the new one is half a bin closer.
    const double refined = refined_rest - 0.25 * double(refined_);
    return (fresh + refined) * bin * bin;
  }

 private:
  int64_t low_bits(std::size_t at, uint64_t members, uint64_t inverted) const {
    int64_t sum = 0;
    const uint64_t* plane = planes_ + std::size_t(plane_) * pitch_ + at;
    for (int k = 1; k <= depth_; ++k) {
      plane -= pitch_;
      sum = 2 * sum + count_ones((*plane ^ inverted) & members);
    }
    return sum;
  }

  const uint64_t* planes_;
  std::size_t pitch_;
  int plane_, depth_;
  bool exact_, lossless_;
  int64_t fresh_ = 0, fresh_low_ = 0, refined_ = 0, refined_down_ = 0, refined_low_ = 0;
};

template <class T>
class BlockEncoder {
  // What a sample gains on average, in squared bins, by becoming significant and by being refined.
  static constexpr double kFreshGain = 2.1, kRefinedGain = 0.25;

 public:
  BlockEncoder(const EbcotEncodeJobOf<T>& job, EbcotScratch& scratch, uint8_t* out, EbcotEncoded& encoded)
      : job_(job),
        scratch_(scratch),
        grid_(job.width, job.height),
        stripe_below_(job.style & kStyleCausal ? 0 : ~uint64_t{0}),
        out_(out),
        encoded_(encoded) {}

  void run() {
    encoded_.planes = encoded_.passes = 0;
    encoded_.bytes = 0;
    const int planes = int(std::bit_width(magnitudes_or(job_.samples, job_.stride, job_.width, job_.height)));
    if (planes > kMaxPlanesOf<T>) fail("a coefficient needs more than ", kMaxPlanesOf<T>, " bits");
    encoded_.planes = planes;
    if (planes == 0) return;
    split();
    reset_mq_contexts(scratch_.contexts);
    code_planes();
    if (segment_open_) end_segment();
    for (int i = 1; i < encoded_.passes; ++i) {
      EbcotPass& pass = encoded_.pass[i];
      pass.bytes = std::max(pass.bytes, encoded_.pass[i - 1].bytes);
      pass.distortion += encoded_.pass[i - 1].distortion;
    }
  }

 private:
  // ---- samples to bit-planes

  void split() {
    const std::size_t size = grid_.size();
    std::memset(scratch_.significant, 0, size * sizeof(uint64_t));
    std::memset(scratch_.visited, 0, size * sizeof(uint64_t));
    std::memset(scratch_.refined, 0, size * sizeof(uint64_t));
    std::memset(scratch_.propagated, 0, size * sizeof(uint64_t));
    std::memset(scratch_.negative, 0, size * sizeof(uint64_t));
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) split_one(s, w);
    }
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) share_signs(grid_.at(s, w));
    }
  }

  void split_one(int s, int w) {
    const std::size_t at = grid_.at(s, w);
    const int rows = std::min(4, job_.height - 4 * s), columns = std::min(16, job_.width - 16 * w);
    const T* samples = job_.samples + std::size_t(4 * s) * job_.stride + std::size_t(16 * w);
    if (rows == 4 && columns == 16) {
      split_word(samples, job_.stride, encoded_.planes, scratch_.planes + at, grid_.size(), &scratch_.negative[at]);
      return;
    }
    alignas(64) T padded[64] = {};
    for (int y = 0; y < rows; ++y) {
      std::memcpy(padded + 16 * y, samples + std::size_t(y) * job_.stride, std::size_t(columns) * sizeof(T));
    }
    split_word(padded, 16, encoded_.planes, scratch_.planes + at, grid_.size(), &scratch_.negative[at]);
  }

  void share_signs(std::size_t at) {
    const uint64_t* map = scratch_.negative + at;
    scratch_.negative_near[0][at] = from_left(map[0], map[-1]);
    scratch_.negative_near[1][at] = from_right(map[0], map[1]);
    scratch_.negative_near[2][at] = from_above(map[0], *(map - grid_.pitch));
    scratch_.negative_near[3][at] = from_below(map[0], map[grid_.pitch]);
  }

  // ---- bit-planes to passes

  void code_planes() {
    const int lowest = std::clamp(job_.stop_plane, 0, encoded_.planes - 1);
    for (int plane = encoded_.planes - 1; plane >= lowest; --plane) {
      if (job_.stop_slope > 0.0 && plane != encoded_.planes - 1 && !is_worth_coding(plane)) break;
      if (plane != encoded_.planes - 1) {
        propagate(plane);
        refine(plane);
      }
      clean_up(plane);
    }
  }

  // A guess from the numbers of samples alone. A plane that brings little may be the way to one that brings more.
  bool is_worth_coding(int plane) const {
    constexpr int kAhead = 3;
    uint64_t found[kMaxEbcotWords];
    std::memcpy(found, scratch_.significant, grid_.size() * sizeof(uint64_t));
    const double all = double(job_.width) * job_.height;
    double gain = 0.0, bits = 0.0;
    for (int q = plane; q >= std::max(0, plane - kAhead + 1); --q) {
      int64_t old = 0, fresh = 0;
      const uint64_t* words = scratch_.planes + std::size_t(q) * grid_.size();
      for_each_word([&](int, int, std::size_t at) {
        old += count_ones(found[at]), fresh += count_ones(words[at] & ~found[at]);
        found[at] |= words[at];
      });
      const double bin = double(uint64_t{1} << q), open = all - double(old);
      const double part = open == 0.0 ? 0.0 : double(fresh) / open;
      // 4 p (1 - p) to the power of 3/4 is near the entropy of a decision; contexts save a fifth of it.
      const double evenness = std::sqrt(4.0 * part * (1.0 - part));
      gain += (kFreshGain * double(fresh) + kRefinedGain * double(old)) * bin * bin;
      bits += 0.8 * open * evenness * std::sqrt(evenness) + double(fresh) + 0.95 * double(old);
      if (gain * 8.0 > job_.stop_slope * bits) return true;
    }
    return false;
  }

  template <class Visit>
  void for_each_word(Visit visit) const {
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) visit(s, w, grid_.at(s, w));
    }
  }

  Distortion distortion(int plane) const { return {scratch_.planes, grid_.size(), plane, job_.reversible}; }
  uint64_t plane_word(int plane, std::size_t at) const {
    return scratch_.planes[std::size_t(plane) * grid_.size() + at];
  }

  // D.3.1: samples next to significant ones, those that become so in this very pass included.
  void propagate(int plane) {
    Distortion gain = distortion(plane);
    uint8_t* symbols = scratch_.symbols;
    for_each_word([&](int s, int w, std::size_t at) {
      uint64_t* map = scratch_.significant + at;
      const uint64_t before = *map;
      const uint64_t open = ~before & grid_.valid(s, w);
      uint64_t members = gather_neighbours(map, grid_.pitch, before, before, stripe_below_).any() & open;
      scratch_.visited[at] = members;
      if (members == 0) return;
      const uint64_t bits = plane_word(plane, at);
      for (uint64_t grown = members;; members = grown) {
        grown |= later_neighbours(grown & bits) & open;
        if (grown == members) break;
      }
      scratch_.visited[at] = members;
      const uint64_t fresh = members & bits;
      *map = before | fresh;
      scratch_.propagated[at] |= fresh;
      const Neighbours near = gather_neighbours(map, grid_.pitch, before, before | fresh, stripe_below_);
      symbols = write_significance(symbols, at, members, fresh, bits, zero_labels(job_.band, near), near);
      gain.add_fresh(at, fresh);
    });
    code_pass(symbols, gain.total());
  }

  uint8_t* write_significance(uint8_t* symbols, std::size_t at, uint64_t members, uint64_t fresh, uint64_t bits,
                              const Labels& labels, const Neighbours& near) {
    const SignLabels signs = sign_labels(near, {scratch_.negative_near[0][at], scratch_.negative_near[1][at],
                                                scratch_.negative_near[2][at], scratch_.negative_near[3][at]});
    // Raw passes have the sign as it is (D.6).
    const uint64_t flip = is_raw(encoded_.passes, job_.style) ? 0 : signs.flip;
    return write_symbols(symbols, members, labels, bits, fresh, signs.labels, scratch_.negative[at] ^ flip);
  }

  // D.3.3: samples that were significant before this bit-plane.
  void refine(int plane) {
    Distortion gain = distortion(plane);
    uint8_t* symbols = scratch_.symbols;
    for_each_word([&](int, int, std::size_t at) {
      const uint64_t* map = scratch_.significant + at;
      const uint64_t members = *map & ~scratch_.visited[at];
      if (members == 0) return;
      const uint64_t again = scratch_.refined[at];
      // Table D.4: 2 if refined before, else 1 if any neighbour is significant.
      Labels labels{{0, again, 0, 0}};
      if ((members & ~again) != 0) {
        labels.bit[0] = gather_neighbours(map, grid_.pitch, *map, *map, stripe_below_).any() & ~again;
      }
      scratch_.refined[at] = again | members;
      const uint64_t bits = plane_word(plane, at);
      symbols = write_symbols(symbols, members, labels, bits, kFirstRefinementContext);
      gain.add_refined(at, members, bits);
    });
    code_pass(symbols, gain.total());
  }

  // D.3.4: all others; columns of four with nothing around them in run mode.
  void clean_up(int plane) {
    Distortion gain = distortion(plane);
    uint8_t* symbols = scratch_.symbols;
    for_each_word([&](int s, int w, std::size_t at) {
      uint64_t* map = scratch_.significant + at;
      const uint64_t before = *map;
      const uint64_t members = grid_.valid(s, w) & ~before & ~scratch_.visited[at];
      scratch_.visited[at] = 0;
      if (members == 0) return;
      const uint64_t bits = plane_word(plane, at);
      const uint64_t fresh = members & bits;
      *map = before | fresh;
      symbols = write_clean_up(symbols, at, members, before, fresh, bits);
      gain.add_fresh(at, fresh);
    });
    if (job_.style & kStyleSegmentation) {
      for (int i = 0; i < 4; ++i) *symbols++ = uint8_t(kUniformContext | (i % 2 == 0 ? 0x80 : 0));
    }
    code_pass(symbols, gain.total());
  }

  uint8_t* write_clean_up(uint8_t* symbols, std::size_t at, uint64_t members, uint64_t before, uint64_t fresh,
                          uint64_t bits) {
    constexpr uint64_t kFirst = EbcotGrid::kFirstRow;
    const uint64_t* map = scratch_.significant + at;
    const Neighbours near = gather_neighbours(map, grid_.pitch, before, before | fresh, stripe_below_);
    Labels labels = zero_labels(job_.band, near);
    // What a column sees before any of its own samples is coded.
    const uint64_t seen = near.left | near.right | near.down | near.up_left | near.up_right | near.down_left |
                          near.down_right | from_above(before, *(map - grid_.pitch));
    uint64_t quiet = members & ~seen;
    quiet &= quiet >> 1;
    const uint64_t runs = quiet & quiet >> 2 & kFirst;
    if (runs == 0) return write_significance(symbols, at, members, fresh, bits, labels, near);

    const uint64_t run_fresh = fresh & runs * 15;
    uint64_t hits = (run_fresh | run_fresh >> 1);
    hits = (hits | hits >> 2) & kFirst;
    const uint64_t empty = runs & ~hits;
    // An empty run is one symbol in the place of its first row; in others, zero coding begins below the first 1.
    const uint64_t below_first =
        (run_fresh & 0x7777777777777777) << 1 | (run_fresh & 0x3333333333333333) << 2 | (run_fresh & kFirst) << 3;
    const uint64_t coded = (members & ~(runs * 15)) | empty | below_first;
    static_assert(kRunContext == 14);
    labels.bit[0] &= ~empty;
    for (int k = 1; k < 4; ++k) labels.bit[k] |= empty;
    for (uint64_t done = 0;;) {
      const uint64_t column = hits & (0 - hits);
      const uint64_t part = (column - 1) & ~done;  // all that is left, after the last hit
      if (((coded | fresh) & part) != 0) {
        symbols = write_significance(symbols, at, coded & part, fresh & part, bits, labels, near);
      }
      if (column == 0) return symbols;
      const int first = std::countr_zero(run_fresh & column * 15) & 3;
      *symbols++ = kRunContext | 0x80;
      *symbols++ = uint8_t(kUniformContext | (first & 2) << 6);
      *symbols++ = uint8_t(kUniformContext | (first & 1) << 7);
      done |= column - 1;
      hits &= hits - 1;
    }
  }

  // ---- passes to bytes

  std::size_t total_bits() const {
    return finished_bits_ + (segment_open_ ? (raw_ ? raw_bits_ : encoder_.shifts()) : 0);
  }

  void code_pass(const uint8_t* symbols_end, double gain) {
    const int pass = encoded_.passes;
    if (!segment_open_) start_segment(pass);
    const auto count = std::size_t(symbols_end - scratch_.symbols);
    if (total_bits() / 8 + count * 15 / 8 + 64 > sizeof scratch_.codeword) fail("a code-block does not shrink at all");
    scratch_.symbols[count] = 0;
    if (raw_) {
      code_raw(count);
      raw_marks_[pass] = raw_bits_;
    } else {
      code_symbols(count);
      marks_[pass] = encoder_.mark();
    }
    encoded_.pass[pass] = {0, gain};
    encoded_.passes = pass + 1;
    if (job_.style & kStyleReset) reset_mq_contexts(scratch_.contexts);
    if (ends_segment(pass, job_.style)) end_segment();
  }

  void start_segment(int pass) {
    segment_open_ = true;
    first_pass_ = pass;
    raw_ = is_raw(pass, job_.style);
    raw_bits_ = 0;
    raw_pending_ = 0, raw_pending_count_ = 0;
    raw_next_ = scratch_.codeword;
    if (!raw_) encoder_.start(scratch_.codeword);
  }

  [[gnu::noinline]] void code_symbols(std::size_t count) {
    MqWord* const contexts = scratch_.contexts;
    MqEncoder encoder = encoder_;
    const uint8_t* symbol = scratch_.symbols;
    const uint8_t* const end = symbol + count;
    std::size_t context = *symbol & 31;
    MqWord word = contexts[context];
    while (symbol != end) {
      const uint64_t decision = uint64_t(*symbol++) << 56;
      // The next symbol's word is loaded ahead; if it is of the same context, it isn't in memory yet.
      const std::size_t next_context = *symbol & 31;
      const MqWord next_word = contexts[next_context];
      const MqWord renewed = encoder.encode(word, decision);
      contexts[context] = renewed;
      word = select(context ^ next_context, next_word, renewed);
      context = next_context;
    }
    encoder_ = encoder;
  }

  void code_raw(std::size_t count) {
    const uint8_t* symbol = scratch_.symbols;
    for (; count >= 8; count -= 8, symbol += 8) {
      // The top bit of byte i moves to bit 63 - i.
      const uint64_t tops = load_big_endian64(symbol) >> 7 & 0x0101010101010101;
      put_raw(uint32_t(tops * 0x0102040810204080 >> 56), 8);
    }
    for (; count > 0; --count) put_raw(*symbol++ >> 7, 1);
  }

  void put_raw(uint32_t bits, int count) {
    raw_pending_ = raw_pending_ << count | bits;
    raw_pending_count_ += count;
    raw_bits_ += std::size_t(count);
    if (raw_pending_count_ < 32) return;
    raw_pending_count_ -= 32;
    store_big_endian(raw_next_, uint32_t(raw_pending_ >> raw_pending_count_));
    raw_next_ += 4;
  }

  // What is left of the last byte is filled by 0, 1, 0, 1 and so on, as D.6 wants it for predictable termination.
  void finish_raw() {
    store_big_endian(raw_next_, (raw_pending_ << 32 | 0x55555555u) << (32 - raw_pending_count_));
    store_big_endian(raw_next_ + 8, uint64_t{0});
  }

  void end_segment() {
    segment_open_ = false;
    const int last = encoded_.passes - 1;
    const std::size_t before = encoded_.bytes;
    std::size_t bits = raw_bits_;
    if (raw_) {
      finish_raw();
    } else {
      bits = encoder_.finish(job_.style & kStylePredictable);
    }
    if (before + stuffed_bound(bits) > kMaxEbcotBytes) fail("a code-block does not shrink at all");
    Stuffer stuffer(out_ + before, scratch_.codeword);
    for (int i = first_pass_; i < last; ++i) {
      const std::size_t needed = raw_ ? raw_marks_[i] : bits_needed(scratch_.codeword, marks_[i]);
      encoded_.pass[i].bytes = uint32_t(before + stuffer.advance(std::min(needed, bits)));
    }
    encoded_.bytes = before + stuffer.advance(bits);
    encoded_.pass[last].bytes = uint32_t(encoded_.bytes);
    finished_bits_ += bits;
  }

  const EbcotEncodeJobOf<T>& job_;
  EbcotScratch& scratch_;
  const EbcotGrid grid_;
  const uint64_t stripe_below_;
  uint8_t* const out_;
  EbcotEncoded& encoded_;

  MqEncoder encoder_;
  bool segment_open_ = false, raw_ = false;
  int first_pass_ = 0;
  std::size_t raw_bits_ = 0, finished_bits_ = 0;
  uint64_t raw_pending_ = 0;
  int raw_pending_count_ = 0;
  uint8_t* raw_next_ = nullptr;
  MqMark marks_[kMaxEbcotPasses];
  std::size_t raw_marks_[kMaxEbcotPasses];
};

}  // namespace blosc2_grok::j2k::EBCOT_NAMESPACE
