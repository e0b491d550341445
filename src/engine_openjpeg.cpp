// SPDX-License-Identifier: BSD-3-Clause
// JPEG 2000 Part 1 by libopenjp2: re-entrant, no state outside a call.
#include <openjpeg.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "c_ptr.hpp"
#include "coding_profile.hpp"
#include "engine.hpp"
#include "engine_list.hpp"

namespace blosc2_grok {
namespace {

using Codec = CPtr<opj_codec_t, opj_destroy_codec>;
using Stream = CPtr<opj_stream_t, opj_stream_destroy>;
using Image = CPtr<opj_image_t, opj_image_destroy>;

constexpr const char* kNeedsGrok = " comes with the Grok engine (a build with libgrokj2k)";
constexpr OPJ_SIZE_T kStreamBuffer = 1 << 16;
constexpr OPJ_SIZE_T kStreamEnd = static_cast<OPJ_SIZE_T>(-1);

// OpenJPEG's callbacks are C: they must never throw.
void keep_message(const char* message, void* reason) noexcept {
  try {
    auto& kept = *static_cast<std::string*>(reason);
    if (!kept.empty()) return;  // the first message is the cause, later ones its consequences
    kept = message;
    while (!kept.empty() && kept.back() == '\n') kept.pop_back();
  } catch (...) {  // no memory for the reason: the failure itself is still seen
  }
}

void ignore_message(const char*, void*) noexcept {}

// The buffer of one call, read or written at a position.
struct MemoryOutput {
  std::vector<uint8_t> bytes;
  size_t position = 0;
};

OPJ_SIZE_T write_bytes(void* src, OPJ_SIZE_T count, void* user) noexcept {
  auto& output = *static_cast<MemoryOutput*>(user);
  try {
    if (output.position + count > output.bytes.size()) output.bytes.resize(output.position + count);
  } catch (...) {
    return kStreamEnd;
  }
  std::memcpy(output.bytes.data() + output.position, src, count);
  output.position += count;
  return count;
}

OPJ_OFF_T skip_output(OPJ_OFF_T count, void* user) noexcept {
  auto& output = *static_cast<MemoryOutput*>(user);
  if (count < 0 && static_cast<size_t>(-count) > output.position) return -1;
  output.position = static_cast<size_t>(static_cast<OPJ_OFF_T>(output.position) + count);
  return count;
}

OPJ_BOOL seek_output(OPJ_OFF_T position, void* user) noexcept {
  if (position < 0) return OPJ_FALSE;
  static_cast<MemoryOutput*>(user)->position = static_cast<size_t>(position);
  return OPJ_TRUE;
}

struct MemoryInput {
  ByteSpan bytes;
  size_t position = 0;
};

OPJ_SIZE_T read_bytes(void* dst, OPJ_SIZE_T count, void* user) noexcept {
  auto& input = *static_cast<MemoryInput*>(user);
  const size_t available = std::min<size_t>(count, input.bytes.size() - input.position);
  if (available == 0) return kStreamEnd;
  std::memcpy(dst, input.bytes.data() + input.position, available);
  input.position += available;
  return available;
}

OPJ_OFF_T skip_input(OPJ_OFF_T count, void* user) noexcept {
  auto& input = *static_cast<MemoryInput*>(user);
  if (count < 0) return -1;
  const size_t available = std::min(static_cast<size_t>(count), input.bytes.size() - input.position);
  input.position += available;
  return available == 0 && count > 0 ? -1 : static_cast<OPJ_OFF_T>(available);
}

OPJ_BOOL seek_input(OPJ_OFF_T position, void* user) noexcept {
  auto& input = *static_cast<MemoryInput*>(user);
  if (position < 0 || static_cast<size_t>(position) > input.bytes.size()) return OPJ_FALSE;
  input.position = static_cast<size_t>(position);
  return OPJ_TRUE;
}

Stream open_output(MemoryOutput& output) {
  auto stream = own<Stream>(opj_stream_create(kStreamBuffer, OPJ_FALSE));
  opj_stream_set_user_data(stream.get(), &output, nullptr);
  opj_stream_set_write_function(stream.get(), write_bytes);
  opj_stream_set_skip_function(stream.get(), skip_output);
  opj_stream_set_seek_function(stream.get(), seek_output);
  return stream;
}

Stream open_input(MemoryInput& input) {
  auto stream = own<Stream>(opj_stream_create(std::min<size_t>(kStreamBuffer, input.bytes.size()), OPJ_TRUE));
  opj_stream_set_user_data(stream.get(), &input, nullptr);
  opj_stream_set_user_data_length(stream.get(), input.bytes.size());
  opj_stream_set_read_function(stream.get(), read_bytes);
  opj_stream_set_skip_function(stream.get(), skip_input);
  opj_stream_set_seek_function(stream.get(), seek_input);
  return stream;
}

void set_common(opj_codec_t* codec, std::string& reason, unsigned threads) {
  opj_set_error_handler(codec, keep_message, &reason);
  opj_set_warning_handler(codec, ignore_message, nullptr);
  opj_set_info_handler(codec, ignore_message, nullptr);
  if (threads > 1) opj_codec_set_threads(codec, static_cast<int>(threads));
}

Image make_image(const SourceImage& source, const Params& params) {
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = source.plane.columns;
  component.h = source.plane.rows;
  component.x0 = params.offset.width;
  component.y0 = params.offset.height;
  component.prec = source.bits;
  component.sgnd = source.plane.sample.is_signed;
  std::vector<opj_image_cmptparm_t> components(source.components.size(), component);
  auto image = own<Image>(
      opj_image_create(static_cast<OPJ_UINT32>(components.size()), components.data(), OPJ_CLRSPC_UNSPECIFIED));
  image->x0 = component.x0;
  image->y0 = component.y0;
  image->x1 = component.x0 + component.w;
  image->y1 = component.y0 + component.h;
  for (size_t i = 0; i < components.size(); ++i) gather(image->comps[i].data, source.components[i], source.plane);
  return image;
}

void set_target(opj_cparameters_t& out, const SourceImage& source, const Target& target) {
  const double raw_bytes = double(source.plane.rows) * source.plane.columns *
                           static_cast<double>(source.components.size()) * source.bits / 8;
  out.tcp_numlayers = static_cast<int>(std::max<size_t>(target.layers.size(), 1));
  switch (target.kind) {
    case Target::Kind::kEverything:
      out.cp_disto_alloc = 1;
      return;
    case Target::Kind::kBytes:
      out.cp_disto_alloc = 1;
      for (size_t i = 0; i < target.layers.size(); ++i) {
        // A rate of 0 means everything.
        out.tcp_rates[i] = target.layers[i] <= 0 ? 0.0f : static_cast<float>(raw_bytes / target.layers[i]);
      }
      return;
    case Target::Kind::kDecibels:
      out.cp_fixed_quality = 1;
      for (size_t i = 0; i < target.layers.size(); ++i) out.tcp_distoratio[i] = static_cast<float>(target.layers[i]);
      return;
  }
}

opj_cparameters_t make_parameters(const SourceImage& source, const CodingJob& job) {
  const Params& params = job.params;
  opj_cparameters_t out;
  opj_set_default_encoder_parameters(&out);
  set_target(out, source, job.target);
  if (!params.tile_size.is_zero()) {
    out.tile_size_on = OPJ_TRUE;
    out.cp_tdx = static_cast<int>(params.tile_size.width);
    out.cp_tdy = static_cast<int>(params.tile_size.height);
  }
  out.cp_tx0 = static_cast<int>(params.tile_offset.width);
  out.cp_ty0 = static_cast<int>(params.tile_offset.height);
  out.image_offset_x0 = static_cast<int>(params.offset.width);
  out.image_offset_y0 = static_cast<int>(params.offset.height);
  out.prog_order = static_cast<OPJ_PROG_ORDER>(params.progression);
  out.numresolution = static_cast<int>(job.resolutions);
  out.cblockw_init = static_cast<int>(params.codeblock_size.width);
  out.cblockh_init = static_cast<int>(params.codeblock_size.height);
  out.mode = static_cast<int>(params.mode);
  out.irreversible = job.irreversible;
  out.tcp_mct = job.colour_transform;
  out.rsiz = static_cast<OPJ_UINT16>(params.rsiz);
  if (params.has_region()) {
    out.roi_compno = params.roi_compno;
    out.roi_shift = static_cast<int>(params.roi_shift);
  }
  if (!params.precinct_size.is_zero()) {
    out.csty |= 1;
    // Smaller resolutions halve it, down to 2: a side of 1 is legal at the lowest one only.
    out.res_spec = static_cast<int>(job.resolutions);
    for (unsigned r = 0; r < job.resolutions; ++r) {
      out.prcw_init[r] = static_cast<int>(std::max(params.precinct_size.width >> r, 2u));
      out.prch_init[r] = static_cast<int>(std::max(params.precinct_size.height >> r, 2u));
    }
  }
  if (params.enable_tile_parts) {
    out.tp_on = 1;
    out.tp_flag = 'R';
  }
  return out;
}

// Passes that end with a byte of their own outgrow the buffer of a code-block of a sample or two: memory is
// overwritten.
bool overflows_codeblocks(const CodingJob& job) {
  const Params& params = job.params;
  if ((params.mode & (block_style::kLazy | block_style::kTermAll)) == 0 || params.precinct_size.is_zero()) return false;
  constexpr uint32_t kLeastPrecinct = 8;
  return std::min(params.precinct_size.width, params.precinct_size.height) >> (job.resolutions - 1) < kLeastPrecinct;
}

constexpr const char* kTinyBlocks = "LAZY and TERMALL need a precinct_size of 8 or more at the lowest resolution";
// A code-block of one sample has room for the passes of so many bits with TERMALL.
constexpr unsigned kMostBitsTermAll = 8;

// Its sums have 32 bits.
constexpr unsigned kMostBitsDecoded = 26;

std::string too_deep(unsigned most, unsigned bits) {
  return text("it is exact to ", most, " bits, the image has ", bits);
}

class OpenjpegEngine final : public Engine {
 public:
  EngineName id() const override { return EngineName::kOpenjpeg; }
  std::string name() const override { return "openjpeg"; }
  std::string licence() const override { return "BSD-2-Clause"; }

