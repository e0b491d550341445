// SPDX-License-Identifier: BSD-3-Clause
// Reading and writing of the COM segment; the layout is in docs/format.md.
#include "segment.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace blosc2_grok {
namespace {

constexpr std::array<uint8_t, 8> kSignature{'B', '2', 'G', 'R', 'O', 'K', 0x1a, 0x9c};
constexpr size_t kSignatureAt = 6;  // after marker, length and Rcom
constexpr size_t kChecksumAt = kSignatureAt + 8 + 1 + 1 + 2;
constexpr size_t kChecksumBytes = 8;
constexpr size_t kFieldsAt = kChecksumAt + kChecksumBytes;
// Two unrelated byte strings differ in 32 of 64 bits, give or take 4: so near to the signature means damaged.
constexpr int kDamagedBits = 12;

enum class Tag : uint8_t {
  kSample = 1,
  kLayout = 2,
  kValid = 3,
  kEngine = 4,
  kLoss = 5,
  kSamplesChecksum = 6,
  kMapping = 0x81,
  kKept = 0x82
};
constexpr uint8_t kFlagLossy = 1, kFlagShuffled = 2, kFlagBytes = 4, kKnownFlags = 7;
constexpr uint8_t kNoAxis = 0xff;

class FieldWriter {
 public:
  template <class Body>
  void field(Tag tag, Body&& body) {
    std::vector<uint8_t> value;
    body(value);
    fields.push_back(static_cast<uint8_t>(tag));
    append_big_endian(fields, value.size(), 2);
    append(fields, value);
    ++count;
  }
  std::vector<uint8_t> fields;
  uint16_t count = 0;
};

void write_layout(std::vector<uint8_t>& value, const Layout& layout) {
  for (const int axis : {layout.roles.row, layout.roles.column, layout.roles.channel}) {
    value.push_back(axis < 0 ? kNoAxis : static_cast<uint8_t>(axis));
  }
  for (const uint32_t extent : layout.extents) append_count(value, extent);
}

Layout parse_layout(ByteReader reader) {
  Layout layout;
  const auto role = [&] {
    const uint8_t axis = reader.byte();
    return axis == kNoAxis ? -1 : int{axis};
  };
  layout.roles.row = role(), layout.roles.column = role(), layout.roles.channel = role();
  uint64_t samples = 1;
  while (!reader.at_end()) {
    const uint64_t extent = reader.count();
    if (extent < 2 || extent > INT32_MAX || (samples *= extent) > INT32_MAX || layout.extents.size() == 16) {
      throw Error(ErrorCode::kData, "segment: the layout has more than 16 axes, or an extent of ", extent);
    }
    layout.extents.push_back(static_cast<uint32_t>(extent));
  }
  const AxisRoles& roles = layout.roles;
  for (const int axis : {roles.row, roles.column, roles.channel}) {
    if (axis >= static_cast<int>(layout.extents.size())) throw Error(ErrorCode::kData, "segment: no axis ", axis);
  }
  const auto equal = [](int a, int b) { return a >= 0 && a == b; };
  if (equal(roles.row, roles.column) || equal(roles.row, roles.channel) || equal(roles.column, roles.channel)) {
    throw Error(ErrorCode::kData, "segment: one axis has two roles");
  }
  return layout;
}

SampleType parse_sample(ByteReader reader) {
  const uint8_t code = reader.byte();
  const SampleType sample{static_cast<uint8_t>(code & 0x0f), (code & 0x10) != 0, (code & 0x20) != 0,
                          (code & 0x40) != 0};
  if (!std::has_single_bit(sample.bytes) || sample.bytes > 8 || code > 0x7f || (sample.is_float && sample.bytes < 2)) {
    throw Error(ErrorCode::kData, "segment: sample type ", int{code}, " is not known");
  }
  return sample;
}

double read_double(ByteReader& reader) { return std::bit_cast<double>(reader.big_endian(8)); }

void write_mapping(std::vector<uint8_t>& value, const Mapping& mapping) {
  value.push_back(static_cast<uint8_t>(mapping.kind));
  value.push_back(mapping.words);
  append_big_endian(value, mapping.offset, 8);
  append_big_endian(value, std::bit_cast<uint64_t>(mapping.step), 8);
  append_big_endian(value, std::bit_cast<uint64_t>(mapping.origin), 8);
}

Mapping parse_mapping(ByteReader reader) {
  Mapping mapping;
  const uint8_t kind = reader.byte();
  mapping.kind = static_cast<MapKind>(kind);
  mapping.words = reader.byte();
  mapping.offset = reader.big_endian(8);
  mapping.step = read_double(reader);
  mapping.origin = read_double(reader);
  // A grid of integers counts its step in 63 bits.
  const bool is_sane = std::isfinite(mapping.origin) && mapping.step >= 0 && mapping.step < 0x1p1023;
  if (kind < 1 || kind > 4 || mapping.words < 1 || mapping.words > 4 || !is_sane) {
    throw Error(ErrorCode::kData, "segment: mapping ", int{kind}, " of ", int{mapping.words}, " words and step ",
                mapping.step, " is not known");
  }
  return mapping;
}

void parse_field(Segment& segment, uint8_t tag, ByteReader value) {
  switch (static_cast<Tag>(tag)) {
    case Tag::kSample:
      segment.sample = parse_sample(value);
      return;
    case Tag::kLayout:
      segment.layout = parse_layout(value);
      return;
    case Tag::kValid: {
      const auto extent = [&] { return static_cast<uint32_t>(std::min<uint64_t>(value.count(), UINT32_MAX)); };
      ValidExtent valid;
      valid.planes = extent(), valid.rows = extent(), valid.columns = extent();
      segment.valid = valid;
      return;
    }
    case Tag::kEngine: {
      segment.engine.id = value.byte();
      std::ranges::copy(value.take(3), segment.engine.engine_version.begin());
      std::ranges::copy(value.take(3), segment.engine.plugin_version.begin());
      return;
    }
    case Tag::kLoss: {
      LossRecord loss;
      loss.max_error = read_double(value), loss.mse = read_double(value);
      segment.loss = loss;
      return;
    }
    case Tag::kMapping:
      segment.mapping = parse_mapping(value);
      return;
    case Tag::kKept:
      segment.kept = parse_kept(value.take(value.left()));
      return;
    case Tag::kSamplesChecksum:
      segment.samples_checksum = value.big_endian(8);
      return;
  }
  // Tags from 128 on change how samples are read: not knowing one is an error; the others may be passed over.
  if (tag >= 0x80) {
    throw Error(ErrorCode::kData, "segment: field ", int{tag}, " is of a later version of blosc2_grok");
  }
}

Segment parse_segment(ByteSpan bytes) {
  ByteReader reader(bytes, "segment");
  reader.take(kSignatureAt + kSignature.size());
  const uint8_t version = reader.byte();
  if (version != kFormatVersion) {
    throw Error(ErrorCode::kData, "block has format version ", int{version}, ", this blosc2_grok reads ",
                int{kFormatVersion});
  }
  Segment segment;
  const uint8_t flags = reader.byte();
  if ((flags & ~kKnownFlags) != 0) throw Error(ErrorCode::kData, "segment: flags ", int{flags}, " are not known");
  segment.is_lossy = (flags & kFlagLossy) != 0;
  segment.is_bytes = (flags & kFlagBytes) != 0;
  const auto count = reader.big_endian(2);
  reader.take(kChecksumBytes);
  if ((flags & kFlagShuffled) != 0) segment.shuffled_typesize = reader.byte();
  for (uint64_t i = 0; i < count; ++i) {
    const uint8_t tag = reader.byte();
    parse_field(segment, tag, ByteReader(reader.take(reader.big_endian(2)), "segment field"));
  }
  if (!reader.at_end()) throw Error(ErrorCode::kData, "segment: ", reader.left(), " bytes after the last field");
  return segment;
}

// Whether eight bytes of a header are what is left of the signature: few bits differ, or half of it stands side by
// side. Of random bytes one place in 2^22 looks so by the first rule, one in 2^30 by the second.
bool is_damaged_signature(ByteSpan window) {
  int bits = 0;
  size_t run = 0, longest = 0;
  for (size_t i = 0; i < kSignature.size(); ++i) {
    bits += std::popcount(static_cast<uint8_t>(window[i] ^ kSignature[i]));
    run = window[i] == kSignature[i] ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return bits <= kDamagedBits || longest >= kSignature.size() / 2;
}

// XXH3-64 of the block with the checksum's own bytes read as zeros.
uint64_t checksum_without(ByteSpan block, size_t checksum_offset) {
  constexpr std::array<uint8_t, kChecksumBytes> kZeros{};
  // A state on the stack would be 64-byte aligned by the library's own macro; its reset is cheap beside a block.
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, block.data(), checksum_offset);
  XXH3_64bits_update(&state, kZeros.data(), kZeros.size());
  const ByteSpan rest = block.subspan(checksum_offset + kChecksumBytes);
  XXH3_64bits_update(&state, rest.data(), rest.size());
  return XXH3_64bits_digest(&state);
}

// Earlier plugins left comments of text only (Rcom 1): any other is our segment with its signature gone.
bool is_text(ByteSpan comment) {
  if (comment.size() < kSignatureAt) return true;  // nothing in it
  const auto is_printed = [](uint8_t c) { return c >= ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0; };
  return load_big_endian(comment.subspan(4, 2)) == 1 && std::ranges::all_of(comment.subspan(kSignatureAt), is_printed);
}

}  // namespace

