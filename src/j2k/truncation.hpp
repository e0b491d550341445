// SPDX-License-Identifier: BSD-3-Clause
// Which coding passes of which code-blocks are worth their bytes (ISO/IEC 15444-1 J.14.3): truncation points on the
// convex hulls of all code-blocks, taken in the order of what they gain for a byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ebcot_block.hpp"

namespace blosc2_grok::j2k {

// A code-block and all that was coded of it.
struct CodedBlock {
  const uint8_t* bytes = nullptr;
  const EbcotPass* pass = nullptr;
  const uint64_t* propagated = nullptr;  // see TruncatedBlock
  uint16_t passes = 0;
  uint8_t missing_bits = 0xFF;
  bool is_whole = true;  // down to the last bit-plane
  double weight = 1.0;  // squared error in the image for one in the code-block's own samples
  double priority = 1.0;  // of its passes over those of other code-blocks, beside what they gain
  double energy = 0.0;  // its own squared error if nothing of it is decoded

  uint32_t bytes_of(int count) const { return count == 0 ? 0 : pass[count - 1].bytes; }
  double gain_of(int count) const { return count == 0 ? 0.0 : weight * pass[count - 1].distortion; }
};

struct TruncationPoint {
  double slope = 0.0;  // squared error of the image gained for each byte, since the point before
  uint32_t block = 0;
  uint16_t passes = 0;
};

// Appends the points of the block's convex hull, whose slopes fall.
void add_hull(const CodedBlock& block, uint32_t index, std::vector<TruncationPoint>& points);

// Steepest first; the order is the same everywhere.
void sort_points(std::vector<TruncationPoint>& points);

// How many passes of each code-block the layers up to one have. Each `take` starts from the layers kept so far.
class Selection {
 public:
  void start(std::span<const CodedBlock> blocks);

  // As many points as fit into `room` bytes, the steepest first. Returns their bytes.
  std::size_t take_bytes(std::size_t room);
  // Points until the squared error left over, by the block coder's account, is not above `error`, and not much below.
  void take_to_error(double error);
  void take_all();
  void take_nothing() { begin(), slope_left_ = points_.empty() ? 0.0 : points_.front().slope; }
  void keep();

  int passes(std::size_t block) const { return taken_[block]; }
  int kept_passes(std::size_t block) const { return kept_[block]; }
  double error() const { return error_; }
  // Of the steepest point that was left; 0 if none was.
  double slope_left() const { return slope_left_; }

 private:
  void begin();
  bool take_near_error(double error);
  void take_below_error(double error);
  void give_back(double error);
  bool is_open(const TruncationPoint& point) const {
    return point.passes > taken_[point.block] && blocked_[point.block] == 0;
  }
  std::size_t take(std::size_t block, int passes);
  int passes_within(std::size_t block, int most_passes, std::size_t room) const;
  int passes_above(std::size_t block, int most_passes, double error) const;

  std::span<const CodedBlock> blocks_;
  std::vector<TruncationPoint> points_;
  std::vector<uint16_t> kept_, taken_;
  std::vector<uint8_t> blocked_;  // something of the block did not fit
  double error_ = 0.0, kept_error_ = 0.0, slope_left_ = 0.0;
};

}  // namespace blosc2_grok::j2k
