// SPDX-License-Identifier: BSD-3-Clause
// How the Part 1 block coder lays out one bit per sample: words in scan order, 16 columns of a stripe in each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "ebcot_block.hpp"

namespace blosc2_grok::j2k {

// Bit 4 * column + row of a word is a sample of a stripe, four rows high (D.1). Counting bits upwards is the standard's
// scan. Around the block lies a border of zeros: a stripe above and below, a word before and after each stripe's.
struct EbcotGrid {
  int width, height, words, stripes;
  std::size_t pitch;

  EbcotGrid(int block_width, int block_height)
      : width(block_width),
        height(block_height),
        words((block_width + 15) / 16),
        stripes((block_height + 3) / 4),
        pitch(std::size_t(words) + 1) {}

  std::size_t at(int stripe, int word) const { return std::size_t(stripe + 1) * pitch + std::size_t(word) + 1; }
  std::size_t size() const { return std::size_t(stripes + 2) * pitch + 1; }

  // The samples of a word that the block has.
  uint64_t valid(int stripe, int word) const {
    const int rows = height - 4 * stripe;
    const int columns = width - 16 * word;
    const uint64_t row_bits = rows >= 4 ? ~uint64_t{0} : kFirstRow * ((1u << rows) - 1);
    return columns >= 16 ? row_bits : row_bits & ((uint64_t{1} << 4 * columns) - 1);
  }

  static constexpr uint64_t kFirstRow = 0x1111111111111111;
  static constexpr uint64_t kLastRow = 0x8888888888888888;
};

inline constexpr std::size_t kMaxEbcotWords = (kMaxEbcotArea / 4 / 4 + 2) * 3 + 1;  // a block 4 wide, 1024 high

// A word and its neighbours in the eight directions: bit i of `left` is the sample left of bit i, and so on.
struct Neighbours {
  uint64_t left, right, up, down, up_left, up_right, down_left, down_right;

  uint64_t any() const { return left | right | up | down | up_left | up_right | down_left | down_right; }
};

constexpr uint64_t from_left(uint64_t word, uint64_t left_word) { return word << 4 | left_word >> 60; }
constexpr uint64_t from_right(uint64_t word, uint64_t right_word) { return word >> 4 | right_word << 60; }
constexpr uint64_t from_above(uint64_t word, uint64_t word_above) {
  return (word << 1 & ~EbcotGrid::kFirstRow) | (word_above >> 3 & EbcotGrid::kFirstRow);
}
constexpr uint64_t from_below(uint64_t word, uint64_t word_below) {
  return (word >> 1 & ~EbcotGrid::kLastRow) | (word_below << 3 & EbcotGrid::kLastRow);
}

// Neighbours as they stand when each sample's turn comes, if `before` becomes `after` in the course of it: those
// scanned earlier are of `after`. `map` points to the word; around it, it holds what is current.
inline Neighbours gather_neighbours(const uint64_t* map, std::size_t pitch, uint64_t before, uint64_t after,
                                    uint64_t stripe_below) {
  const uint64_t* above = map - pitch;
  const uint64_t* below = map + pitch;
  const uint64_t left = from_left(after, map[-1]);
  const uint64_t right = from_right(before, map[1]);
  return {left,
          right,
          from_above(after, above[0]),
          from_below(before, below[0] & stripe_below),
          from_above(left, from_left(above[0], above[-1])),
          from_above(right, from_right(above[0], above[1])),
          from_below(left, from_left(below[0], below[-1]) & stripe_below),
          from_below(right, from_right(below[0], below[1]) & stripe_below)};
}

// The neighbours of `bits` within the word that are scanned later.
constexpr uint64_t later_neighbours(uint64_t bits) {
  const uint64_t not_first = bits & ~EbcotGrid::kFirstRow;
  const uint64_t not_last = bits & ~EbcotGrid::kLastRow;
  return not_last << 1 | not_first << 3 | bits << 4 | not_last << 5;
}

}  // namespace blosc2_grok::j2k
