// SPDX-License-Identifier: BSD-3-Clause
// Finds the contiguous codestream inside JP2 or JPH boxes (ISO/IEC 15444-1 Annex I).
#include "byte_reader.hpp"
#include "markers.hpp"

namespace blosc2_grok::j2k {

std::span<const uint8_t> find_codestream(std::span<const uint8_t> bytes) {
  if (bytes.size() >= 2 && bytes[0] == 0xFF) return bytes;
  std::size_t offset = 0;
  while (bytes.size() - offset >= 8) {
    ByteReader in(bytes.subspan(offset), "box");
    uint64_t length = in.u32();
    const uint32_t type = in.u32();
    if (length == 1) length = uint64_t{in.u32()} << 32, length |= in.u32();
    if (length == 0) length = bytes.size() - offset;
    if (length < in.position() || length > bytes.size() - offset) {
      fail("a box of ", length, " bytes where ", bytes.size() - offset, " are left");
    }
    if (type == 0x6A703263) return bytes.subspan(offset + in.position(), length - in.position());  // 'jp2c'
    offset += length;
  }
  fail("no codestream: neither SOC nor a contiguous codestream box in ", bytes.size(), " bytes");
}

}  // namespace blosc2_grok::j2k
