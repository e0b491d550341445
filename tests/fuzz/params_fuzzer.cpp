// SPDX-License-Identifier: BSD-3-Clause
// The input is a MessagePack value: a set of parameters, perhaps.
#include "blocks.hpp"
#include "error.hpp"
#include "fuzz.hpp"
#include "params.hpp"

namespace {

using blosc2_grok::fuzz::require;
using blosc2_grok::test::Bytes;

void check_value(std::span<const uint8_t> input) {
  blosc2_grok::msgpack::Value value;
  try {
    value = blosc2_grok::msgpack::parse(input);
  } catch (const blosc2_grok::Error& e) {
    require(e.code() == blosc2_grok::ErrorCode::kData, "bad MessagePack is bad data");
    return;
  }
  const Bytes once = blosc2_grok::msgpack::serialize(value);
  require(once.size() <= input.size() * 2 + 16, "no encoding is much longer than what was read");
  const Bytes twice = blosc2_grok::msgpack::serialize(blosc2_grok::msgpack::parse(once));
  require(once == twice, "a value is written back as it was read");
  blosc2_grok::msgpack::describe(value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_value({data, size});
  char reason[200];
  Bytes canonical(1 << 16);
  const int64_t bytes = blosc2_grok_normalize(canonical.data(), canonical.size(), data, size, reason, sizeof reason);
  if (bytes < 0) return 0;
  require(bytes <= static_cast<int64_t>(canonical.size()), "canonical parameters are short");
  canonical.resize(static_cast<size_t>(bytes));
  Bytes again(canonical.size());
  const int64_t same =
      blosc2_grok_normalize(again.data(), again.size(), canonical.data(), canonical.size(), reason, sizeof reason);
  require(same == bytes && again == canonical, "canonical parameters are their own canonical form");
  return 0;
}
