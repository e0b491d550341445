// SPDX-License-Identifier: BSD-3-Clause
// Thin wrappers: a code below zero becomes an exception with the reason.
#include "blocks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace blosc2_grok::test {
namespace {

size_t bytes_per_sample(const std::string& dtype) { return static_cast<size_t>(dtype.back() - '0'); }

int64_t encode_into(Bytes& stored, const Block& block, const Map& parameters, uint8_t codec_meta) {
  const Bytes packed = msgpack::serialize(parameters);
  const blosc2_grok_block described = describe_block(block);
  stored.assign(block.bytes.size() + 64, 0);
  return blosc2_grok_encode(stored.data(), stored.size(), block.bytes.data(), block.bytes.size(), &described,
                            packed.data(), packed.size(), codec_meta);
}

}  // namespace

Block make_block(std::string_view kind, const std::string& dtype, const Shape& shape, uint64_t seed) {
  const Dtype parsed = parse_dtype(dtype, static_cast<int32_t>(bytes_per_sample(dtype)));
  return {dtype, shape, make_image(kind, parsed.sample, shape, seed), {}};
}

blosc2_grok_block describe_block(const Block& block) {
  blosc2_grok_block out{};
  out.struct_size = sizeof out;
  out.ndim = static_cast<int32_t>(block.shape.size());
  for (size_t axis = 0; axis < block.shape.size(); ++axis) {
    out.block_shape[axis] = block.shape[axis];
    out.array_shape[axis] = block.array_shape.empty() ? block.shape[axis] : block.array_shape[axis];
  }
  std::copy_n(block.dtype.begin(), std::min(block.dtype.size(), sizeof out.dtype - 1), out.dtype);
  return out;
}

Bytes encode(const Block& block, const Map& parameters, uint8_t codec_meta) {
  const uint64_t since = blosc2_grok_message_serial();
  Bytes stored;
  const int64_t size = encode_into(stored, block, parameters, codec_meta);
  if (size < 0) throw std::runtime_error(newest_reason(since));
  stored.resize(static_cast<size_t>(size));
  return stored;
}

Bytes decode(const Bytes& stored, size_t block_bytes, int32_t threads) {
  const uint64_t since = blosc2_grok_message_serial();
  Bytes block(block_bytes, 0x5a);
  const int64_t size = blosc2_grok_decode(block.data(), block.size(), stored.data(), stored.size(), threads);
  if (size < 0) throw std::runtime_error(newest_reason(since));
  if (size != static_cast<int64_t>(block_bytes)) throw std::runtime_error("decode returned another size");
  return block;
}

int64_t encode_code(const Block& block, const Map& parameters, uint8_t codec_meta) {
  Bytes stored;
  return encode_into(stored, block, parameters, codec_meta);
}

int64_t decode_code(const Bytes& stored, size_t block_bytes) {
  Bytes block(block_bytes, 0x5a);
  return blosc2_grok_decode(block.data(), block.size(), stored.data(), stored.size(), 1);
}

std::string newest_reason(uint64_t since) {
  blosc2_grok_message message{};
  message.struct_size = sizeof message;
  std::string reason;
  while (blosc2_grok_next_message(since, BLOSC2_GROK_MESSAGE_ERROR, &message) == 1) {
    reason = message.text;
    since = message.serial;
  }
  return reason;
}

Value described(const Bytes& stored, std::string_view field) {
  Bytes packed(1 << 20);
  const int64_t size = blosc2_grok_describe(packed.data(), packed.size(), stored.data(), stored.size());
  if (size < 0) throw std::runtime_error(newest_reason());
  Value value = msgpack::parse({packed.data(), static_cast<size_t>(size)});
  while (!field.empty()) {
    const size_t dot = std::min(field.find('.'), field.size());
    const Map map = *value.get_if<Map>();
    const auto found = std::ranges::find(map, field.substr(0, dot), &Map::value_type::first);
    if (found == map.end()) return {};
    value = found->second;
    field.remove_prefix(std::min(dot + 1, field.size()));
  }
  return value;
}

std::vector<int32_t> numbers(const Bytes& bytes, const std::string& dtype) {
  const SampleType sample = parse_dtype(dtype, static_cast<int32_t>(bytes_per_sample(dtype))).sample;
  std::vector<int32_t> out;
  out.reserve(bytes.size() / sample.bytes);
  for (size_t i = 0; i + sample.bytes <= bytes.size(); i += sample.bytes) {
    int32_t value = bytes[i];
    if (sample.bytes == 2) value = sample.is_big_endian ? bytes[i] << 8 | bytes[i + 1] : bytes[i + 1] << 8 | bytes[i];
    const int32_t half = 1 << (sample.bits() - 1);
    out.push_back(sample.is_signed && value >= half ? value - 2 * half : value);
  }
  return out;
}

double mean_squared_error(const Bytes& a, const Bytes& b, const std::string& dtype) {
  const std::vector<int32_t> x = numbers(a, dtype), y = numbers(b, dtype);
  double squares = 0;
  for (size_t i = 0; i < x.size(); ++i) squares += double(x[i] - y[i]) * double(x[i] - y[i]);
  return squares / static_cast<double>(x.size());
}

double psnr_by_definition(const Bytes& a, const Bytes& b, const std::string& dtype) {
  const double mse = mean_squared_error(a, b, dtype);
  if (mse == 0) return std::numeric_limits<double>::infinity();
  const double peak = std::ldexp(1.0, static_cast<int>(8 * bytes_per_sample(dtype))) - 1;
  return 10 * std::log10(peak * peak / mse);
}

}  // namespace blosc2_grok::test
