// SPDX-License-Identifier: BSD-3-Clause
// The probability states of the MQ coder (ISO/IEC 15444-1 Table C.2) and contexts' initial states (Table D.7), packed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace blosc2_grok::j2k {

struct MqState {
  uint16_t qe;
  uint8_t next_mps, next_lps, switches;
};

inline constexpr int kMqStates = 47;
inline constexpr MqState kMqStateTable[kMqStates] = {
    {0x5601, 1, 1, 1},   {0x3401, 2, 6, 0},   {0x1801, 3, 9, 0},   {0x0AC1, 4, 12, 0},  {0x0521, 5, 29, 0},
    {0x0221, 38, 33, 0}, {0x5601, 7, 6, 1},   {0x5401, 8, 14, 0},  {0x4801, 9, 14, 0},  {0x3801, 10, 14, 0},
    {0x3001, 11, 17, 0}, {0x2401, 12, 18, 0}, {0x1C01, 13, 20, 0}, {0x1601, 29, 21, 0}, {0x5601, 15, 14, 1},
    {0x5401, 16, 14, 0}, {0x5101, 17, 15, 0}, {0x4801, 18, 16, 0}, {0x3801, 19, 17, 0}, {0x3401, 20, 18, 0},
    {0x3001, 21, 19, 0}, {0x2801, 22, 19, 0}, {0x2401, 23, 20, 0}, {0x2201, 24, 21, 0}, {0x1C01, 25, 22, 0},
    {0x1801, 26, 23, 0}, {0x1601, 27, 24, 0}, {0x1401, 28, 25, 0}, {0x1201, 29, 26, 0}, {0x1101, 30, 27, 0},
    {0x0AC1, 31, 28, 0}, {0x09C1, 32, 29, 0}, {0x08A1, 33, 30, 0}, {0x0521, 34, 31, 0}, {0x0441, 35, 32, 0},
    {0x02A1, 36, 33, 0}, {0x0221, 37, 34, 0}, {0x0141, 38, 35, 0}, {0x0111, 39, 36, 0}, {0x0085, 40, 37, 0},
    {0x0049, 41, 38, 0}, {0x0025, 42, 39, 0}, {0x0015, 43, 40, 0}, {0x0009, 44, 41, 0}, {0x0005, 45, 42, 0},
    {0x0001, 45, 43, 0}, {0x5601, 46, 46, 0}};

// Our context labels: 0 to 8 are zero coding's (Table D.1), 9 to 13 sign coding's (D.3), then the run-length context,
// magnitude refinement's three (D.4) and the uniform one. So passes other than refinement need four bits for a label.
inline constexpr int kFirstSignContext = 9;
inline constexpr int kRunContext = 14;
inline constexpr int kFirstRefinementContext = 15;
inline constexpr int kUniformContext = 18;
inline constexpr int kMqContexts = 19;

// A state together with its more probable symbol, as one word: all that a coding step needs comes by one load.
//   bits 0-15 Qe; 48-55 and 56-63 the index of the word that follows after an LPS, an MPS.
// An index is the state's number, plus 128 if the MPS is 1; so bit 63 of a word is its own MPS.
using MqWord = uint64_t;
inline constexpr int kMqWords = 128 + kMqStates;

constexpr int mq_index(int state, int mps) { return state + 128 * mps; }

constexpr MqWord make_mq_word(int state, int mps) {
  const MqState& s = kMqStateTable[state];
  return uint64_t(s.qe) | uint64_t(mq_index(s.next_lps, mps ^ s.switches)) << 48 |
         uint64_t(mq_index(s.next_mps, mps)) << 56;
}

constexpr std::array<MqWord, kMqWords> make_mq_words() {
  std::array<MqWord, kMqWords> words{};
  for (int mps = 0; mps < 2; ++mps) {
    for (int i = 0; i < kMqStates; ++i) words[std::size_t(mq_index(i, mps))] = make_mq_word(i, mps);
  }
  return words;
}
inline constexpr std::array<MqWord, kMqWords> kMqWordTable = make_mq_words();

constexpr int initial_mq_state(int context) {
  return context == 0 ? 4 : context == kRunContext ? 3 : context == kUniformContext ? 46 : 0;
}

inline void reset_mq_contexts(MqWord* contexts) {
  for (int i = 0; i < kMqContexts; ++i) contexts[i] = kMqWordTable[std::size_t(mq_index(initial_mq_state(i), 0))];
}

}  // namespace blosc2_grok::j2k
