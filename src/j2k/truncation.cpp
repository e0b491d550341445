// SPDX-License-Identifier: BSD-3-Clause
#include "truncation.hpp"

#include <algorithm>
#include <limits>

namespace blosc2_grok::j2k {

void add_hull(const CodedBlock& block, uint32_t index, std::vector<TruncationPoint>& points) {
  const std::size_t first = points.size();
  for (int count = 1; count <= block.passes; ++count) {
    for (;;) {
      const bool is_first = points.size() == first;
      const int before = is_first ? 0 : points.back().passes;
      const double gain = block.gain_of(count) - block.gain_of(before);
      if (gain <= 0) break;
      const uint32_t bytes = block.bytes_of(count) - block.bytes_of(before);
      const double slope = bytes == 0 ? std::numeric_limits<double>::infinity() : block.priority * gain / bytes;
      if (!is_first && slope >= points.back().slope) {
        points.pop_back();
        continue;
      }
      points.push_back({slope, index, uint16_t(count)});
      break;
    }
  }
}

void sort_points(std::vector<TruncationPoint>& points) {
  std::sort(points.begin(), points.end(), [](const TruncationPoint& a, const TruncationPoint& b) {
    if (a.slope != b.slope) return a.slope > b.slope;
    return a.block != b.block ? a.block < b.block : a.passes < b.passes;
  });
}

void Selection::start(std::span<const CodedBlock> blocks) {
  blocks_ = blocks;
  points_.clear();
  kept_error_ = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    add_hull(blocks[i], uint32_t(i), points_);
    kept_error_ += blocks[i].weight * blocks[i].energy;
  }
  sort_points(points_);
  kept_.assign(blocks.size(), 0);
  begin();
}

void Selection::begin() {
  taken_ = kept_;
  error_ = kept_error_;
  blocked_.assign(blocks_.size(), 0);
  slope_left_ = 0;
}

void Selection::keep() {
  kept_ = taken_;
  kept_error_ = error_;
}

std::size_t Selection::take(std::size_t block, int passes) {
  const CodedBlock& from = blocks_[block];
  const int before = taken_[block];
  error_ -= from.gain_of(passes) - from.gain_of(before);
  taken_[block] = uint16_t(passes);
  return from.bytes_of(passes) - from.bytes_of(before);
}

int Selection::passes_within(std::size_t block, int most_passes, std::size_t room) const {
  const uint32_t before = blocks_[block].bytes_of(taken_[block]);
  int passes = most_passes;
  while (passes > taken_[block] && blocks_[block].bytes_of(passes) - before > room) --passes;
  return passes;
}

std::size_t Selection::take_bytes(std::size_t room) {
  begin();
  std::size_t bytes = 0;
  for (const TruncationPoint& point : points_) {
    if (!is_open(point)) continue;
    const int passes = passes_within(point.block, point.passes, room - bytes);
    if (passes > taken_[point.block]) bytes += take(point.block, passes);
    if (passes == point.passes) continue;
    blocked_[point.block] = 1;
    if (slope_left_ == 0) slope_left_ = point.slope;
  }
  return bytes;
}

int Selection::passes_above(std::size_t block, int most_passes, double error) const {
  const double before = blocks_[block].gain_of(taken_[block]);
  int passes = most_passes;
  while (passes > taken_[block] && error_ - (blocks_[block].gain_of(passes) - before) < error) --passes;
  return passes;
}

void Selection::take_to_error(double error) {
  if (take_near_error(error)) return;
  take_below_error(error);
  give_back(error);
}

// Leaves out what would go far below `error`, as long as what is taken instead is not much worse.
bool Selection::take_near_error(double error) {
  constexpr double kNotBelow = 0.975, kMuchWorse = 1.0 / 16;
  begin();
  for (const TruncationPoint& point : points_) {
    if (!is_open(point)) continue;
    if (error_ <= error) {
      if (slope_left_ == 0) slope_left_ = point.slope;
      return true;
    }
    if (point.slope < kMuchWorse * slope_left_) return false;
    const int passes = passes_above(point.block, point.passes, kNotBelow * error);
    if (passes > taken_[point.block]) take(point.block, passes);
    if (passes == point.passes) continue;
    blocked_[point.block] = 1;
    if (slope_left_ == 0) slope_left_ = point.slope;
  }
  return error_ <= error;
}

void Selection::take_below_error(double error) {
  begin();
  for (const TruncationPoint& point : points_) {
    if (!is_open(point)) continue;
    if (error_ <= error) {
      slope_left_ = point.slope;
      return;
    }
    take(point.block, point.passes);
  }
}

// The last point may have gone far below: passes of the other code-blocks are given back, the least steep first.
void Selection::give_back(double error) {
  for (auto point = points_.rbegin(); point != points_.rend(); ++point) {
    if (taken_[point->block] != point->passes) continue;
    const CodedBlock& block = blocks_[point->block];
    const double gain = block.gain_of(point->passes);
    int passes = point->passes;
    while (passes > kept_[point->block] && error_ + gain - block.gain_of(passes - 1) <= error) --passes;
    error_ += gain - block.gain_of(passes);
    taken_[point->block] = uint16_t(passes);
  }
}

void Selection::take_all() {
  begin();
  for (std::size_t i = 0; i < blocks_.size(); ++i) take(i, blocks_[i].passes);
}

}  // namespace blosc2_grok::j2k