  std::array<uint8_t, 3> version() const override {
    unsigned parts[3] = {};
    std::sscanf(opj_version(), "%u.%u.%u", &parts[0], &parts[1], &parts[2]);
    return {static_cast<uint8_t>(parts[0]), static_cast<uint8_t>(parts[1]), static_cast<uint8_t>(parts[2])};
  }

  std::string refusal(const SourceImage& image, const CodingJob& job) const override {
    const Params& params = job.params;
    if (overflows_codeblocks(job)) return kTinyBlocks;
    if ((params.mode & block_style::kTermAll) != 0 && image.bits > kMostBitsTermAll) {
      return text("it overruns its memory with TERMALL above ", kMostBitsTermAll, " bits, the image has ", image.bits);
    }
    if (params.is_ht()) return "it can't encode HT";
    if (params.numgbits != 2 && coding_profile(params) != nullptr) {
      return text("it writes 2 guard bits, this profile has ", params.numgbits);
    }
    if (image.bits > kMostBitsOfOpenjpeg) return too_deep(kMostBitsOfOpenjpeg, image.bits);
    if (params.numgbits != 2) return text("it writes 2 guard bits; numgbits=", params.numgbits, kNeedsGrok);
    if (params.rate_control != RateControl::kBisect)
      return text("its rateControlAlgorithm is BISECT; PCRD_OPT", kNeedsGrok);
    if (params.framerate != 0) return text("it has no framerate; that", kNeedsGrok);
    if (params.max_comp_size != 0 && image.components.size() > 1) return "it can't limit single components";
    if (params.write_plt || params.write_tlm) return "it is not asked for PLT and TLM";
    constexpr unsigned kMostPlanes = 30;
    if (params.has_region() && (params.mode & block_style::kLazy) != 0) {
      return "it writes LAZY in a region of interest as nobody else reads it";
    }
    if (params.has_region() && image.bits + params.roi_shift > kMostPlanes) {
      return text("it holds ", kMostPlanes, " bit-planes, too few for roi_shift=", params.roi_shift, " on ", image.bits,
                  " bits");
    }
    return {};
  }

