// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block decoder (ISO/IEC 15444-1 Annex D): included once per namespace that has the word operations.
//
// Who may be a member of a pass is found for 64 samples at once; a loop over the members' bits then decodes one symbol
// after the other. A sample that becomes significant adds its later neighbours to the members on the way.

#include <algorithm>
#include <cstring>

#include "ebcot_block.hpp"
#include "ebcot_flags.hpp"
#include "ebcot_scratch.hpp"
#include "error.hpp"
#include "mq_decoder.hpp"

namespace blosc2_grok::j2k::EBCOT_NAMESPACE {

template <class T>
class BlockDecoder {
 public:
  BlockDecoder(const EbcotDecodeJobOf<T>& job, EbcotScratch& scratch)
      : job_(job),
        scratch_(scratch),
        grid_(job.width, job.height),
        flag_pitch_(std::size_t(job.width) + 2),
        stripe_below_(job.style & kStyleCausal ? 0 : ~uint64_t{0}),
        zero_contexts_(kZeroContexts[std::size_t(job.band)].data()) {}

  void run() {
    clear();
    for (const EbcotSegment& segment : job_.segments) decode_segment(segment);
    join();
  }

 private:
  void clear() {
    const std::size_t bytes = grid_.size() * sizeof(uint64_t);
    std::memset(scratch_.significant, 0, bytes);
    std::memset(scratch_.negative, 0, bytes);
    std::memset(scratch_.visited, 0, bytes);
    std::memset(scratch_.refined, 0, bytes);
    std::memset(scratch_.planes, 0, bytes * std::size_t(job_.planes));
    std::memset(scratch_.flags, 0, flag_pitch_ * std::size_t(grid_.stripes + 2) * sizeof(uint32_t));
    std::memset(scratch_.unused_flags, 0, sizeof scratch_.unused_flags);
    reset_mq_contexts(scratch_.contexts);
  }

  // ---- segments to passes

  void decode_segment(const EbcotSegment& segment) {
    if (segment.passes == 0) return;
    const bool raw = is_raw(pass_, job_.style);
    const std::size_t size = std::min(segment.bytes.size(), kMaxCodewordBytes - kUnstuffSlack);
    const uint8_t* end = unstuff(scratch_.codeword, segment.bytes.data(), size);
    if (raw) {
      raw_decoder_.start(scratch_.codeword, end);
    } else {
      decoder_.start(scratch_.codeword, end);
    }
    for (int i = 0; i < segment.passes; ++i) {
      if (is_raw(pass_, job_.style) != raw) fail("a codeword segment goes on across a change of coder");
      decode_pass(raw);
    }
  }

  void decode_pass(bool raw) {
    plane_ = job_.planes - 1 - (pass_ + 2) / 3;
    switch (pass_ % 3) {
      case 0:
        clean_up();
        break;
      case 1:
        raw ? propagate(raw_decoder_) : propagate(decoder_);
        break;
      default:
        raw ? refine_raw() : refine();
        break;
    }
    if (job_.style & kStyleReset) reset_mq_contexts(scratch_.contexts);
    ++pass_;
  }

  uint64_t* plane_words() { return scratch_.planes + std::size_t(plane_) * grid_.size(); }

  // ---- one sample

  // The samples of a word that a pass changes.
  struct Word {
    uint64_t fresh = 0, negative = 0;
  };

  [[gnu::always_inline]] static uint32_t decode_zero(MqDecoder& decoder, const uint8_t* labels, MqWord* contexts,
                                                     uint32_t flags, int row) {
    return decoder.decode(contexts[labels[flags >> 3 * row & 0x1FF]]);
  }
  [[gnu::always_inline]] static uint32_t decode_zero(RawDecoder& decoder, const uint8_t*, MqWord*, uint32_t, int) {
    return decoder.get(1);
  }
  [[gnu::always_inline]] static uint32_t decode_sign(MqDecoder& decoder, MqWord* contexts, uint32_t flags, int row) {
    const uint8_t context = kSignContexts[sign_index(flags, row)];
    return decoder.decode(contexts[context & 31]) ^ context >> 7;
  }
  [[gnu::always_inline]] static uint32_t decode_sign(RawDecoder& decoder, MqWord*, uint32_t, int) {
    return decoder.get(1);
  }

  // A word's flags, and those of the stripes above and below; `edges` has what a sample of each row may have to tell.
  struct Columns {
    uint32_t* own;
    uint32_t* edges[4];
  };
  Columns columns_of(int s, int w) {
    uint32_t* own = scratch_.flags + std::size_t(s + 1) * flag_pitch_ + 1 + 16 * w;
    uint32_t* unused = scratch_.unused_flags + 1;
    uint32_t* above = stripe_below_ != 0 ? own - flag_pitch_ : unused;
    return {own, {above, unused, unused, own + flag_pitch_}};
  }

