// SPDX-License-Identifier: BSD-3-Clause
/// Part 1 block decoding: three passes over each bit-plane (ISO/IEC 15444-1 Annex D).
#include "mq_contexts.hpp"
#include "mq_decoder.hpp"

namespace blosc2_grok::reference {

namespace {

class MqBlockDecoder {
 public:
  MqBlockDecoder(const CodeBlock& block, int planes, int style, Orientation orientation)
      : planes_(planes),
        style_(style),
        orientation_(orientation),
        samples_(block.area.width(), block.area.height()),
        grid_(samples_.width, samples_.height),
        visited_(samples_.magnitude.size()),
        refined_(samples_.magnitude.size()) {}

  BlockSamples run(const CodeBlock& block) {
    int pass = 0;
    for (const Segment& segment : block.segments) {
      raw_ = (style_ & kBypass) && pass >= 10 && (pass + 2) % 3 != 2;  // Table D.9
      mq_ = MqDecoder(segment.bytes);
      bits_ = RawBitReader(segment.bytes);
      for (int i = 0; i < segment.passes; ++i) decode_pass(pass++);
    }
    return samples_;
  }

 private:
  size_t index(Position p) const { return p.y * samples_.width + p.x; }

  void decode_pass(int pass) {
    plane_ = planes_ - 1 - (pass + 2) / 3;
    if (plane_ < 0) throw Error("more coding passes than bit-planes");
    const int kind = (pass + 2) % 3;
    for (int64_t y0 = 0; y0 < samples_.height; y0 += 4)
      for (int64_t x = 0; x < samples_.width; ++x) {
        if (kind == 2) {
          cleanup_column(stripe_positions(grid_, x, x + 1, y0));
          continue;
        }
        for (Position p : stripe_positions(grid_, x, x + 1, y0)) kind == 0 ? propagate(p) : refine(p);
      }
    if (kind == 2) finish_plane();
    if (style_ & kResetContexts) contexts_ = initial_contexts();
  }

  void finish_plane() {
    visited_.assign(visited_.size(), 0);
    if (style_ & kSegmentationSymbols) {  // D.5
      int symbol = 0;
      for (int i = 0; i < 4; ++i) symbol = 2 * symbol + mq_.get(contexts_[kUniform]);
      if (symbol != 0b1010) throw Error("wrong segmentation symbol");
    }
  }

  int sign_of(int64_t x, int64_t y, const Position& p) const {
    if (!counts(x, y, p)) return 0;
    return samples_.negative[index({x, y})] ? -1 : 1;
  }

  /// Significant, and not hidden in the next stripe by vertically causal contexts (D.7).
  bool counts(int64_t x, int64_t y, const Position& p) const {
    if ((style_ & kVerticallyCausal) && y / 4 > p.y / 4) return false;
    return grid_.significant(x, y);
  }

  Neighbours neighbours(Position p) const {
    Neighbours n;
    n.horizontal = counts(p.x - 1, p.y, p) + counts(p.x + 1, p.y, p);
    n.vertical = counts(p.x, p.y - 1, p) + counts(p.x, p.y + 1, p);
    for (int dy : {-1, 1})
      for (int dx : {-1, 1}) n.diagonal += counts(p.x + dx, p.y + dy, p);
    n.sign_horizontal = sign_of(p.x - 1, p.y, p) + sign_of(p.x + 1, p.y, p);
    n.sign_vertical = sign_of(p.x, p.y - 1, p) + sign_of(p.x, p.y + 1, p);
    return n;
  }

  int get(int context) { return raw_ ? bits_.get() : mq_.get(contexts_[context]); }

  void become_significant(Position p) {
    if (raw_) {
      samples_.negative[index(p)] = bits_.get();
    } else {
      const auto [context, flip] = sign_context(neighbours(p));
      samples_.negative[index(p)] = mq_.get(contexts_[context]) ^ flip;
    }
    samples_.magnitude[index(p)] = uint64_t{1} << plane_;
    samples_.lowest_plane[index(p)] = plane_;
    grid_.set(p.x, p.y, 1);
  }

  void propagate(Position p) {  // D.3.1
    const Neighbours n = neighbours(p);
    if (grid_.significant(p.x, p.y) || n.none()) return;
    visited_[index(p)] = 1;
    if (get(zero_coding_context(n, orientation_))) become_significant(p);
  }

  void refine(Position p) {  // D.3.3
    if (!grid_.significant(p.x, p.y) || visited_[index(p)]) return;
    const uint64_t bit = get(refinement_context(neighbours(p), !refined_[index(p)]));
    samples_.magnitude[index(p)] |= bit << plane_;
    samples_.lowest_plane[index(p)] = plane_;
    refined_[index(p)] = 1;
  }

  /// D.3.4: four samples without any significant neighbour begin with one run-length symbol.
  void cleanup_column(const std::vector<Position>& column) {
    size_t i = 0;
    if (run_length_applies(column)) {
      if (!mq_.get(contexts_[kRunLength])) return;
      i = 2 * mq_.get(contexts_[kUniform]);
      i += mq_.get(contexts_[kUniform]);
      become_significant(column[i++]);
    }
    for (; i < column.size(); ++i) {
      const Position p = column[i];
      if (grid_.significant(p.x, p.y) || visited_[index(p)]) continue;
      if (mq_.get(contexts_[zero_coding_context(neighbours(p), orientation_)])) become_significant(p);
    }
  }

  bool run_length_applies(const std::vector<Position>& column) const {
    if (column.size() < 4) return false;
    for (Position p : column)
      if (grid_.significant(p.x, p.y) || visited_[index(p)] || !neighbours(p).none()) return false;
    return true;
  }

  int planes_;
  int style_;
  Orientation orientation_;
  BlockSamples samples_;
  Grid grid_;                     // significance
  std::vector<uint8_t> visited_;  // coded by the significance propagation pass of this plane
  std::vector<uint8_t> refined_;
  std::array<MqContext, 19> contexts_ = initial_contexts();
  MqDecoder mq_{Bytes{}};
  RawBitReader bits_{Bytes{}};
  bool raw_ = false;  // which of the two this segment needs
  int plane_ = 0;
};

}  // namespace

BlockSamples decode_mq_block(const CodeBlock& block, int planes, int style, Orientation orientation) {
  return MqBlockDecoder(block, planes, style, orientation).run(block);
}

}  // namespace blosc2_grok::reference
