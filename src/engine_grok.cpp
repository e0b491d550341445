// SPDX-License-Identifier: BSD-3-Clause
// JPEG 2000 Parts 1 and 15 by libgrokj2k 10: what only it has. Encoding only: its decoder returns wrong samples for
// some tile sizes (docs/design.md), and OpenJPEG reads everything that it writes.
#include <grok.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "c_ptr.hpp"
#include "engine.hpp"
#include "engine_list.hpp"
#include "process_lock.hpp"

namespace blosc2_grok {
namespace {

using Codec = CPtr<grk_codec, grk_object_unref>;

// Grok's state is process-wide: one executor, whose threads a forked child lacks, and one set of message handlers.
std::atomic<bool> is_started{false};
std::atomic<bool> is_forked_child{false};

std::string& last_message() {
  static auto* const message = new std::string;  // guarded by process_lock()
  return *message;
}

void keep_message(const char* message, void*) noexcept {
  try {
    const std::lock_guard lock(process_lock());
    if (last_message().empty()) last_message() = message;
  } catch (...) {  // no memory for the reason: the failure itself is still seen
  }
}

void ignore_message(const char*, void*) noexcept {}

std::string take_message() {
  const std::lock_guard lock(process_lock());
  std::string message = std::move(last_message());
  last_message().clear();
  return message.empty() ? "no reason given" : message;
}

void start_grok() {
  static std::once_flag once;
  std::call_once(once, [] {
    ::pthread_atfork(nullptr, nullptr, [] { is_forked_child = is_started.load(); });
    grk_set_msg_handlers(ignore_message, nullptr, ignore_message, nullptr, keep_message, nullptr);
    grk_initialize(nullptr, 0);
    is_started = true;
  });
}

// The codec does not own its image; the image owns its components.
struct ImageFreer {
  void operator()(grk_image* image) const { grk_object_unref(&image->obj); }
};
using Image = std::unique_ptr<grk_image, ImageFreer>;

Image make_image(const SourceImage& source, const Params& params) {
  grk_image_comp component{};
  component.dx = component.dy = 1;
  component.x0 = params.offset.width;
  component.y0 = params.offset.height;
  component.w = source.plane.columns;
  component.h = source.plane.rows;
  component.prec = static_cast<uint8_t>(source.bits);
  component.sgnd = source.plane.sample.is_signed;
  std::vector<grk_image_comp> components(source.components.size(), component);
  Image image(grk_image_new(static_cast<uint16_t>(components.size()), components.data(),
                            components.size() >= 3 ? GRK_CLRSPC_SRGB : GRK_CLRSPC_GRAY));
  if (!image) throw std::bad_alloc();
  image->x0 = component.x0;
  image->y0 = component.y0;
  image->x1 = component.x0 + component.w;
  image->y1 = component.y0 + component.h;
  for (size_t i = 0; i < components.size(); ++i) {
    const grk_image_comp& plane = image->comps[i];
    // Grok's rows may be padded: row by row.
    PlaneView row = source.plane;
    row.rows = 1;
    for (size_t r = 0; r < source.plane.rows; ++r) {
      gather(plane.data + r * plane.stride,
             source.components[i] + r * source.plane.row_stride * source.plane.sample.bytes, row);
    }
  }
  return image;
}

void set_target(grk_cparameters& out, const SourceImage& source, const Target& target) {
  const double raw_bytes = double(source.plane.rows) * source.plane.columns *
                           static_cast<double>(source.components.size()) * source.bits / 8;
  out.numlayers = static_cast<uint16_t>(std::max<size_t>(target.layers.size(), 1));
  out.allocationByRateDistoration = target.kind != Target::Kind::kDecibels;
  out.allocationByQuality = target.kind == Target::Kind::kDecibels;
  for (size_t i = 0; i < target.layers.size(); ++i) {
    if (out.allocationByQuality) {
      out.layer_distortion[i] = target.layers[i];
    } else {
      out.layer_rate[i] = target.layers[i] <= 0 ? 0 : raw_bytes / target.layers[i];  // 0: everything
    }
  }
}

grk_cparameters make_parameters(const SourceImage& source, const CodingJob& job) {
  const Params& params = job.params;
  grk_cparameters out;
  grk_compress_set_default_params(&out);
  set_target(out, source, job.target);
  if (!params.tile_size.is_zero()) {
    out.tile_size_on = true;
    out.t_width = params.tile_size.width;
    out.t_height = params.tile_size.height;
  }
  out.tx0 = params.tile_offset.width;
  out.ty0 = params.tile_offset.height;
  out.image_offset_x0 = params.offset.width;
  out.image_offset_y0 = params.offset.height;
  out.prog_order = static_cast<GRK_PROG_ORDER>(params.progression);
  out.numresolution = static_cast<uint8_t>(job.resolutions);
  out.cblockw_init = params.codeblock_size.width;
  out.cblockh_init = params.codeblock_size.height;
  out.cblk_sty = static_cast<uint8_t>(params.mode);
  out.irreversible = job.irreversible;
  out.mct = job.colour_transform;
  out.numgbits = static_cast<uint8_t>(params.numgbits);
  out.rsiz = static_cast<uint16_t>(params.rsiz);
  out.framerate = static_cast<uint16_t>(params.framerate);
  out.rateControlAlgorithm = static_cast<GRK_RATE_CONTROL_ALGORITHM>(params.rate_control);
  out.numThreads = job.threads;
  out.cod_format = GRK_FMT_J2K;
  if (params.has_region()) {
    out.roi_compno = params.roi_compno;
    out.roi_shift = params.roi_shift;
  }
  if (!params.precinct_size.is_zero()) {
    out.csty |= 1;
    // Smaller resolutions halve it, down to 2: a side of 1 is legal at the lowest one only.
    out.res_spec = job.resolutions;
    for (unsigned r = 0; r < job.resolutions; ++r) {
      out.prcw_init[r] = std::max(params.precinct_size.width >> r, 2u);
      out.prch_init[r] = std::max(params.precinct_size.height >> r, 2u);
    }
  }
  if (params.enable_tile_parts) {
    out.enableTilePartGeneration = true;
    out.newTilePartProgressionDivider = 'R';
  }
  return out;
}

// More than any codestream takes: Grok was seen to write past the end of a buffer that is too small.
size_t find_capacity(const SourceImage& source, const CodingJob& job) {
  const Params& params = job.params;
  const size_t plane = size_t{source.plane.rows} * source.plane.columns, samples = plane * source.components.size();
  const auto tiles_along = [](uint64_t side, uint64_t tile) { return tile == 0 ? 1 : side / tile + 2; };
  const size_t tiles =
      std::min<size_t>(tiles_along(source.plane.columns + uint64_t{params.offset.width}, params.tile_size.width) *
                           tiles_along(source.plane.rows + uint64_t{params.offset.height}, params.tile_size.height),
                       65535);
  size_t precinct = 32768, block = std::min(params.codeblock_size.width, params.codeblock_size.height);
  if (!params.precinct_size.is_zero()) {
    precinct = std::min(params.precinct_size.width, params.precinct_size.height);
    precinct = std::max<size_t>(precinct >> (job.resolutions - 1), 2);
    block = std::min(block, precinct / 2);
  }
  // Passes of code-blocks of few samples, headers of packets and of tile-parts.
  const size_t block_bytes = samples * 512 / (block * block), layers = std::max<size_t>(job.target.layers.size(), 1);
  const size_t packets =
      (tiles * source.components.size() * job.resolutions + 4 * samples / (precinct * precinct)) * layers;
  return samples * source.plane.sample.bytes * 2 + block_bytes + packets * 8 + tiles * (64 + 14 * job.resolutions) +
         (size_t{1} << 16);
}

// Grok tells no length: tile-parts are walked by their Psot (ISO/IEC 15444-1 A.4.2) to the EOC marker.
size_t find_end(ByteSpan bytes) {
  const CodestreamHeader header = parse_codestream_header(bytes);
  size_t at = header.first_tile_part;
  while (at + 10 <= bytes.size() && load_big_endian(bytes.subspan(at, 2)) == marker::kSot) {
    const auto length = static_cast<size_t>(load_big_endian(bytes.subspan(at + 6, 4)));
    if (length < 12) break;
    at += length;
  }
  if (at + 2 > bytes.size() || load_big_endian(bytes.subspan(at, 2)) != marker::kEoc) {
    throw Error(ErrorCode::kFailure, "Grok wrote a codestream whose tile-parts don't lead to its end");
  }
  return at + 2;
}

// Passes that end with a byte of their own outgrow the buffer of a small code-block, of which every image can have some
// at its edges: memory is overwritten (tests/hostile).
constexpr const char* kOverflows = "it overruns its memory with LAZY and TERMALL";

class GrokEngine final : public Engine {
 public:
  EngineName id() const override { return EngineName::kGrok; }
  std::string name() const override { return "grok"; }
  std::string licence() const override { return "AGPL-3.0-only"; }

