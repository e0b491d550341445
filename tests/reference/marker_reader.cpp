// SPDX-License-Identifier: BSD-3-Clause
/// Reads main and tile-part headers (ISO/IEC 15444-1 A.4 to A.9) and collects the packets of each tile.
#include <algorithm>
#include <string>

#include "geometry.hpp"
#include "markers.hpp"

namespace blosc2_grok::reference {

namespace {

enum Marker { SOC = 0xFF4F, CAP = 0xFF50, SIZ = 0xFF51, COD = 0xFF52, COC = 0xFF53, QCD = 0xFF5C, QCC = 0xFF5D };
enum : int { RGN = 0xFF5E, POC = 0xFF5F, PPM = 0xFF60, PPT = 0xFF61, SOT = 0xFF90, SOD = 0xFF93, EOC = 0xFFD9 };

/// Big-endian numbers from a range of bytes.
class Cursor {
 public:
  Cursor(const Bytes& bytes, size_t position, size_t end) : bytes_(bytes), position_(position), end_(end) {}
  int64_t get(int count) {
    int64_t value = 0;
    for (int i = 0; i < count; ++i) {
      if (position_ >= end_) throw Error("truncated header");
      value = value << 8 | bytes_[position_++];
    }
    return value;
  }
  bool done() const { return position_ >= end_; }
  size_t position() const { return position_; }

 private:
  const Bytes& bytes_;
  size_t position_;
  size_t end_;
};

/// A.5.1, and what a slow decoder can hold: 2^26 samples, 65535 tiles.
void check_sizes(const Siz& s) {
  if (s.x0 >= s.x1 || s.y0 >= s.y1 || s.components < 1) throw Error("image without samples");
  if (s.bits > (s.is_signed ? 32 : 31)) throw Error("samples that 32 signed bits do not hold are not covered");
  if (s.tile_width < 1 || s.tile_height < 1 || s.tile_x0 > s.x0 || s.tile_y0 > s.y0 ||
      s.tile_x0 + s.tile_width <= s.x0 || s.tile_y0 + s.tile_height <= s.y0)
    throw Error("the first tile must hold the first sample");
  if ((s.x1 - s.x0) > (int64_t{1} << 26) / (s.y1 - s.y0) / s.components) throw Error("image too large");
  if (tile_count(s) > 65535) throw Error("more than 65535 tiles");
}

void read_siz(Cursor in, Parameters& p) {
  in.get(2);  // Rsiz
  Siz& s = p.siz;
  s.x1 = in.get(4), s.y1 = in.get(4), s.x0 = in.get(4), s.y0 = in.get(4);
  s.tile_width = in.get(4), s.tile_height = in.get(4), s.tile_x0 = in.get(4), s.tile_y0 = in.get(4);
  s.components = in.get(2);
  for (int c = 0; c < s.components; ++c) {
    const int depth = in.get(1);
    if (c > 0 && (s.bits != (depth & 0x7F) + 1 || s.is_signed != (depth >> 7)))
      throw Error("components of different depth are not covered");
    s.bits = (depth & 0x7F) + 1;
    s.is_signed = depth >> 7;
    if (in.get(1) != 1 || in.get(1) != 1) throw Error("subsampled components are not covered");
  }
  check_sizes(s);
  p.components.resize(s.components);
}

/// SPcod or SPcoc, Table A.15.
Coding read_coding(Cursor& in, bool has_precincts) {
  Coding coding;
  coding.levels = in.get(1);
  coding.xcb = in.get(1) + 2;
  coding.ycb = in.get(1) + 2;
  coding.style = in.get(1);
  coding.reversible = in.get(1) == 1;
  if (coding.levels > 32 || coding.xcb > 10 || coding.ycb > 10 || coding.xcb + coding.ycb > 12)
    throw Error("decomposition levels or code-block size out of range");
  if (coding.style & kMixed) throw Error("mixed HT and Part 1 code-blocks are not covered");
  for (int r = 0; r <= coding.levels; ++r) {
    const int pp = has_precincts ? in.get(1) : 0xFF;
    coding.precincts.push_back({pp & 15, pp >> 4});
  }
  return coding;
}

/// SPqcd or SPqcc to the end of the segment, Table A.28.
Quantization read_quantization(Cursor& in) {
  Quantization q;
  const int sqcd = in.get(1);
  q.style = sqcd & 31;
  q.guard_bits = sqcd >> 5;
  if (q.style > 2) throw Error("unknown quantization style");
  while (!in.done()) {
    const int value = in.get(q.style == 0 ? 1 : 2);
    q.steps.push_back(q.style == 0 ? StepSize{value >> 3, 0} : StepSize{value >> 11, value & 0x7FF});
  }
  return q;
}

/// One header: what it says of single components wins over what it says of all (A.6.1, A.6.2, A.6.4, A.6.5).
class HeaderReader {
 public:
  explicit HeaderReader(Parameters& p) : p_(p), has_coc_(p.components.size()), has_qcc_(p.components.size()) {}

