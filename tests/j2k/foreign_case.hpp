// SPDX-License-Identifier: BSD-3-Clause
// Random streams of OpenJPEG with SOP and EPH, half of those of one tile with progression order changes.
#pragma once

#include "openjpeg_encoder.hpp"
#include "restream.hpp"

namespace blosc2_grok::j2k::test {

struct ForeignCase {
  Image image;
  Bytes bytes;         // empty: OpenJPEG refuses
  TakenStream stream;  // the same, but that the order may change
  bool is_reversible = false;
  std::string name;
};

// Runs of resolutions, each in an order of its own: OpenJPEG writes wrong streams where ranges overlap.
inline void add_runs_of_resolutions(uint32_t components, opj_cparameters_t& p, Random& random) {
  OPJ_UINT32 first = 0;
  const auto resolutions = OPJ_UINT32(p.numresolution);
  while (first < resolutions && p.numpocs < 4) {
    opj_poc_t& change = p.POC[p.numpocs++];
    change.tile = 1;
    change.prg1 = OPJ_PROG_ORDER(pick(random, 0, 4));
    change.resno0 = first, change.resno1 = p.numpocs == 4 ? resolutions : pick(random, first + 1, resolutions);
    change.compno1 = components, change.layno1 = OPJ_UINT32(p.tcp_numlayers);
    first = change.resno1;
  }
}

// Any ranges, the last one all that is left. `stream` is one of LRCP, one tile, no offsets, the largest precincts.
inline void add_overlapping_changes(uint32_t components, uint32_t resolutions, uint32_t layers, TakenStream& stream,
                                    Random& random) {
  TakenTile& tile = stream.tiles[0];
  std::vector<Packet> packets;
  std::vector<bool> taken(tile.packets.size());
  Segment poc{0xFF5F, {}};
  tile.parts.clear();
  const auto take = [&](uint32_t l, uint32_t r, uint32_t c) {
    const std::size_t at = (std::size_t{l} * resolutions + r) * components + c;
    if (!taken[at]) packets.push_back(tile.packets[at]);
    taken[at] = true;
  };
  for (uint32_t count = pick(random, 1, 5); count > 0; --count) {
    const bool is_last = count == 1;
    const uint32_t r0 = is_last ? 0 : pick(random, 0, resolutions - 1),
                   c0 = is_last ? 0 : pick(random, 0, components - 1);
    const uint32_t r1 = is_last ? 33 : pick(random, r0 + 1, resolutions);
    const uint32_t c1 = is_last ? components : pick(random, c0 + 1, components);
    const uint32_t l1 = is_last ? 65535 : pick(random, 1, layers), order = pick(random, 0, 4);
    put_number(poc.body, r0, 1), put_number(poc.body, c0, 1), put_number(poc.body, l1, 2);
    put_number(poc.body, r1, 1), put_number(poc.body, c1, 1), put_number(poc.body, order, 1);
    tile.parts.push_back(packets.size());
    const auto each = [](uint32_t from, uint32_t to, auto&& visit) {
      for (uint32_t i = from; i < to; ++i) visit(i);
    };
    const auto layer = [&](auto&& visit) { each(0, std::min(l1, layers), visit); };
    const auto resolution = [&](auto&& visit) { each(r0, std::min(r1, resolutions), visit); };
    const auto component = [&](auto&& visit) { each(c0, c1, visit); };
    if (order == 0)
      layer([&](uint32_t l) { resolution([&](uint32_t r) { component([&](uint32_t c) { take(l, r, c); }); }); });
    if (order == 1)
      resolution([&](uint32_t r) { layer([&](uint32_t l) { component([&](uint32_t c) { take(l, r, c); }); }); });
    if (order == 2)
      resolution([&](uint32_t r) { component([&](uint32_t c) { layer([&](uint32_t l) { take(l, r, c); }); }); });
    if (order >= 3)
      component([&](uint32_t c) { resolution([&](uint32_t r) { layer([&](uint32_t l) { take(l, r, c); }); }); });
  }
  tile.packets = packets;
  stream.main.push_back(poc);
}

inline bool has_plain_packets(const opj_cparameters_t& p) {
  return p.prog_order == OPJ_LRCP && !p.tile_size_on && (p.csty & 1) == 0 && p.image_offset_x0 == 0 &&
         p.image_offset_y0 == 0;
}

inline ForeignCase random_foreign_case(uint64_t seed, Random& random) {
  Case test = random_case(seed, 12, 6);
  OpenJpegCase settings = random_openjpeg_case(test, random);
  opj_cparameters_t& p = settings.parameters;
  p.csty |= 6;
  if (pick(random, 0, 1) == 0) {  // for overlapping changes
    p.prog_order = OPJ_LRCP, p.tile_size_on = OPJ_FALSE, p.csty &= ~1;
    p.image_offset_x0 = p.image_offset_y0 = p.cp_tx0 = p.cp_ty0 = 0;
  } else if (!p.tile_size_on) {
    add_runs_of_resolutions(test.image.components, p, random);
  }
  ForeignCase result{test.image,
                     openjpeg_encode(test.image, p),
                     {},
                     !p.irreversible,
                     test.name + settings.name + ", runs " + std::to_string(p.numpocs)};
  if (result.bytes.empty()) return result;
  result.stream = take_apart(result.bytes);
  if (p.numpocs == 0 && has_plain_packets(p)) {
    add_overlapping_changes(test.image.components, uint32_t(p.numresolution), uint32_t(p.tcp_numlayers), result.stream,
                            random);
  }
  return result;
}

inline std::string describe(const Assembly& how) {
  return ", headers in " + std::to_string(int(how.headers)) + ", sop " + std::to_string(how.sop) + ", eph " +
         std::to_string(how.eph) + ", parts " + std::to_string(how.parts) + ", POC in tiles " +
         std::to_string(how.poc_in_tiles) + ", late " + std::to_string(how.late_segments) + ", same indices " +
         std::to_string(how.same_indices);
}

}  // namespace blosc2_grok::j2k::test
