// SPDX-License-Identifier: BSD-3-Clause
/// The HT significance propagation and magnitude refinement passes (ISO/IEC 15444-15 clauses 7.4 and 7.5).
#include "ht_passes.hpp"
#include "ht_streams.hpp"

namespace blosc2_grok::reference {

std::vector<Position> stripe_positions(const Grid& grid, int64_t x0, int64_t x1, int64_t y0) {
  std::vector<Position> positions;
  for (int64_t x = x0; x < x1; ++x)
    for (int64_t y = y0; y < y0 + 4; ++y)
      if (grid.inside(x, y)) positions.push_back({x, y});
  return positions;
}

namespace {

/// One of the eight neighbours is significant. Vertically causal: the next stripe does not count (15444-1 D.7).
bool has_significant_neighbour(const Grid& grid, Position p, bool vertically_causal) {
  for (int64_t y = p.y - 1; y <= p.y + 1; ++y)
    for (int64_t x = p.x - 1; x <= p.x + 1; ++x) {
      if (x == p.x && y == p.y) continue;
      if (vertically_causal && y / 4 > p.y / 4) continue;
      if (grid.significant(x, y)) return true;
    }
  return false;
}

/// Clause 7.4: stripes of four rows, cut into groups of four columns; the significance of a group's candidates, in
/// scan order, then the signs of those that became significant. `code_bit` and `code_sign` read or write.
template <class CodeBit, class CodeSign>
void significance_propagation(const Grid& cleanup, bool vertically_causal, CodeBit code_bit, CodeSign code_sign) {
  Grid significance = cleanup;
  for (int64_t y0 = 0; y0 < cleanup.height(); y0 += 4)
    for (int64_t x0 = 0; x0 < cleanup.width(); x0 += 4) {
      std::vector<Position> found;
      for (Position p : stripe_positions(cleanup, x0, x0 + 4, y0)) {
        if (cleanup.significant(p.x, p.y) || !has_significant_neighbour(significance, p, vertically_causal)) continue;
        if (!code_bit(p)) continue;
        significance.set(p.x, p.y, 1);
        found.push_back(p);
      }
      for (Position p : found) code_sign(p);
    }
}

/// Clause 7.5: the samples that the cleanup pass left significant, in scan order.
template <class CodeBit>
void magnitude_refinement(const Grid& cleanup, CodeBit code_bit) {
  for (int64_t y0 = 0; y0 < cleanup.height(); y0 += 4)
    for (Position p : stripe_positions(cleanup, 0, cleanup.width(), y0))
      if (cleanup.significant(p.x, p.y)) code_bit(p);
}

}  // namespace

Bytes encode_refinement(const Grid& cleanup, const Grid& bit_plane, const std::vector<uint8_t>& negative, int passes,
                        bool vertically_causal) {
  ForwardBitWriter sigprop;
  const auto put_bit = [&](Position p) {
    sigprop.put(bit_plane.significant(p.x, p.y));
    return bit_plane.significant(p.x, p.y) != 0;
  };
  significance_propagation(cleanup, vertically_causal, put_bit,
                           [&](Position p) { sigprop.put(negative[p.y * cleanup.width() + p.x]); });
  Bytes segment = sigprop.finish_sigprop();
  if (passes > 2) {
    BackwardBitWriter magref = BackwardBitWriter::for_magref();
    magnitude_refinement(cleanup, [&](Position p) { magref.put(bit_plane.significant(p.x, p.y)); });
    const Bytes bytes = magref.finish();
    segment.insert(segment.end(), bytes.begin(), bytes.end());
  }
  if (segment.empty()) segment.push_back(0);
  return segment;
}

Refinement decode_refinement(const Bytes& segment, const Grid& cleanup, std::vector<uint8_t>& negative, int passes,
                             bool vertically_causal) {
  Refinement result{Grid(cleanup.width(), cleanup.height()), std::vector<uint8_t>(negative.size())};
  const auto take = [&](Position p, int bit) {
    result.bits.set(p.x, p.y, bit);
    result.refined[p.y * cleanup.width() + p.x] = 1;
    return bit != 0;
  };
  ForwardBitReader sigprop(segment, 0);
  significance_propagation(
      cleanup, vertically_causal, [&](Position p) { return take(p, sigprop.get()); },
      [&](Position p) { negative[p.y * cleanup.width() + p.x] = sigprop.get(); });
  if (passes > 2) {
    BackwardBitReader magref = BackwardBitReader::for_magref(segment);
    magnitude_refinement(cleanup, [&](Position p) { take(p, magref.get()); });
  }
  return result;
}

}  // namespace blosc2_grok::reference