  void read(int marker, Cursor in) {
    switch (marker) {
      case COD:
        return read_cod(in);
      case COC:
        return read_coc(in);
      case QCD:
        return read_qcd(in);
      case QCC:
        return read_qcc(in);
      case RGN:
      case POC:
      case PPM:
      case PPT:
        throw Error("marker " + std::to_string(marker) + " is not covered");
      default:
        return;  // CAP, COM, TLM, PLT, CRG and others change nothing here
    }
  }

 private:
  size_t component_index(Cursor& in) {
    const size_t c = in.get(p_.siz.components < 257 ? 1 : 2);
    if (c >= p_.components.size()) throw Error("header of a component that does not exist");
    return c;
  }

  void read_cod(Cursor& in) {
    const int scod = in.get(1);
    p_.sop = scod >> 1 & 1;
    p_.eph = scod >> 2 & 1;
    const int order = in.get(1);
    if (order > 4) throw Error("unknown progression order");
    p_.progression = static_cast<Progression>(order);
    p_.layers = in.get(2);
    p_.mct = in.get(1);
    const Coding coding = read_coding(in, scod & 1);
    for (size_t c = 0; c < p_.components.size(); ++c)
      if (!has_coc_[c]) p_.components[c].coding = coding;
  }

  void read_coc(Cursor& in) {
    const size_t c = component_index(in);
    const bool has_precincts = in.get(1) & 1;
    p_.components[c].coding = read_coding(in, has_precincts);
    has_coc_[c] = true;
  }

  void read_qcd(Cursor& in) {
    const Quantization q = read_quantization(in);
    for (size_t c = 0; c < p_.components.size(); ++c)
      if (!has_qcc_[c]) p_.components[c].quantization = q;
  }

  void read_qcc(Cursor& in) {
    const size_t c = component_index(in);
    p_.components[c].quantization = read_quantization(in);
    has_qcc_[c] = true;
  }

  Parameters& p_;
  std::vector<bool> has_coc_;
  std::vector<bool> has_qcc_;
};

/// Reads segments up to the marker `last` and returns the position after it.
size_t read_header(const Bytes& bytes, size_t position, int last, HeaderReader& header, int* found = nullptr) {
  while (true) {
    Cursor in(bytes, position, bytes.size());
    const int marker = in.get(2);
    if (found != nullptr) *found = marker;
    if (marker == last || marker == EOC) return in.position();
    if (marker < 0xFF00) throw Error("no marker where one must be");
    const int64_t length = in.get(2);
    if (length < 2 || position + 2 + length > bytes.size()) throw Error("truncated header");
    header.read(marker, Cursor(bytes, in.position(), position + 2 + length));
    position += 2 + length;
  }
}

/// COD and QCD must have been there, with a step for every band.
void check_complete(const Parameters& p) {
  for (const ComponentParameters& c : p.components) {
    if (c.coding.precincts.empty()) throw Error("no COD marker segment");
    const size_t needed = c.quantization.style == 1 ? 1 : 3 * c.coding.levels + 1;
    if (c.quantization.steps.size() < needed) throw Error("fewer quantization steps than subbands");
  }
}

/// From behind the SOT marker; returns where the next tile-part begins.
size_t read_tile_part(const Bytes& bytes, size_t position, Codestream& stream) {
  Cursor sot(bytes, position, bytes.size());
  sot.get(2);
  const size_t index = sot.get(2);
  const size_t length = sot.get(4);
  sot.get(2);
  if (index >= stream.tiles.size()) throw Error("tile-part of a tile that does not exist");
  const size_t end = length == 0 ? bytes.size() - 2 : position - 2 + length;  // Psot 0: up to EOC, A.4.2
  if (end > bytes.size()) throw Error("tile-part runs past the end");
  TileStream& tile = stream.tiles[index];
  if (!tile.seen) tile.parameters = stream.parameters;
  tile.seen = true;
  HeaderReader header(tile.parameters);
  const size_t begin = read_header(bytes, sot.position(), SOD, header);
  check_complete(tile.parameters);
  if (begin > end) throw Error("tile-part header longer than the tile-part");
  tile.data.insert(tile.data.end(), bytes.begin() + begin, bytes.begin() + end);
  return end;
}

}  // namespace

Codestream read_codestream(const Bytes& bytes) {
  Cursor start(bytes, 0, bytes.size());
  if (start.get(2) != SOC || start.get(2) != SIZ) throw Error("no codestream");
  const size_t siz_end = 4 + start.get(2);
  Codestream stream;
  read_siz(Cursor(bytes, 6, std::min(siz_end, bytes.size())), stream.parameters);
  stream.tiles.resize(tile_count(stream.parameters.siz));
  HeaderReader header(stream.parameters);
  int marker = 0;
  size_t position = read_header(bytes, siz_end, SOT, header, &marker);
  while (marker == SOT) {
    position = read_tile_part(bytes, position, stream);
    Cursor next(bytes, position, bytes.size());
    marker = next.get(2);
    position = next.position();
  }
  if (marker != EOC) throw Error("no EOC marker");
  return stream;
}

}  // namespace blosc2_grok::reference