  // Its HT decoder stops the process by an assertion on some damaged streams (tests/hostile).
  std::string refusal(const CodestreamHeader& header, const DecodeOptions&) const override {
    if (header.is_ht()) return "it is not trusted with HT";
    const unsigned bits = header.components[0].bits;
    const bool is_reversible = header.transform == 1;
    return is_reversible && bits > kMostBitsDecoded ? too_deep(kMostBitsDecoded, bits) : "";
  }

  Encoding encode(const SourceImage& source, const CodingJob& job) const override {
    std::string reason;
    const auto codec = own<Codec>(opj_create_compress(OPJ_CODEC_J2K));
    set_common(codec.get(), reason, job.threads);
    const Image image = make_image(source, job.params);
    opj_cparameters_t parameters = make_parameters(source, job);
    MemoryOutput output;
    output.bytes.reserve(size_t{source.plane.rows} * source.plane.columns * source.plane.sample.bytes);
    const Stream stream = open_output(output);
    if (!opj_setup_encoder(codec.get(), &parameters, image.get()) ||
        !opj_start_compress(codec.get(), image.get(), stream.get()) || !opj_encode(codec.get(), stream.get()) ||
        !opj_end_compress(codec.get(), stream.get())) {
      throw Error(ErrorCode::kFailure, "OpenJPEG could not encode: ", reason.empty() ? "no reason given" : reason);
    }
    return {{output.bytes.begin(), output.bytes.end()}, {}};
  }