  std::array<uint8_t, 3> version() const override {
    unsigned parts[3] = {};
    std::sscanf(grk_version(), "%u.%u.%u", &parts[0], &parts[1], &parts[2]);
    return {static_cast<uint8_t>(parts[0]), static_cast<uint8_t>(parts[1]), static_cast<uint8_t>(parts[2])};
  }

  std::string refusal(const SourceImage& image, const CodingJob& job) const override {
    const Params& params = job.params;
    if (image.bits > 16) return text("it takes 16 bits at most, the image has ", image.bits);
    if (is_forked_child) return "its threads don't survive fork()";
    if (params.is_ht() && params.mode != block_style::kHt) return "it codes HT without other code-block styles";
    if ((params.mode & (block_style::kLazy | block_style::kTermAll)) != 0) return kOverflows;
    if (params.is_ht() && params.has_region()) return "it has no region of interest in HT";
    if (params.is_ht() && params.quality_mode != QualityMode::kNone) {
      return "it has no rate or quality control in HT mode";
    }
    if (params.is_ht() && (params.max_cs_size != 0 || params.max_comp_size != 0))
      return "it can't limit sizes in HT mode";
    if (params.max_comp_size != 0 && image.components.size() > 1) return "it can't limit single components";
    if (params.write_plt || params.write_tlm) return "it is not asked for PLT and TLM";
    return {};
  }

