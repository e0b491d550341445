// SPDX-License-Identifier: BSD-3-Clause
// The rows, made of small tables that are combined.
#include "cases.hpp"

#include <algorithm>
#include <cctype>
#include <ostream>

#include "engine.hpp"

namespace blosc2_grok::test {
namespace {

using Cases = std::vector<Case>;

std::string shape_text(const Shape& shape) {
  std::string out;
  for (const int32_t extent : shape) out += (out.empty() ? "" : "x") + std::to_string(extent);
  return out;
}

Array pair(int width, int height) { return {width, height}; }

Map rates(Array layers) { return {{"quality_mode", "rates"}, {"quality_layers", std::move(layers)}}; }
Map decibels(Array layers) { return {{"quality_mode", "dB"}, {"quality_layers", std::move(layers)}}; }

Map with(Map map, const Map& more) {
  map.insert(map.end(), more.begin(), more.end());
  return map;
}

void add_dtypes(Cases& rows) {
  for (const char* dtype : {"|u1", "|i1", "<u2", "<i2", ">u2", ">i2"}) {
    for (const char* kind : {"photo", "xray", "ct", "text", "checkerboard", "constant"}) {
      rows.push_back({"dtype", kind, dtype, {57, 91}});
    }
    rows.push_back({"rgb", "photo", dtype, {50, 70, 3}});
    rows.push_back({"rgba", "photo", dtype, {50, 70, 4}});
    rows.push_back({"stack", "photo", dtype, {5, 50, 70}});
  }
}

void add_shapes(Cases& rows) {
  const std::vector<Shape> shapes{{3000},
                                  {1, 3000},
                                  {3000, 1},
                                  {2, 1500},
                                  {1500, 2},
                                  {63, 65},
                                  {64, 64},
                                  {257, 255},
                                  {100, 300},
                                  {300, 100},
                                  {1, 1, 40, 1, 90},
                                  {40, 90, 1},
                                  {1, 60, 70},
                                  {2, 3, 20, 30},
                                  {60, 50, 1, 3},
                                  {1, 60, 50, 4},
                                  {2, 60, 50, 3},
                                  {300, 16, 16},
                                  {40, 41, 2},
                                  {40, 41, 5},
                                  {8, 40, 40},
                                  {3, 3, 300},
                                  {2, 2, 2, 2, 2, 2, 20, 30}};
  for (const Shape& shape : shapes) {
    for (const char* dtype : {"|u1", "<i2"}) rows.push_back({"shape", "photo", dtype, shape});
  }
}

void add_parameters(Cases& rows) {
  const std::vector<std::pair<std::string, Map>> sets{
      {"rlcp", {{"progression", "RLCP"}}},
      {"rpcl", {{"progression", "RPCL"}}},
      {"pcrl", {{"progression", "PCRL"}}},
      {"cprl", {{"progression", "CPRL"}}},
      {"resolutions_1", {{"num_resolutions", 1}}},
      {"resolutions_33", {{"num_resolutions", 33}}},
      {"codeblock_4", {{"codeblock_size", pair(4, 4)}}},
      {"codeblock_1024x4", {{"codeblock_size", pair(1024, 4)}}},
      {"codeblock_4x1024", {{"codeblock_size", pair(4, 1024)}}},
      {"precinct_32", {{"precinct_size", pair(32, 32)}}},
      {"precinct_128x64", {{"precinct_size", pair(128, 64)}, {"progression", "RPCL"}}},
      {"tiles_32", {{"tile_size", pair(32, 32)}}},
      {"tiles_100x37", {{"tile_size", pair(100, 37)}}},
      {"tiles_larger", {{"tile_size", pair(4000, 4000)}}},
      {"offset", {{"offset", pair(33, 40)}}},
      {"tile_offset", {{"tile_size", pair(64, 64)}, {"tile_offset", pair(5, 7)}, {"offset", pair(8, 9)}}},
      {"j2k", {{"cod_format", 1}}},
      {"lazy", {{"mode", 1}}},
      {"reset_termall", {{"mode", 2 | 4}}},
      {"vsc_pterm_segsym", {{"mode", 8 | 16 | 32}}},
      {"threads_2", {{"num_threads", 2}}},
      {"tile_parts", {{"enableTilePartGeneration", true}, {"progression", "RLCP"}}},
      {"roi_absent", {{"roi_compno", 9}, {"roi_shift", 20}}},
      {"rate_1", rates({1})},
      {"layers_to_1", rates({20, 5, 1})},
      {"mct", {{"mct", 1}}},
      {"mct_auto", {{"mct", "auto"}}},
      {"planes", {{"layout", "planes"}}},
      {"axes", {{"layout", Array{1, 0}}}},
  };
  for (const auto& [name, map] : sets) {
    rows.push_back({name, "photo", "|u1", {50, 91, 3}, map});
    // Tiles a few samples wide at an offset: beyond the engines (encode_test says so).
    if (name != "mct" && name != "tile_offset") rows.push_back({name, "xray", "<u2", {91, 130}, map});
  }
  rows.push_back({"row", "xray", "<u2", {91, 130}, {{"layout", "row"}, {"num_resolutions", 3}}});
  rows.push_back({"bits_12", "ct", "<i2", {64, 80}, {{"bits_per_sample", 13}}});
  rows.push_back({"codec_meta_10", "photo", "|u1", {90, 120}, {}, 10});
}

void add_engines(Cases& rows) {
  for (const Engine* engine : engines()) {
    for (const char* dtype : {"|u1", "|i1", "<u2", "<i2"}) {
      const bool is_ht_only = engine->name() == "j2k", is_part1_only = engine->name() == "openjpeg";
      const Map part1{{"engine", engine->name()}}, ht{{"engine", engine->name()}, {"mode", 64}};
      if (!is_ht_only) rows.push_back({"engine_" + engine->name(), "photo", dtype, {80, 120}, part1});
      if (!is_part1_only) rows.push_back({"engine_ht_" + engine->name(), "photo", dtype, {80, 120}, ht});
    }
  }
}

void add_lossy(Cases& rows) {
  struct Source {
    const char *kind, *dtype;
    Shape shape;
  };
  const std::vector<Source> sources{{"photo", "|u1", {200, 300}},  {"photo", "|u1", {150, 200, 3}},
                                    {"photo", "|i1", {200, 300}},  {"xray", "<u2", {300, 200}},
                                    {"ct", "<i2", {200, 256}},     {"xray", ">u2", {200, 200}},
                                    {"photo", "<u2", {4, 96, 128}}};
  for (const Source& source : sources) {
    for (const int rate : {4, 10, 30}) {
      rows.push_back({"rate", source.kind, source.dtype, source.shape, rates({rate}), 0, rate});
    }
    for (const int meta : {25, 80, 255}) {
      rows.push_back({"meta", source.kind, source.dtype, source.shape, {}, static_cast<uint8_t>(meta), meta / 10.0});
    }
    for (const int level : {30, 40, 60}) {
      rows.push_back({"dB", source.kind, source.dtype, source.shape, decibels({level}), 0, {}, level});
    }
    const Map irreversible{{"irreversible", true}};
    rows.push_back({"rate_97", source.kind, source.dtype, source.shape, with(rates({8}), irreversible), 0, 8});
    rows.push_back({"dB_97", source.kind, source.dtype, source.shape, with(decibels({45}), irreversible), 0, {}, 45});
  }
  rows.push_back({"rate_layers", "photo", "|u1", {200, 300}, rates({40, 20, 10}), 0, 10});
  rows.push_back({"dB_layers", "xray", "<u2", {200, 300}, decibels({30, 40, 50}), 0, {}, 50});
  rows.push_back({"rate_j2k", "xray", "<u2", {200, 300}, with(rates({10}), {{"cod_format", 1}}), 0, 10});
  rows.push_back({"rate_tiles", "xray", "<u2", {256, 256}, with(rates({10}), {{"tile_size", pair(128, 128)}}), 0, 10});
  rows.push_back({"rate_mct", "photo", "|u1", {150, 200, 3}, with(rates({10}), {{"mct", 1}}), 0, 10});
  rows.push_back({"dB_5", "photo", "|u1", {200, 200, 3}, decibels({5}), 0, {}, 5});
}

Cases make_cases() {
  Cases rows;
  add_dtypes(rows), add_shapes(rows), add_parameters(rows), add_engines(rows), add_lossy(rows);
  return rows;
}

template <class Keep>
Cases filtered(Keep&& keep) {
  Cases out;
  std::ranges::copy_if(cases(), std::back_inserter(out), keep);
  return out;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Case& row) {
  out << row.name << ' ' << row.kind << ' ' << row.dtype << ' ' << shape_text(row.shape);
  for (const auto& [name, value] : row.parameters) out << ' ' << name << '=' << msgpack::describe(value);
  return row.codec_meta == 0 ? out : out << " codec_meta=" << int{row.codec_meta};
}

std::string test_name(const Case& row) {
  std::string name = row.name + '_' + row.kind + '_' + (row.dtype[0] == '>' ? "big_" : "") + row.dtype.substr(1) + '_' +
                     shape_text(row.shape);
  if (row.rate) name += "_rate" + std::to_string(static_cast<int>(*row.rate * 10));
  if (row.decibels) name += "_dB" + std::to_string(static_cast<int>(*row.decibels));
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

const std::vector<Case>& cases() {
  static const Cases rows = make_cases();
  return rows;
}

std::vector<Case> lossless_cases() {
  return filtered([](const Case& row) { return row.is_lossless(); });
}

std::vector<Case> lossy_cases() {
  return filtered([](const Case& row) { return !row.is_lossless(); });
}

}  // namespace blosc2_grok::test