  void decode(const TargetImage& target, ByteSpan codestream, const CodestreamHeader&,
              const DecodeOptions& options) const override {
    std::string reason;
    const auto codec = own<Codec>(opj_create_decompress(OPJ_CODEC_J2K));
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    parameters.cp_reduce = options.reduce;
    parameters.cp_layer = options.layers;
    MemoryInput input{codestream};
    const Stream stream = open_input(input);
    opj_image_t* header = nullptr;
    const auto failed = [&] {
      return Error(ErrorCode::kData, "OpenJPEG could not decode: ", reason.empty() ? "no reason given" : reason);
    };
    if (!opj_setup_decoder(codec.get(), &parameters)) throw failed();
    opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE);
    set_common(codec.get(), reason, options.threads);
    const bool has_header = opj_read_header(stream.get(), codec.get(), &header);
    const Image image(header);
    if (!has_header || !opj_decode(codec.get(), stream.get(), image.get())) throw failed();
    copy_out(target, *image);
  }

 private:
  static void copy_out(const TargetImage& target, const opj_image_t& image) {
    if (image.numcomps != target.components.size()) {
      throw Error(ErrorCode::kData, "OpenJPEG decoded ", image.numcomps, " components of ", target.components.size());
    }
    for (size_t i = 0; i < target.components.size(); ++i) {
      const opj_image_comp_t& component = image.comps[i];
      if (component.data == nullptr || component.w != target.plane.columns || component.h != target.plane.rows) {
        throw Error(ErrorCode::kData, "OpenJPEG decoded ", component.w, " x ", component.h, " samples of ",
                    target.plane.columns, " x ", target.plane.rows);
      }
      scatter(target.components[i], component.data, target.plane);
    }
  }
};

}  // namespace

const Engine* openjpeg_engine() {
  static const OpenjpegEngine* const instance = new OpenjpegEngine;
  return instance;
}

}  // namespace blosc2_grok
