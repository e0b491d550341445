// SPDX-License-Identifier: BSD-3-Clause
// Blocks coded through the public C API, with parameters as maps.
#pragma once

#include <string>
#include <vector>

#include "blosc2_grok.h"
#include "images.hpp"
#include "msgpack.hpp"

namespace blosc2_grok::test {

using Bytes = std::vector<uint8_t>;
using msgpack::Array;
using msgpack::Map;
using msgpack::Value;

// One block with what the host knows of it.
struct Block {
  std::string dtype;  // "<u2"
  Shape shape;
  Bytes bytes;
  std::vector<int64_t> array_shape;  // empty: as the block
};

Block make_block(std::string_view kind, const std::string& dtype, const Shape& shape, uint64_t seed = 1);

blosc2_grok_block describe_block(const Block& block);

// The stored block; empty when it would not be smaller. On failure throws std::runtime_error with the ring's reason.
Bytes encode(const Block& block, const Map& parameters = {}, uint8_t codec_meta = 0);
Bytes decode(const Bytes& stored, size_t block_bytes, int32_t threads = 1);

// The code that a call returns, without throwing.
int64_t encode_code(const Block& block, const Map& parameters, uint8_t codec_meta = 0);
int64_t decode_code(const Bytes& stored, size_t block_bytes);

// The newest error in the ring; empty when there is none after `since`.
std::string newest_reason(uint64_t since = 0);

// What blosc2_grok_describe says, one field ("codestream.rows" looks into a map).
Value described(const Bytes& stored, std::string_view field);

// Samples as numbers, byte order resolved.
std::vector<int32_t> numbers(const Bytes& bytes, const std::string& dtype);
double mean_squared_error(const Bytes& a, const Bytes& b, const std::string& dtype);
// 10 log10(peak^2 / MSE) with peak = 2^bits - 1.
double psnr_by_definition(const Bytes& a, const Bytes& b, const std::string& dtype);

}  // namespace blosc2_grok::test
