// SPDX-License-Identifier: BSD-3-Clause
// MessagePack values: how Blosc2 keeps its metalayers, and how parameters travel.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace blosc2_grok::msgpack {

class Value;
using Array = std::vector<Value>;
using Map = std::vector<std::pair<std::string, Value>>;  // keys are strings; order is kept

class Value {
 public:
  using Variant = std::variant<std::monostate, bool, int64_t, double, std::string, Array, Map>;

  Value() = default;
  Value(bool value) : value_(value) {}
  Value(int value) : value_(int64_t{value}) {}
  Value(int64_t value) : value_(value) {}
  Value(uint32_t value) : value_(int64_t{value}) {}
  Value(uint64_t value) : value_(static_cast<int64_t>(value)) {}
  Value(double value) : value_(value) {}
  Value(const char* value) : value_(std::string(value)) {}
  Value(std::string value) : value_(std::move(value)) {}
  Value(Array value) : value_(std::move(value)) {}
  Value(Map value) : value_(std::move(value)) {}

  bool is_nil() const { return std::holds_alternative<std::monostate>(value_); }
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&value_);
  }
  const Variant& variant() const { return value_; }

 private:
  Variant value_;
};

// Reads one value that fills `bytes` exactly (trailing bytes are an error, as is nesting deeper than 8). Binary data is
// read as a string. Throws Error(kData).
Value parse(std::span<const uint8_t> bytes);

// The shortest encoding of `value`.
std::vector<uint8_t> serialize(const Value& value);

// The value as a person writes it: [64, 64], "LRCP", nil.
std::string describe(const Value& value);

}  // namespace blosc2_grok::msgpack
