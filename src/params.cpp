// SPDX-License-Identifier: BSD-3-Clause
// The parameter table: one row per parameter with how it is read, checked and written.
#include "params.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>

#include "error.hpp"
#include "msgpack.hpp"
#include "process_lock.hpp"

namespace blosc2_grok {
namespace {

using msgpack::Array;
using msgpack::Value;

[[noreturn]] void refuse(std::string_view name, const Value& value, std::string_view allowed) {
  throw Error(ErrorCode::kCodecParam, name, " is ", describe(value), ": it must be ", allowed);
}

int64_t read_integer(std::string_view name, const Value& value, int64_t least, int64_t most) {
  const auto* number = value.get_if<int64_t>();
  if (number == nullptr || *number < least || *number > most) {
    refuse(name, value, text("an integer from ", least, " to ", most));
  }
  return *number;
}

bool read_boolean(std::string_view name, const Value& value) {
  if (const auto* flag = value.get_if<bool>()) return *flag;
  refuse(name, value, "True or False");
}

Extent read_extent(std::string_view name, const Value& value) {
  const auto* pair = value.get_if<Array>();
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  const auto is_allowed = [&](const Value& element) {
    const auto* number = element.get_if<int64_t>();
    return number != nullptr && *number >= 0 && *number <= kMost;
  };
  if (pair == nullptr || pair->size() != 2 || !std::ranges::all_of(*pair, is_allowed)) {
    refuse(name, value, text("a pair of integers from 0 to ", kMost));
  }
  const auto number = [&](size_t i) { return static_cast<uint32_t>(*(*pair)[i].get_if<int64_t>()); };
  return {number(0), number(1)};
}

Value write_extent(const Extent& extent) { return Array{extent.width, extent.height}; }

// One of a list of words, or its index when `enum_values` are counted from 0.
template <class Enum, size_t N>
Enum read_word(std::string_view name, const Value& value, const std::array<std::string_view, N>& words) {
  if (const auto* word = value.get_if<std::string>()) {
    const auto found = std::ranges::find(words, *word);
    if (found != words.end()) return static_cast<Enum>(found - words.begin());
  }
  std::string allowed = "one of";
  for (const std::string_view word : words) allowed += text(allowed.back() == '\'' ? ", '" : " '", word, '\'');
  refuse(name, value, allowed);
}

constexpr std::array<std::string_view, 5> kProgressions{"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"};
constexpr std::array<std::string_view, 4> kEngines{"auto", "openjpeg", "grok", "j2k"};
constexpr std::array<std::string_view, 3> kVerifications{"sampled", "all", "none"};
constexpr std::array<std::string_view, 2> kQualityModes{"rates", "dB"};

void read_quality_mode(Params& params, const Value& value) {
  if (value.is_nil()) {
    params.quality_mode = QualityMode::kNone;
    return;
  }
  const auto* word = value.get_if<std::string>();
  const auto found = std::ranges::find(kQualityModes, word == nullptr ? "" : *word);
  if (found == kQualityModes.end()) refuse("quality_mode", value, "None, 'rates' or 'dB'");
  params.quality_mode = static_cast<QualityMode>(found - kQualityModes.begin() + 1);
}

Value write_quality_mode(const Params& params) {
  if (params.quality_mode == QualityMode::kNone) return {};
  return std::string(kQualityModes[static_cast<size_t>(params.quality_mode) - 1]);
}

void read_quality_layers(Params& params, const Value& value) {
  const auto* layers = value.get_if<Array>();
  if (layers == nullptr || layers->size() > kMaxLayers) {
    refuse("quality_layers", layers ? Value(text(layers->size(), " layers")) : value,
           text("a list of at most ", kMaxLayers, " numbers"));
  }
  params.quality_layers.clear();
  for (const Value& layer : *layers) {
    const auto* number = layer.get_if<double>();
    const auto* integer = layer.get_if<int64_t>();
    const double quality = number ? *number : integer ? static_cast<double>(*integer) : -1.0;
    if (!std::isfinite(quality) || quality < 0) refuse("quality_layers", value, "numbers of 0 or more, no NaN");
    params.quality_layers.push_back(quality);
  }
}

// ISO/IEC 15444-1 Table A.18: sides are powers of two from 4 to 1024, their product at most 4096.
void read_codeblock_size(Params& params, const Value& value) {
  const Extent size = read_extent("codeblock_size", value);
  const auto is_side = [](uint32_t side) { return side >= 4 && side <= 1024 && std::has_single_bit(side); };
  if (!is_side(size.width) || !is_side(size.height) || size.width * size.height > 4096) {
    refuse("codeblock_size", value, "a pair of powers of two from 4 to 1024 with a product of at most 4096");
  }
  params.codeblock_size = size;
}

// ISO/IEC 15444-1 Table A.21: powers of two up to 2^15; 1 is legal only at the lowest resolution.
void read_precinct_size(Params& params, const Value& value) {
  const Extent size = read_extent("precinct_size", value);
  const auto is_side = [](uint32_t side) { return side >= 2 && side <= 32768 && std::has_single_bit(side); };
  if (!size.is_zero() && (!is_side(size.width) || !is_side(size.height))) {
    refuse("precinct_size", value, "(0, 0) or a pair of powers of two from 2 to 32768");
  }
  params.precinct_size = size;
}

void read_tile_size(Params& params, const Value& value) {
  params.tile_size = read_extent("tile_size", value);
  if (!params.tile_size.is_zero() && (params.tile_size.width == 0 || params.tile_size.height == 0)) {
    refuse("tile_size", value, "(0, 0) for one tile, or two sides of 1 or more");
  }
}

void read_mct(Params& params, const Value& value) {
  const auto* word = value.get_if<std::string>();
  const auto* number = value.get_if<int64_t>();
  if (word != nullptr && *word == "auto") {
    params.mct = kMctAuto;
  } else if (number != nullptr && (*number == 0 || *number == 1)) {
    params.mct = static_cast<int>(*number);
  } else {
    refuse("mct", value, "0 (none), 1 (the colour transform of the first three components) or 'auto'");
  }
}

void read_mode(Params& params, const Value& value) {
  constexpr int64_t kKnown = 127;
  const auto* number = value.get_if<int64_t>();
  if (number == nullptr || *number < 0 || *number > kKnown) {
    refuse("mode", value,
           "a sum of GrkMode LAZY (1), RESET (2), TERMALL (4), VSC (8), PTERM (16), SEGSYM (32), HT (64);"
           " HT_MIXED, HT_PHLD and JPH_RSIZ_FLAG can't be written");
  }
  params.mode = static_cast<uint32_t>(*number);
}

// GrkProfile's members, masks excepted; sub-levels of the broadcast and IMF profiles come on top in the low byte.
void read_rsiz(Params& params, const Value& value) {
  const int64_t rsiz = read_integer("rsiz", value, 0, 0xffff);
  const int64_t base = rsiz & 0xff00;
  const bool is_known = rsiz <= 7 || (base >= 0x100 && base <= 0x300 && (rsiz & 0xff) <= 0x0b) ||
                        (base >= 0x400 && base <= 0x900) || rsiz == 0x8000;
  if (!is_known) refuse("rsiz", value, "a GrkProfile: NONE, 0, 1, CINEMA_*, BC_*, IMF_* or PART2");
  params.rsiz = static_cast<uint32_t>(rsiz);
}

void read_cod_format(Params& params, const Value& value) {
  const int64_t format = read_integer("cod_format", value, 0, 11);
  if (format > 2) refuse("cod_format", value, "GRK_FMT_JP2 (2), GRK_FMT_J2K (1) or GRK_FMT_UNK (0: JP2)");
  params.cod_format = format == 1 ? FileFormat::kJ2k : FileFormat::kJp2;
}

void read_bits_per_sample(Params& params, const Value& value) {
  params.bits_per_sample.reset();
  if (value.is_nil()) return;
  params.bits_per_sample = static_cast<uint32_t>(read_integer("bits_per_sample", value, 1, 16));
}

void read_axes(LayoutWish& wish, const Array& axes, const Value& value) {
  std::vector<int> numbers;
  for (const Value& axis : axes) {
    numbers.push_back(static_cast<int>(axis.get_if<int64_t>() ? *axis.get_if<int64_t>() : -1));
    if (numbers.back() < 0 || numbers.back() > 15 || std::ranges::count(numbers, numbers.back()) > 1) {
      refuse("layout", value, "different axes from 0 to 15");
    }
  }
  if (numbers.size() < 2 || numbers.size() > 3) refuse("layout", value, "(row axis, column axis[, channel axis])");
  wish = {LayoutWish::Kind::kAxes, {numbers[0], numbers[1], numbers.size() == 3 ? numbers[2] : -1}};
}

std::optional<double> read_optional_number(std::string_view name, const Value& value, bool may_be_zero) {
  if (value.is_nil()) return std::nullopt;
  const auto* integer = value.get_if<int64_t>();
  const auto* real = value.get_if<double>();
  const double number = real ? *real : integer ? static_cast<double>(*integer) : -1.0;
  if (!std::isfinite(number) || number < 0 || (number == 0 && !may_be_zero)) {
    refuse(name, value, may_be_zero ? "None or a number of 0 or more" : "None or a number above 0");
  }
  return number;
}

Value write_optional_number(const std::optional<double>& number) { return number ? Value(*number) : Value(); }

void read_keep(Params& params, const Value& value) {
  constexpr size_t kMost = 256;
  const auto* values = value.get_if<Array>();
  if (values == nullptr || values->size() > kMost) refuse("keep", value, text("a list of at most ", kMost, " numbers"));
  params.keep.clear();
  for (const Value& kept : *values) {
    const auto* integer = kept.get_if<int64_t>();
    const auto* real = kept.get_if<double>();
    if (integer == nullptr && real == nullptr) refuse("keep", value, "a list of numbers");
    params.keep.push_back(real ? *real : static_cast<double>(*integer));
  }
}

constexpr std::array<std::string_view, 3> kLayouts{"planes", "interleaved", "row"};

void read_layout(Params& params, const Value& value) {
  params.layout = {};
  if (value.is_nil()) return;
  if (const auto* axes = value.get_if<Array>()) return read_axes(params.layout, *axes, value);
  const auto* word = value.get_if<std::string>();
  const auto found = std::ranges::find(kLayouts, word == nullptr ? "" : *word);
  if (found == kLayouts.end()) refuse("layout", value, "None, 'planes', 'interleaved', 'row' or a tuple of axes");
  params.layout.kind = static_cast<LayoutWish::Kind>(found - kLayouts.begin() + 1);
}

Value write_layout(const Params& params) {
  const LayoutWish& wish = params.layout;
  if (wish.kind == LayoutWish::Kind::kAuto) return {};
  if (wish.kind != LayoutWish::Kind::kAxes) return std::string(kLayouts[static_cast<size_t>(wish.kind) - 1]);
  Array axes{wish.axes.row, wish.axes.column};
  if (wish.axes.channel >= 0) axes.push_back(wish.axes.channel);
  return axes;
}

struct Row {
  std::string_view name;
  void (*read)(Params&, const Value&);
  Value (*write)(const Params&);
};

// Rows whose value is a plain number, flag or pair.
#define INTEGER_ROW(name, member, least, most)                                            \
  {                                                                                       \
    name,                                                                                 \
        [](Params& p, const Value& v) {                                                   \
          p.member = static_cast<decltype(p.member)>(read_integer(name, v, least, most)); \
        },                                                                                \
        [](const Params& p) -> Value { return static_cast<int64_t>(p.member); }           \
  }
#define BOOLEAN_ROW(name, member)                                              \
  {                                                                            \
    name, [](Params& p, const Value& v) { p.member = read_boolean(name, v); }, \
        [](const Params& p) -> Value { return p.member; }                      \
  }
#define EXTENT_ROW(name, member)                                              \
  {                                                                           \
    name, [](Params& p, const Value& v) { p.member = read_extent(name, v); }, \
        [](const Params& p) -> Value { return write_extent(p.member); }       \
  }

constexpr int64_t kInt32Most = std::numeric_limits<int32_t>::max();

const std::array kTable{
    Row{"tile_size", read_tile_size, [](const Params& p) { return write_extent(p.tile_size); }},
    Row EXTENT_ROW("tile_offset", tile_offset),
    Row{"quality_mode", read_quality_mode, write_quality_mode},
    Row{"quality_layers", read_quality_layers,
        [](const Params& p) -> Value { return Array(p.quality_layers.begin(), p.quality_layers.end()); }},
    Row{"progression",
        [](Params& p, const Value& v) { p.progression = read_word<Progression>("progression", v, kProgressions); },
        [](const Params& p) -> Value { return std::string(kProgressions[static_cast<size_t>(p.progression)]); }},
    Row INTEGER_ROW("num_resolutions", num_resolutions, 1, 33),
    Row{"codeblock_size", read_codeblock_size, [](const Params& p) { return write_extent(p.codeblock_size); }},
    Row{"irreversible",
        [](Params& p, const Value& v) {
          p.irreversible = v.is_nil() ? std::nullopt : std::optional(read_boolean("irreversible", v));
        },
        [](const Params& p) -> Value { return p.irreversible ? Value(*p.irreversible) : Value(); }},
    Row{"precinct_size", read_precinct_size, [](const Params& p) { return write_extent(p.precinct_size); }},
    Row EXTENT_ROW("offset", offset),
    Row{"mct", read_mct, [](const Params& p) { return p.mct == kMctAuto ? Value("auto") : Value(p.mct); }},
    Row INTEGER_ROW("numgbits", numgbits, 0, 7),
    Row INTEGER_ROW("roi_compno", roi_compno, -1, kMaxComponents - 1),
    Row INTEGER_ROW("roi_shift", roi_shift, 0, 37),
    Row INTEGER_ROW("decod_format", decod_format, 0, 11),
    Row{"cod_format", read_cod_format, [](const Params& p) { return Value(static_cast<int>(p.cod_format)); }},
    Row{"rsiz", read_rsiz, [](const Params& p) { return Value(p.rsiz); }},
    Row INTEGER_ROW("framerate", framerate, 0, 65535),
    Row BOOLEAN_ROW("apply_icc_", apply_icc),
    Row INTEGER_ROW("rateControlAlgorithm", rate_control, 0, 1),
    Row INTEGER_ROW("num_threads", num_threads, 0, 1024),
    Row INTEGER_ROW("deviceId", device_id, -1, kInt32Most),
    Row INTEGER_ROW("duration", duration, 0, kInt32Most),
    Row INTEGER_ROW("repeats", repeats, 0, kInt32Most),
    Row{"mode", read_mode, [](const Params& p) { return Value(p.mode); }},
    Row BOOLEAN_ROW("verbose", verbose),
    Row BOOLEAN_ROW("enableTilePartGeneration", enable_tile_parts),
    Row INTEGER_ROW("max_cs_size", max_cs_size, 0, kInt32Most),
    Row INTEGER_ROW("max_comp_size", max_comp_size, 0, kInt32Most),
    Row{"bits_per_sample", read_bits_per_sample,
        [](const Params& p) { return p.bits_per_sample ? Value(*p.bits_per_sample) : Value(); }},
    Row{"max_error", [](Params& p, const Value& v) { p.max_error = read_optional_number("max_error", v, true); },
        [](const Params& p) { return write_optional_number(p.max_error); }},
    Row{"rmse", [](Params& p, const Value& v) { p.rmse = read_optional_number("rmse", v, false); },
        [](const Params& p) { return write_optional_number(p.rmse); }},
    Row{"psnr", [](Params& p, const Value& v) { p.psnr = read_optional_number("psnr", v, false); },
        [](const Params& p) { return write_optional_number(p.psnr); }},
    Row{"keep", read_keep, [](const Params& p) -> Value { return Array(p.keep.begin(), p.keep.end()); }},
    Row{"layout", read_layout, write_layout},
    Row{"engine", [](Params& p, const Value& v) { p.engine = read_word<EngineName>("engine", v, kEngines); },
        [](const Params& p) -> Value { return std::string(kEngines[static_cast<size_t>(p.engine)]); }},
    Row{"verify", [](Params& p, const Value& v) { p.verify = read_word<Verify>("verify", v, kVerifications); },
        [](const Params& p) -> Value { return std::string(kVerifications[static_cast<size_t>(p.verify)]); }},
    Row BOOLEAN_ROW("write_plt", write_plt),
    Row BOOLEAN_ROW("write_tlm", write_tlm),
};

#undef INTEGER_ROW
#undef BOOLEAN_ROW
#undef EXTENT_ROW

// What single parameters can't say of each other.
void check_combination(const Params& params) {
  if (params.quality_mode == QualityMode::kNone && !params.quality_layers.empty()) {
    throw Error(ErrorCode::kCodecParam, "quality_layers has ", params.quality_layers.size(),
                " numbers but quality_mode is None: it must be 'rates' or 'dB'");
  }
  if (params.quality_mode != QualityMode::kNone && params.quality_layers.empty()) {
    throw Error(ErrorCode::kCodecParam, "quality_layers is empty: quality_mode '",
                kQualityModes[static_cast<size_t>(params.quality_mode) - 1], "' needs at least one number");
  }
  const int qualities = (params.quality_mode != QualityMode::kNone) + params.max_error.has_value() +
                        params.rmse.has_value() + params.psnr.has_value();
  if (qualities > 1) {
    throw Error(ErrorCode::kCodecParam, "only one of quality_mode, max_error, rmse and psnr can be given, not ",
                qualities);
  }
  if (params.max_error && params.irreversible.value_or(false)) {
    throw Error(ErrorCode::kCodecParam, "max_error goes through the reversible transform: irreversible can't be True");
  }
  if (params.max_error && (params.max_cs_size != 0 || params.max_comp_size != 0)) {
    throw Error(ErrorCode::kCodecParam, "max_error and a cap (max_cs_size, max_comp_size) can't both be kept");
  }
  if (!params.precinct_size.is_zero() && (params.precinct_size.width == 0 || params.precinct_size.height == 0)) {
    throw Error(ErrorCode::kCodecParam, "precinct_size has one side of 0");
  }
}

// Guarded by process_lock(); outlives every host thread.
std::shared_ptr<const Params>& defaults() {
  static auto* const instance = new std::shared_ptr<const Params>(std::make_shared<const Params>());
  return *instance;
}

}  // namespace

Params parse_params(std::span<const uint8_t> packed) {
  Params params;
  if (packed.empty()) return params;
  const Value value = msgpack::parse(packed);
  const auto* map = value.get_if<msgpack::Map>();
  if (map == nullptr) throw Error(ErrorCode::kCodecParam, "parameters are ", describe(value), ": they must be a map");
  for (const auto& [name, entry] : *map) {
    const auto row = std::ranges::find(kTable, name, &Row::name);
    if (row == kTable.end()) throw Error(ErrorCode::kCodecParam, "'", name, "' is no parameter of this version");
    row->read(params, entry);
  }
  check_combination(params);
  return params;
}

std::vector<uint8_t> pack_params(const Params& params) {
  msgpack::Map map;
  for (const Row& row : kTable) map.emplace_back(std::string(row.name), row.write(params));
  return msgpack::serialize(map);
}

Params with_codec_meta(Params params, uint8_t codec_meta) {
  if (codec_meta == 0) return params;
  if (params.max_error) {
    throw Error(ErrorCode::kCodecParam, "codec_meta is ", int{codec_meta}, " but max_error=", *params.max_error,
                " is in force: a rate can't keep it");
  }
  params.rmse.reset();
  params.psnr.reset();
  params.quality_mode = codec_meta <= 10 ? QualityMode::kNone : QualityMode::kRates;
  params.quality_layers.clear();
  if (codec_meta > 10) params.quality_layers.push_back(codec_meta / 10.0);
  return params;
}

std::shared_ptr<const Params> default_params() {
  const std::lock_guard lock(process_lock());
  return defaults();
}

void set_default_params(Params params) {
  auto snapshot = std::make_shared<const Params>(std::move(params));
  const std::lock_guard lock(process_lock());
  defaults().swap(snapshot);
}

}  // namespace blosc2_grok