  std::string refusal(const CodestreamHeader&, const DecodeOptions&) const override {
    return "its decoder is not used";
  }

  Encoding encode(const SourceImage& source, const CodingJob& job) const override {
    start_grok();
    const Image image = make_image(source, job.params);
    grk_cparameters parameters = make_parameters(source, job);
    const size_t capacity = find_capacity(source, job);
    grk_stream_params stream{};
    stream.len = capacity;
    stream.buf = new uint8_t[capacity];  // Grok's stream deletes it
    // What Grok takes for the signature of a codestream before it has written one.
    constexpr std::array<uint8_t, 12> kSignature{0xff, 0x4f, 0xff, 0x51};
    std::ranges::copy(kSignature, stream.buf);
    const Codec codec(grk_compress_init(&stream, &parameters, image.get()));
    if (!codec || !grk_compress(codec.get(), nullptr)) {
      throw Error(ErrorCode::kFailure, "Grok could not encode: ", take_message());
    }
    const ByteSpan written(stream.buf, capacity);
    const ByteSpan codestream = written.first(find_end(written));
    return {{codestream.begin(), codestream.end()}, {}};
  }

  void decode(const TargetImage&, ByteSpan, const CodestreamHeader&, const DecodeOptions&) const override {
    throw Error(ErrorCode::kCodecSupport, "Grok's decoder is not used");
  }
};

}  // namespace

const Engine* grok_engine() {
  static const GrokEngine* const instance = new GrokEngine;
  return instance;
}

}  // namespace blosc2_grok
