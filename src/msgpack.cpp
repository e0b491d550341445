// SPDX-License-Identifier: BSD-3-Clause
// MessagePack reader and writer (github.com/msgpack/msgpack/blob/master/spec.md), as much as metalayers need.
#include "msgpack.hpp"

#include <bit>
#include <cstring>
#include <type_traits>

#include "error.hpp"

namespace blosc2_grok::msgpack {
namespace {

constexpr int kMaxDepth = 8;

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  Value value(int depth = 0) {
    if (depth > kMaxDepth) throw Error(ErrorCode::kData, "MessagePack value nested deeper than ", kMaxDepth);
    const auto tag = static_cast<uint8_t>(big_endian(1));
    if (tag < 0x80) return int64_t{tag};
    if (tag < 0x90) return map(tag & 15, depth);
    if (tag < 0xa0) return array(tag & 15, depth);
    if (tag < 0xc0) return string(tag & 31);
    if (tag >= 0xe0) return int64_t{static_cast<int8_t>(tag)};
    return tagged(tag, depth);
  }

  bool at_end() const { return bytes_.empty(); }

 private:
  Value tagged(uint8_t tag, int depth) {
    switch (tag) {
      case 0xc0:
        return {};
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return string(big_endian(1u << (tag - 0xc4)));
      case 0xca:
        return double{std::bit_cast<float>(static_cast<uint32_t>(big_endian(4)))};
      case 0xcb:
        return std::bit_cast<double>(big_endian(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return static_cast<int64_t>(big_endian(1u << (tag - 0xcc)));
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return signed_integer(1u << (tag - 0xd0));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return string(big_endian(1u << (tag - 0xd9)));
      case 0xdc:
        return array(big_endian(2), depth);
      case 0xdd:
        return array(big_endian(4), depth);
      case 0xde:
        return map(big_endian(2), depth);
      case 0xdf:
        return map(big_endian(4), depth);
      default:
        throw Error(ErrorCode::kData, "MessagePack tag ", int{tag}, " is not known");
    }
  }

  uint64_t big_endian(size_t size) {
    uint64_t value = 0;
    for (const uint8_t byte : take(size)) value = value << 8 | byte;
    return value;
  }

  int64_t signed_integer(size_t size) {
    const unsigned unused = 64 - 8 * static_cast<unsigned>(size);
    return static_cast<int64_t>(big_endian(size) << unused) >> unused;
  }

  std::string string(uint64_t size) {
    const auto bytes = take(size);
    return {bytes.begin(), bytes.end()};
  }

  // Every element takes a byte at least: a count beyond the rest is refused before anything is allocated.
  void check_count(uint64_t count) const {
    if (count > bytes_.size()) {
      throw Error(ErrorCode::kData, "MessagePack value announces ", count, " elements in ", bytes_.size(), " bytes");
    }
  }

  Array array(uint64_t count, int depth) {
    check_count(count);
    Array elements;
    elements.reserve(count);
    while (count-- > 0) elements.push_back(value(depth + 1));
    return elements;
  }

  Map map(uint64_t count, int depth) {
    check_count(count);
    Map entries;
    while (count-- > 0) {
      const Value key = value(depth + 1);
      const auto* name = key.get_if<std::string>();
      if (name == nullptr) throw Error(ErrorCode::kData, "MessagePack map has a key that is no string");
      entries.emplace_back(*name, value(depth + 1));
    }
    return entries;
  }

  std::span<const uint8_t> take(uint64_t size) {
    if (size > bytes_.size()) {
      throw Error(ErrorCode::kData, "MessagePack value ends early: ", size, " bytes wanted, ", bytes_.size(), " left");
    }
    const auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

  std::span<const uint8_t> bytes_;
};

class Writer {
 public:
  std::vector<uint8_t> bytes;

  void operator()(std::monostate) { bytes.push_back(0xc0); }
  void operator()(bool value) { bytes.push_back(value ? 0xc3 : 0xc2); }
  void operator()(double value) { tagged(0xcb, std::bit_cast<uint64_t>(value), 8); }

  void operator()(int64_t value) {
    if (value >= 0 && value < 0x80) return bytes.push_back(static_cast<uint8_t>(value));
    if (value < 0 && value >= -32) return bytes.push_back(static_cast<uint8_t>(value));
    if (value >= 0 && value <= 0xff) return tagged(0xcc, static_cast<uint64_t>(value), 1);
    if (value >= 0 && value <= 0xffff) return tagged(0xcd, static_cast<uint64_t>(value), 2);
    if (value >= 0 && value <= UINT32_MAX) return tagged(0xce, static_cast<uint64_t>(value), 4);
    if (value >= 0) return tagged(0xcf, static_cast<uint64_t>(value), 8);
    if (value >= INT8_MIN) return tagged(0xd0, static_cast<uint64_t>(value), 1);
    if (value >= INT16_MIN) return tagged(0xd1, static_cast<uint64_t>(value), 2);
    if (value >= INT32_MIN) return tagged(0xd2, static_cast<uint64_t>(value), 4);
    tagged(0xd3, static_cast<uint64_t>(value), 8);
  }

  void operator()(const std::string& value) {
    if (value.size() < 32) {
      bytes.push_back(static_cast<uint8_t>(0xa0 | value.size()));
    } else if (value.size() <= 0xff) {
      tagged(0xd9, value.size(), 1);
    } else if (value.size() <= 0xffff) {
      tagged(0xda, value.size(), 2);
    } else {
      tagged(0xdb, value.size(), 4);
    }
    bytes.insert(bytes.end(), value.begin(), value.end());
  }

  void operator()(const Array& elements) {
    count(0x90, 0xdc, elements.size());
    for (const Value& element : elements) std::visit(*this, element.variant());
  }

  void operator()(const Map& entries) {
    count(0x80, 0xde, entries.size());
    for (const auto& [key, value] : entries) {
      (*this)(key);
      std::visit(*this, value.variant());
    }
  }

 private:
  void count(uint8_t short_tag, uint8_t long_tag, size_t size) {
    if (size < 16) return bytes.push_back(static_cast<uint8_t>(short_tag | size));
    if (size < 0x10000) return tagged(long_tag, size, 2);
    tagged(static_cast<uint8_t>(long_tag + 1), size, 4);
  }

  void tagged(uint8_t tag, uint64_t value, size_t size) {
    bytes.push_back(tag);
    while (size-- > 0) bytes.push_back(static_cast<uint8_t>(value >> (8 * size)));
  }
};

struct Describer {
  std::string operator()(std::monostate) const { return "None"; }
  std::string operator()(bool value) const { return value ? "True" : "False"; }
  std::string operator()(const std::string& value) const { return text('\'', value, '\''); }
  std::string operator()(const Array& elements) const {
    std::string out = "(";
    for (const Value& element : elements) out += (out.size() > 1 ? ", " : "") + describe(element);
    return out + ")";
  }
  std::string operator()(const Map& entries) const { return text("a map of ", entries.size()); }
  template <class Number>
  std::string operator()(Number value) const {
    return text(value);
  }
};

}  // namespace

Value parse(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  Value value = reader.value();
  if (!reader.at_end()) throw Error(ErrorCode::kData, "MessagePack value is followed by more bytes");
  return value;
}

std::vector<uint8_t> serialize(const Value& value) {
  Writer writer;
  std::visit(writer, value.variant());  // std::visit takes the writer by reference
  return std::move(writer.bytes);
}

std::string describe(const Value& value) { return std::visit(Describer{}, value.variant()); }

}  // namespace blosc2_grok::msgpack
