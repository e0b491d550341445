// SPDX-License-Identifier: BSD-3-Clause
// From the host's structs to a request: whose parameters count, which shape, what the filters did.
#include "request.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "c_params.hpp"
#include "host.hpp"

namespace blosc2_grok {
namespace {

// One source gives the whole set, the first one wins: the C call, the array, the process.
Params find_params(const host::EncodeParams& call, uint8_t codec_meta) {
  if (call.codec_params != nullptr) {
    return with_codec_meta(convert_params(check_codec_params(call.codec_params).compressParams), codec_meta);
  }
  const auto metalayer = call.schunk.metalayer("grok");
  if (!metalayer) return with_codec_meta(*default_params(), codec_meta);
  Params params = parse_params(*metalayer);
  // An array's own quality holds; a bare codec_meta must not change it unseen.
  return params.has_quality() && !params.max_error ? params : with_codec_meta(std::move(params), codec_meta);
}

// Bytes in a row, coded without loss: what is left when samples can't be told.
void take_as_bytes(EncodeRequest& request, std::string reason) {
  request.dtype = {SampleType{1, false, false}, true};
  const auto bytes = static_cast<int32_t>(request.block.size());
  request.layout = make_layout(std::span(&bytes, 1), {-1, 0, -1});
  request.shuffled_typesize = 0;
  request.is_bytes = true;
  request.lossless_only = std::move(reason);
}

void take_as_row(EncodeRequest& request, int32_t typesize) {
  request.dtype = parse_dtype("", typesize);
  request.lossless_only = "the block's dtype is not known (it belongs to no b2nd array)";
  if (request.block.size() % static_cast<size_t>(typesize) != 0) {
    return take_as_bytes(request,
                         text("a block of ", request.block.size(), " bytes holds no whole samples of ", typesize));
  }
  const auto samples = static_cast<int32_t>(request.block.size()) / typesize;
  request.layout = make_layout(std::span(&samples, 1), {-1, 0, -1});
}

// A C program may say what a block is where no metalayer does.
bool take_as_told(EncodeRequest& request, const host::EncodeParams& call) {
  if (call.codec_params == nullptr) return false;
  const blosc2_grok_image& image = check_codec_params(call.codec_params).image;
  if (image.rows == 0 || image.columns == 0) return false;
  const std::string dtype(image.dtype, ::strnlen(image.dtype, sizeof image.dtype));
  request.dtype = parse_dtype(dtype, call.typesize);
  const auto extent = [](uint32_t samples) { return static_cast<int32_t>(std::min<uint32_t>(samples, INT32_MAX)); };
  const std::array<int32_t, 3> shape{extent(image.rows), extent(image.columns), extent(std::max(image.channels, 1u))};
  request.layout = make_layout(shape, {0, 1, 2});
  if (!request.dtype.is_known) request.lossless_only = "codec_params don't tell the dtype";
  const uint64_t bytes =
      uint64_t{image.rows} * image.columns * std::max(image.channels, 1u) * request.dtype.sample.bytes;
  if (bytes != request.block.size()) {
    throw Error(ErrorCode::kCodecParam, "codec_params tell of an image of ", bytes, " bytes, the block has ",
                request.block.size());
  }
  return true;
}

void take_as_array(EncodeRequest& request, const host::ArrayMeta& array, int32_t typesize) {
  request.dtype = parse_dtype(array.dtype, typesize);
  if (!request.dtype.is_known)
    request.lossless_only = text("the dtype '", array.dtype, "' doesn't tell what samples are");
  const AxisRoles roles = resolve_roles(array.shape, request.params.layout, request.dtype.sample.bytes);
  std::vector<int32_t> extents = array.block_shape;
  extents.push_back(request.dtype.parts);  // the two floats of a complex number are planes
  request.layout = make_layout(extents, roles);
  uint64_t bytes = request.dtype.sample.bytes;
  // Beyond the largest block the product stays there: sixteen extents overflow any integer.
  for (const uint32_t extent : request.layout.extents) bytes = std::min<uint64_t>(bytes * extent, uint64_t{1} << 31);
  if (bytes != request.block.size()) {
    take_as_bytes(request, text("the host hands over ", request.block.size(), " bytes of a block of ", bytes,
                                " (splitmode must be NEVER_SPLIT)"));
  }
}

// Blosc2 applies filters before the codec. A lone shuffle can be undone; what others did is no image any more.
void undo_filters(EncodeRequest& request, const host::EncodeParams& call) {
  const auto active = std::ranges::count_if(call.filters, [](uint8_t filter) { return filter != 0; });
  if (active == 0) return;
  const auto at = static_cast<size_t>(std::ranges::find_if(call.filters, [](uint8_t filter) { return filter != 0; }) -
                                      call.filters.begin());
  const bool is_shuffle = active == 1 && call.filters[at] == host::kShuffleFilter;
  const int32_t stride = call.filters_meta[at] != 0 ? call.filters_meta[at] : call.typesize;
  if (is_shuffle && stride == call.typesize && stride <= 255) {
    if (stride > 1 && request.lossless_only.empty()) request.shuffled_typesize = static_cast<uint8_t>(stride);
    if (stride > 1 && !request.lossless_only.empty()) take_as_bytes(request, request.lossless_only);
    return;
  }
  take_as_bytes(request, text("filter ", int{call.filters[at]}, active > 1 ? " and others are" : " is",
                              " on: pass filters=[] in cparams"));
}

unsigned inner_threads(uint32_t wanted, const host::Schunk& schunk, const std::optional<host::ArrayMeta>& array,
                       int32_t host_threads) {
  if (wanted > 0) return wanted;
  return host::chunk_is_one_block(schunk, array) ? static_cast<unsigned>(host_threads) : 1;
}

}  // namespace

EncodeRequest make_encode_request(ByteSpan block, uint8_t codec_meta, const void* cparams) {
  const host::EncodeParams call = host::read_encode_params(cparams);
  EncodeRequest request;
  request.block = block;
  request.must_shrink = true;
  request.params = find_params(call, codec_meta);
  const auto array = host::read_array_meta(call.schunk);
  const int32_t typesize = call.typesize;
  if (array) {
    take_as_array(request, *array, typesize);
  } else if (!take_as_told(request, call)) {
    take_as_row(request, typesize);
  }
  undo_filters(request, call);
  request.threads = inner_threads(request.params.num_threads, call.schunk, array, call.threads);
  return request;
}

DecodeRequest make_decode_request(std::span<uint8_t> block, ByteSpan stored_block, const void* dparams) {
  const host::DecodeParams call = host::read_decode_params(dparams);
  const auto array = host::read_array_meta(call.schunk);
  const auto metalayer = call.schunk.metalayer("grok");
  const uint32_t wanted = metalayer ? parse_params(*metalayer).num_threads : default_params()->num_threads;
  DecodeRequest request{stored_block, block, {inner_threads(wanted, call.schunk, array, call.threads)}, {}, {}};
  if (array) request.array_extents = make_layout(array->block_shape, {}).extents;
  if (metalayer) request.no_legacy = "its array has parameters of this plugin";
  return request;
}

}  // namespace blosc2_grok