uint64_t checksum(ByteSpan bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::vector<uint8_t> make_segment(const Segment& segment) {
  FieldWriter writer;
  writer.field(Tag::kSample, [&](auto& value) {
    value.push_back(static_cast<uint8_t>(segment.sample.bytes | (segment.sample.is_signed ? 0x10 : 0) |
                                         (segment.sample.is_big_endian ? 0x20 : 0) |
                                         (segment.sample.is_float ? 0x40 : 0)));
  });
  writer.field(Tag::kLayout, [&](auto& value) { write_layout(value, segment.layout); });
  if (segment.valid) {
    writer.field(Tag::kValid, [&](auto& value) {
      for (const uint32_t extent : {segment.valid->planes, segment.valid->rows, segment.valid->columns}) {
        append_count(value, extent);
      }
    });
  }
  if (segment.mapping) writer.field(Tag::kMapping, [&](auto& value) { write_mapping(value, *segment.mapping); });
  if (!segment.kept.empty())
    writer.field(Tag::kKept, [&](auto& value) { append(value, serialize_kept(segment.kept)); });
  writer.field(Tag::kEngine, [&](auto& value) {
    value.push_back(segment.engine.id);
    append(value, segment.engine.engine_version);
    append(value, segment.engine.plugin_version);
  });
  if (segment.loss) {
    writer.field(Tag::kLoss, [&](auto& value) {
      append_big_endian(value, std::bit_cast<uint64_t>(segment.loss->max_error), 8);
      append_big_endian(value, std::bit_cast<uint64_t>(segment.loss->mse), 8);
    });
  }
  if (segment.samples_checksum) {
    writer.field(Tag::kSamplesChecksum, [&](auto& value) { append_big_endian(value, *segment.samples_checksum, 8); });
  }
  const bool is_shuffled = segment.shuffled_typesize != 0;
  std::vector<uint8_t> out;
  append_big_endian(out, marker::kCom, 2);
  append_big_endian(out, kFieldsAt - 2 + (is_shuffled ? 1 : 0) + writer.fields.size(), 2);
  append_big_endian(out, 0, 2);  // Rcom: binary
  append(out, kSignature);
  out.push_back(kFormatVersion);
  out.push_back(static_cast<uint8_t>((segment.is_lossy ? kFlagLossy : 0) | (is_shuffled ? kFlagShuffled : 0) |
                                     (segment.is_bytes ? kFlagBytes : 0)));
  append_big_endian(out, writer.count, 2);
  append_big_endian(out, 0, kChecksumBytes);
  if (is_shuffled) out.push_back(segment.shuffled_typesize);
  append(out, writer.fields);
  return out;
}

void seal(std::span<uint8_t> stored_block, size_t segment_offset) {
  const size_t at = segment_offset + kChecksumAt;
  std::vector<uint8_t> sum;
  append_big_endian(sum, checksum_without(stored_block, at), kChecksumBytes);
  std::ranges::copy(sum, stored_block.begin() + static_cast<std::ptrdiff_t>(at));
}

std::optional<Segment> read_segment(ByteSpan stored_block, ByteSpan codestream, const CodestreamHeader& header) {
  const auto is_ours = [&](size_t comment) {
    return segment_size(codestream, comment) >= kFieldsAt &&
           std::ranges::equal(codestream.subspan(comment + kSignatureAt, kSignature.size()), kSignature);
  };
  const auto found = std::ranges::find_if(header.comments, is_ours);
  if (found == header.comments.end()) {
    for (size_t at = 0; at + kSignature.size() <= header.first_tile_part; ++at) {
      if (is_damaged_signature(codestream.subspan(at, kSignature.size()))) {
        throw Error(ErrorCode::kData, "block is damaged: its own segment at ", at, " can't be read");
      }
    }
    for (const size_t at : header.comments) {
      if (!is_text(codestream.subspan(at, segment_size(codestream, at)))) {
        throw Error(ErrorCode::kData, "block is damaged: the binary comment at ", at, " has lost its signature");
      }
    }
    return std::nullopt;
  }
  const ByteSpan bytes = codestream.subspan(*found, segment_size(codestream, *found));
  const size_t at = static_cast<size_t>(codestream.data() - stored_block.data()) + *found + kChecksumAt;
  const uint64_t stored = load_big_endian(bytes.subspan(kChecksumAt, kChecksumBytes));
  const uint64_t computed = checksum_without(stored_block, at);
  if (stored != computed) {
    throw Error(ErrorCode::kData, "block of ", stored_block.size(), " bytes is damaged: its checksum is ", std::hex,
                computed, ", ", stored, " was stored");
  }
  return parse_segment(bytes);
}

}  // namespace blosc2_grok
