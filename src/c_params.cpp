// SPDX-License-Identifier: BSD-3-Clause
// From Grok's names to the parameter table, by way of the packed map: one place checks values.
#include "c_params.hpp"

#include <algorithm>
#include <cstring>

#include "error.hpp"
#include "msgpack.hpp"

namespace blosc2_grok {
namespace {

using msgpack::Array;
using msgpack::Map;

void add_quality(Map& map, const blosc2_grok_compress_params& compress) {
  if (compress.allocationByRateDistoration && compress.allocationByQuality) {
    throw Error(ErrorCode::kCodecParam, "allocationByRateDistoration and allocationByQuality exclude each other");
  }
  const bool has_quality = compress.allocationByRateDistoration || compress.allocationByQuality;
  if (!has_quality || compress.numlayers == 0) return;
  if (compress.numlayers > BLOSC2_GROK_MAX_LAYERS) {
    throw Error(ErrorCode::kCodecParam, "numlayers is ", compress.numlayers, ": at most ", BLOSC2_GROK_MAX_LAYERS);
  }
  const double* const layers = compress.allocationByQuality ? compress.layer_distortion : compress.layer_rate;
  map.emplace_back("quality_mode", compress.allocationByQuality ? "dB" : "rates");
  map.emplace_back("quality_layers", Array(layers, layers + compress.numlayers));
}

std::string progression_name(int32_t order) {
  static constexpr const char* kNames[] = {"LRCP", "RLCP", "RPCL", "PCRL", "CPRL"};
  return order >= 0 && order < 5 ? kNames[order] : text(order);
}

}  // namespace

const blosc2_grok_params& check_codec_params(const void* codec_params) {
  uint32_t head[2];
  std::memcpy(head, codec_params, sizeof head);
  if (head[0] != BLOSC2_GROK_PARAMS_MAGIC || head[1] != sizeof(blosc2_grok_params)) {
    throw Error(ErrorCode::kCodecParam, "codec_params starts with ", head[0], " and struct_size ", head[1],
                ": fill it with blosc2_grok_params_init of this version (structs of 0.3.5 are not taken)");
  }
  return *static_cast<const blosc2_grok_params*>(codec_params);
}

Params convert_params(const blosc2_grok_compress_params& compress) {
  Map map;
  if (compress.tile_size_on) map.emplace_back("tile_size", Array{compress.t_width, compress.t_height});
  map.emplace_back("tile_offset", Array{compress.tx0, compress.ty0});
  add_quality(map, compress);
  map.emplace_back("progression", progression_name(compress.prog_order));
  map.emplace_back("num_resolutions", int{compress.numresolution});
  map.emplace_back("codeblock_size", Array{compress.cblockw_init, compress.cblockh_init});
  if (compress.irreversible) map.emplace_back("irreversible", true);
  if (compress.res_spec > 0) map.emplace_back("precinct_size", Array{compress.prcw_init[0], compress.prch_init[0]});
  map.emplace_back("offset", Array{compress.image_offset_x0, compress.image_offset_y0});
  map.emplace_back("mct", int{compress.mct});
  map.emplace_back("numgbits", int{compress.numgbits});
  map.emplace_back("roi_compno", compress.roi_compno);
  map.emplace_back("roi_shift", compress.roi_shift);
  map.emplace_back("decod_format", compress.decod_format);
  map.emplace_back("cod_format", compress.cod_format);
  map.emplace_back("rsiz", int{compress.rsiz});
  map.emplace_back("framerate", int{compress.framerate});
  map.emplace_back("apply_icc_", compress.apply_icc_);
  map.emplace_back("rateControlAlgorithm", compress.rateControlAlgorithm);
  map.emplace_back("num_threads", compress.numThreads);
  map.emplace_back("deviceId", compress.deviceId);
  map.emplace_back("duration", compress.duration);
  map.emplace_back("repeats", compress.repeats);
  map.emplace_back("mode", compress.cblk_sty);
  map.emplace_back("verbose", compress.verbose);
  map.emplace_back("enableTilePartGeneration", compress.enableTilePartGeneration);
  map.emplace_back("max_cs_size", compress.max_cs_size);
  map.emplace_back("max_comp_size", compress.max_comp_size);
  return parse_params(msgpack::serialize(map));
}

}  // namespace blosc2_grok

void blosc2_grok_params_init(blosc2_grok_params* params) {
  if (params == nullptr) return;
  const blosc2_grok::Params defaults;
  *params = {};
  params->magic = BLOSC2_GROK_PARAMS_MAGIC;
  params->struct_size = sizeof *params;
  blosc2_grok_compress_params& compress = params->compressParams;
  compress.numgbits = static_cast<uint8_t>(defaults.numgbits);
  compress.numresolution = static_cast<uint8_t>(defaults.num_resolutions);
  compress.cblockw_init = defaults.codeblock_size.width;
  compress.cblockh_init = defaults.codeblock_size.height;
  compress.roi_compno = defaults.roi_compno;
  compress.cod_format = static_cast<int32_t>(defaults.cod_format);
  compress.repeats = defaults.repeats;
}