  // Tells the neighbours of bit i. Which stripe has some is close to random, so there are no branches on it.
  [[gnu::always_inline]] static void spread_significance(const Columns& columns, int i, uint32_t sign) {
    const int row = i & 3;
    uint32_t* own = columns.own + (i >> 2);
    own[-1] |= 1u << (3 * row + 5) | sign << (kRightSigns + row);
    own[0] |= 1u << (3 * row + 4) | sign << (kOwnSigns + 1 + row);
    own[1] |= 1u << (3 * row + 3) | sign << (kLeftSigns + row);
    // Row 0 is row 4 of the stripe above, row 3 is row -1 of the one below.
    const int far_row = row == 0 ? 5 : 0;
    uint32_t* edge = columns.edges[row] + (i >> 2);
    edge[-1] |= 4u << 3 * far_row;
    edge[0] |= 2u << 3 * far_row | sign << (kOwnSigns + far_row);
    edge[1] |= 1u << 3 * far_row;
  }

  template <class Decoder>
  [[gnu::always_inline]] void make_significant(Decoder& decoder, MqWord* contexts, const Columns& columns, int i,
                                               Word& word) {
    const uint32_t sign = decode_sign(decoder, contexts, columns.own[i >> 2], i & 3);
    spread_significance(columns, i, sign);
    word.fresh |= uint64_t{1} << i;
    word.negative |= uint64_t{sign} << i;
  }

  void keep(std::size_t at, const Word& word) {
    scratch_.significant[at] |= word.fresh;
    scratch_.negative[at] |= word.negative;
    plane_words()[at] |= word.fresh;
  }

  // ---- passes: kept apart, each with its coder in registers

