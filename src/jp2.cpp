// SPDX-License-Identifier: BSD-3-Clause
// The boxes of a JP2 file (ISO/IEC 15444-1 Annex I), read and written.
#include <algorithm>
#include <array>

#include "codestream.hpp"

namespace blosc2_grok {
namespace {

constexpr std::array<uint8_t, 12> kSignatureBox{0, 0, 0, 12, 'j', 'P', ' ', ' ', 0x0d, 0x0a, 0x87, 0x0a};
constexpr uint32_t kCodestreamBox = 0x6a703263;  // "jp2c"

void append_box(std::vector<uint8_t>& out, std::string_view type, const std::vector<uint8_t>& content) {
  append_big_endian(out, 8 + content.size(), 4);
  out.insert(out.end(), type.begin(), type.end());
  append(out, content);
}

uint8_t depth_code(const ComponentHeader& component) {
  return static_cast<uint8_t>((component.bits - 1) | (component.is_signed ? 0x80 : 0));
}

bool all_alike(const CodestreamHeader& header) {
  return std::ranges::all_of(header.components, [&](const ComponentHeader& component) {
    return depth_code(component) == depth_code(header.components[0]);
  });
}

std::vector<uint8_t> make_image_header(const CodestreamHeader& header) {
  std::vector<uint8_t> ihdr;
  append_big_endian(ihdr, header.height(), 4);
  append_big_endian(ihdr, header.width(), 4);
  append_big_endian(ihdr, header.components.size(), 2);
  ihdr.push_back(all_alike(header) ? depth_code(header.components[0]) : 0xff);
  ihdr.insert(ihdr.end(), {7, 0, 0});  // compression type JPEG 2000; colour space known; no intellectual property
  return ihdr;
}

// Enumerated colour space (I.5.3.3): sRGB for three or four components, else greyscale.
std::vector<uint8_t> make_colour(const CodestreamHeader& header) {
  const size_t components = header.components.size();
  return {1, 0, 0, 0, 0, 0, static_cast<uint8_t>(components == 3 || components == 4 ? 16 : 17)};
}

}  // namespace

bool is_jp2(ByteSpan bytes) {
  return bytes.size() >= kSignatureBox.size() && std::ranges::equal(bytes.first(kSignatureBox.size()), kSignatureBox);
}

ByteSpan find_codestream(ByteSpan bytes) {
  if (bytes.size() >= 2 && load_big_endian(bytes.first(2)) == marker::kSoc) return bytes;
  if (!is_jp2(bytes))
    throw Error(ErrorCode::kData, "block of ", bytes.size(), " bytes is no JPEG 2000 file or codestream");
  ByteReader reader(bytes, "JP2 file");
  while (!reader.at_end()) {
    const size_t start = reader.position();
    uint64_t length = reader.big_endian(4);
    const uint64_t type = reader.big_endian(4);
    if (length == 1) length = reader.big_endian(8);
    if (length == 0) length = bytes.size() - start;
    const size_t head = reader.position() - start;
    if (length < head) throw Error(ErrorCode::kData, "JP2 box at ", start, " announces ", length, " bytes");
    const ByteSpan content = reader.take(length - head);
    if (type == kCodestreamBox) return content;
  }
  throw Error(ErrorCode::kData, "JP2 file of ", bytes.size(), " bytes has no codestream box");
}

std::vector<uint8_t> make_jp2_head(const CodestreamHeader& header, size_t codestream_bytes) {
  std::vector<uint8_t> head(kSignatureBox.begin(), kSignatureBox.end());
  const std::string_view brand = header.is_ht() ? "jph " : "jp2 ";  // ISO/IEC 15444-15 Annex D
  std::vector<uint8_t> file_type(brand.begin(), brand.end());
  append_big_endian(file_type, 0, 4);
  file_type.insert(file_type.end(), brand.begin(), brand.end());
  append_box(head, "ftyp", file_type);

  std::vector<uint8_t> header_box;
  append_box(header_box, "ihdr", make_image_header(header));
  if (!all_alike(header)) {
    std::vector<uint8_t> depths;
    for (const ComponentHeader& component : header.components) depths.push_back(depth_code(component));
    append_box(header_box, "bpcc", depths);
  }
  append_box(header_box, "colr", make_colour(header));
  append_box(head, "jp2h", header_box);

  append_big_endian(head, 8 + codestream_bytes, 4);
  append_big_endian(head, kCodestreamBox, 4);
  return head;
}

}  // namespace blosc2_grok
