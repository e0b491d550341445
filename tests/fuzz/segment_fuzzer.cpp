// SPDX-License-Identifier: BSD-3-Clause
// The input is the inside of our segment, from the format version on, in an otherwise valid block.
#include <algorithm>

#include "blocks.hpp"
#include "codestream.hpp"
#include "fuzz.hpp"
#include "mutate.hpp"
#include "segment.hpp"

namespace {

using blosc2_grok::fuzz::require;
using blosc2_grok::test::Bytes;

constexpr size_t kBlockBytes = 16 * 16;
constexpr size_t kFrontBytes = 2 + 2 + 2 + 8;  // marker, length, Rcom, signature

const Bytes& valid_block() {
  static const Bytes stored =
      blosc2_grok::test::encode(blosc2_grok::test::make_block("constant", "|u1", {16, 16}), {{"cod_format", 1}});
  return stored;
}

// The block with `inside` for what its segment holds behind the signature.
Bytes with_inside(std::span<const uint8_t> inside) {
  Bytes stored = valid_block();
  const size_t at = *blosc2_grok::test::find_segment(stored);
  const size_t size = blosc2_grok::segment_size(stored, at);
  stored.erase(stored.begin() + static_cast<std::ptrdiff_t>(at + kFrontBytes),
               stored.begin() + static_cast<std::ptrdiff_t>(at + size));
  stored.insert(stored.begin() + static_cast<std::ptrdiff_t>(at + kFrontBytes), inside.begin(), inside.end());
  const size_t length = kFrontBytes - 2 + inside.size();
  stored[at + 2] = static_cast<uint8_t>(length >> 8);
  stored[at + 3] = static_cast<uint8_t>(length);
  return stored;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 60000) return 0;
  Bytes stored = with_inside({data, size});
  Bytes block(kBlockBytes);
  const int64_t unsealed = blosc2_grok_decode(block.data(), block.size(), stored.data(), stored.size(), 1);
  const bool is_sealed = blosc2_grok::test::reseal(stored);
  const int64_t sealed = blosc2_grok_decode(block.data(), block.size(), stored.data(), stored.size(), 1);
  require(sealed < 0 || is_sealed, "a segment without room for its checksum is refused");
  require(sealed < 0 || sealed == static_cast<int64_t>(kBlockBytes), "a decoded block is complete");
  require(unsealed < 0 || unsealed == sealed, "a block that decodes unsealed decodes sealed");
  if (sealed < 0) return 0;
  // What was read is written and read again as the same.
  const auto header = blosc2_grok::parse_codestream_header(stored);
  const auto segment = blosc2_grok::read_segment(stored, stored, header);
  require(segment.has_value(), "a sealed segment is found");
  const Bytes again = blosc2_grok::make_segment(*segment);
  Bytes rebuilt = with_inside(std::span(again).subspan(kFrontBytes));
  blosc2_grok::test::reseal(rebuilt);
  const auto reread = blosc2_grok::read_segment(rebuilt, rebuilt, blosc2_grok::parse_codestream_header(rebuilt));
  require(reread && reread->layout == segment->layout && reread->sample == segment->sample &&
              reread->valid == segment->valid && reread->shuffled_typesize == segment->shuffled_typesize,
          "a segment is read back as it was");
  return 0;
}