  template <class Decoder>
  [[gnu::noinline]] void propagate(Decoder& state) {
    Decoder decoder = state;
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) {
        const std::size_t at = grid_.at(s, w);
        const uint64_t* map = scratch_.significant + at;
        const uint64_t open = ~*map & grid_.valid(s, w);
        const uint64_t near = gather_neighbours(map, grid_.pitch, *map, *map, stripe_below_).any() & open;
        scratch_.visited[at] = near;
        if (near != 0) propagate_word(decoder, at, columns_of(s, w), near, open);
      }
    }
    state = decoder;
  }

  template <class Decoder>
  [[gnu::always_inline]] void propagate_word(Decoder& decoder, std::size_t at, Columns columns, uint64_t todo,
                                             uint64_t open) {
    MqWord* const contexts = scratch_.contexts;
    const uint8_t* const labels = zero_contexts_;
    uint64_t reached = 0;
    Word word;
    do {
      const int i = std::countr_zero(todo);
      todo &= todo - 1;
      if (decode_zero(decoder, labels, contexts, columns.own[i >> 2], i & 3) == 0) continue;
      make_significant(decoder, contexts, columns, i, word);
      const uint64_t later = later_neighbours(uint64_t{1} << i) & open;
      todo |= later;
      reached |= later;
    } while (todo != 0);
    scratch_.visited[at] |= reached;
    keep(at, word);
  }

  [[gnu::noinline]] void refine() {
    MqDecoder decoder = decoder_;
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) {
        const std::size_t at = grid_.at(s, w);
        const uint64_t* map = scratch_.significant + at;
        const uint64_t members = *map & ~scratch_.visited[at];
        if (members == 0) continue;
        const uint64_t again = scratch_.refined[at];
        scratch_.refined[at] = again | members;
        const uint64_t near = gather_neighbours(map, grid_.pitch, *map, *map, stripe_below_).any() & ~again;
        plane_words()[at] |= refine_word(decoder, members, again, near);
      }
    }
    decoder_ = decoder;
  }

  // Table D.4. The next sample's label doesn't depend on this one's symbol, so its context is loaded ahead; if it is
  // the same one, it isn't in memory yet.
  [[gnu::always_inline]] uint64_t refine_word(MqDecoder& decoder, uint64_t members, uint64_t again, uint64_t near) {
    MqWord* const contexts = scratch_.contexts + kFirstRefinementContext;
    const auto label_of = [&](uint64_t todo) {
      const int i = std::countr_zero(todo) & 63;
      return std::size_t((again >> i & 1) << 1 | (near >> i & 1));
    };
    uint64_t ones = 0;
    std::size_t label = label_of(members);
    MqWord context = contexts[label];
    do {
      const uint64_t bit = members & (0 - members);
      members ^= bit;
      const std::size_t next_label = label_of(members);
      const MqWord next_context = contexts[next_label];
      ones |= bit & (0 - uint64_t{decoder.decode(context)});
      contexts[label] = context;
      context = select(label ^ next_label, next_context, context);
      label = next_label;
    } while (members != 0);
    return ones;
  }

  void refine_raw() {
    RawDecoder decoder = raw_decoder_;
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) {
        const std::size_t at = grid_.at(s, w);
        const uint64_t members = scratch_.significant[at] & ~scratch_.visited[at];
        const int count = count_ones(members);
        uint64_t bits = decoder.get(std::min(count, 32));
        if (count > 32) bits |= uint64_t{decoder.get(count - 32)} << 32;
        scratch_.refined[at] |= members;
        plane_words()[at] |= spread_bits(bits, members);
      }
    }
    raw_decoder_ = decoder;
  }

  [[gnu::noinline]] void clean_up() {
    MqDecoder decoder = decoder_;
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) {
        const std::size_t at = grid_.at(s, w);
        const uint64_t* map = scratch_.significant + at;
        const uint64_t members = grid_.valid(s, w) & ~*map & ~scratch_.visited[at];
        scratch_.visited[at] = 0;
        if (members == 0) continue;
        uint64_t quiet = members & ~gather_neighbours(map, grid_.pitch, *map, *map, stripe_below_).any();
        quiet &= quiet >> 1;
        const uint64_t runs = quiet & quiet >> 2 & EbcotGrid::kFirstRow;
        keep(at, clean_up_word(decoder, columns_of(s, w), members, runs));
      }
    }
    if (job_.style & kStyleSegmentation) {
      for (int i = 0; i < 4; ++i) decoder.decode(scratch_.contexts[kUniformContext]);
    }
    decoder_ = decoder;
  }

  // `runs` has the first rows' bits of columns in run mode; the other rows join only when it ends.
  [[gnu::always_inline]] Word clean_up_word(MqDecoder& decoder, Columns columns, uint64_t members, uint64_t runs) {
    MqWord* const contexts = scratch_.contexts;
    const uint8_t* const labels = zero_contexts_;
    Word word;
    uint64_t todo = members & ~(runs * 14);
    while (todo != 0) {
      int i = std::countr_zero(todo);
      const uint64_t bit = todo & (0 - todo);
      todo ^= bit;
      if ((runs & bit) != 0) {
        if (decoder.decode(contexts[kRunContext]) == 0) continue;
        const uint32_t high = decoder.decode(contexts[kUniformContext]);
        const uint32_t first = high << 1 | decoder.decode(contexts[kUniformContext]);
        todo |= bit * (uint64_t{0xE} << first & 0xF);
        i += int(first);
      } else if (decode_zero(decoder, labels, contexts, columns.own[i >> 2], i & 3) == 0) {
        continue;
      }
      make_significant(decoder, contexts, columns, i, word);
      // The next column isn't quiet any more.
      const uint64_t woken = runs & uint64_t{16} << (i & ~3);
      runs ^= woken;
      todo |= woken * 14;
    }
    return word;
  }

  // ---- bit-planes to samples

  void join() {
    const bool any = pass_ > 0;
    const int last = pass_ - 1;
    JoinJob join{};
    join.plane_pitch = grid_.size();
    join.plane_count = any ? job_.planes - plane_ : 0;
    join.shift = (any ? plane_ : 0) + job_.fraction_bits;
    for (int s = 0; s < grid_.stripes; ++s) {
      for (int w = 0; w < grid_.words; ++w) {
        const std::size_t at = grid_.at(s, w);
        join.planes = scratch_.planes + std::size_t(any ? plane_ : 0) * grid_.size() + at;
        join.negative = scratch_.negative[at];
        join.complete = ~uint64_t{0};
        if (last % 3 == 1) join.complete = scratch_.visited[at];
        if (last % 3 == 2) join.complete = scratch_.visited[at] | scratch_.significant[at];
        join_one(join, s, w);
      }
    }
  }

  void join_one(const JoinJob& join, int s, int w) {
    const int rows = std::min(4, job_.height - 4 * s), columns = std::min(16, job_.width - 16 * w);
    T* samples = job_.samples + std::size_t(4 * s) * job_.stride + std::size_t(16 * w);
    if (rows == 4 && columns == 16) return join_word(join, samples, job_.stride);
    alignas(64) T padded[64];
    join_word(join, padded, 16);
    for (int y = 0; y < rows; ++y) {
      std::memcpy(samples + std::size_t(y) * job_.stride, padded + 16 * y, std::size_t(columns) * sizeof(T));
    }
  }

  const EbcotDecodeJobOf<T>& job_;
  EbcotScratch& scratch_;
  const EbcotGrid grid_;
  const std::size_t flag_pitch_;
  const uint64_t stripe_below_;
  const uint8_t* const zero_contexts_;
  MqDecoder decoder_;
  RawDecoder raw_decoder_;
  int pass_ = 0;
  int plane_ = 0;
};

}  // namespace blosc2_grok::j2k::EBCOT_NAMESPACE
