// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target of the decoder: the last byte chooses `reduce`; images above a million samples are left alone.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace blosc2_grok::j2k;
  if (size < 2) return 0;
  static Workspace workspace;
  const std::span<const uint8_t> bytes(data, size - 1);
  const int reduce = data[size - 1] % 4;
  try {
    const Header header = read_header(bytes);
    const uint64_t samples = uint64_t{header.rows} * header.columns * header.components;
    if (!header.same_components || samples > 1000000) return 0;
    std::vector<std::byte> memory(samples * 4);
    std::vector<std::ptrdiff_t> offsets;
    const auto shrunk = [reduce](uint32_t offset, uint32_t count) {
      const uint64_t step = uint64_t{1} << reduce, end = uint64_t{offset} + count;
      return uint32_t((end + step - 1) / step - (offset + step - 1) / step);
    };
    ImageView view;
    view.samples = memory.data();
    view.rows = shrunk(header.image_offset.height, header.rows);
    view.columns = shrunk(header.image_offset.width, header.columns);
    view.components = header.components;
    view.bits = header.bits, view.is_signed = header.is_signed;
    view.bytes_per_sample = header.bits > 16 ? 4 : header.bits > 8 ? 2 : 1;
    view.row_stride = view.columns;
    for (uint32_t c = 0; c < view.components; ++c) {
      offsets.push_back(std::ptrdiff_t(c) * view.rows * view.columns);
    }
    view.component_offsets = offsets;
    decode(bytes, view, workspace, {reduce});
  } catch (const Error&) {
  }
  return 0;
}
