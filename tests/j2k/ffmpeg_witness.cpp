// SPDX-License-Identifier: BSD-3-Clause
// The beginnings of FFmpeg's public structs are the same in libavcodec 59 to 62; of others nothing is read.
#include "ffmpeg_witness.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>

namespace blosc2_grok::j2k::test {
namespace {

struct Frame {
  uint8_t* data[8];
  int line_bytes[8];
  uint8_t** extended_data;
  int columns, rows, audio_samples, format;
};

struct Packet {
  void* buffer;
  int64_t pts, dts;
  uint8_t* data;
  int bytes;
};

struct ComponentPlace {
  int plane, step, offset, shift, depth;
};

struct PixelFormat {
  const char* name;
  uint8_t components, log2_chroma_columns, log2_chroma_rows;
  uint64_t flags;
  ComponentPlace places[4];
};

struct Context;
struct Codec;

}  // namespace

struct Ffmpeg::Library {
  void* handle = nullptr;
  unsigned number = 0;
  const Codec* codec = nullptr;
  Context* (*new_context)(const Codec*) = nullptr;
  int (*open)(Context*, const Codec*, void**) = nullptr;
  void (*free_context)(Context**) = nullptr;
  int (*send)(Context*, const Packet*) = nullptr;
  int (*receive)(Context*, Frame*) = nullptr;
  Frame* (*new_frame)() = nullptr;
  void (*free_frame)(Frame**) = nullptr;
  Packet* (*new_packet)() = nullptr;
  int (*fill_packet)(Packet*, int) = nullptr;
  void (*free_packet)(Packet**) = nullptr;
  const PixelFormat* (*describe)(int) = nullptr;

  ~Library() {
    if (handle != nullptr) dlclose(handle);
  }
  template <class Function>
  void find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    if (function == nullptr) throw std::runtime_error(std::string("no ") + name + " in FFmpeg");
  }
  void find_all() {
    unsigned (*version)() = nullptr;
    find(version, "avcodec_version");
    number = version();
    if (number >> 16 < 59 || number >> 16 > 62) throw std::runtime_error("an unknown FFmpeg");
    const Codec* (*by_name)(const char*) = nullptr;
    find(by_name, "avcodec_find_decoder_by_name");
    codec = by_name("jpeg2000");
    if (codec == nullptr) throw std::runtime_error("an FFmpeg without JPEG 2000");
    void (*set_level)(int) = nullptr;
    find(set_level, "av_log_set_level");
    set_level(-8);  // quiet
    find(new_context, "avcodec_alloc_context3"), find(open, "avcodec_open2"),
        find(free_context, "avcodec_free_context");
    find(send, "avcodec_send_packet"), find(receive, "avcodec_receive_frame");
    find(new_frame, "av_frame_alloc"), find(free_frame, "av_frame_free");
    find(new_packet, "av_packet_alloc"), find(fill_packet, "av_new_packet"), find(free_packet, "av_packet_free");
    find(describe, "av_pix_fmt_desc_get");
  }
};

namespace {

// A sample by the place that the pixel format gives it; bits below those of the stream are FFmpeg's padding.
int32_t sample_at(const Frame& frame, const ComponentPlace& place, uint32_t y, uint32_t x) {
  const uint8_t* at = frame.data[place.plane] + std::ptrdiff_t(y) * frame.line_bytes[place.plane] +
                      std::ptrdiff_t(x) * place.step + place.offset;
  const int value = place.depth + place.shift > 8 ? at[0] | at[1] << 8 : at[0];
  return (value >> place.shift) & ((1 << place.depth) - 1);
}

void copy_samples(const Frame& frame, const PixelFormat& format, Image& image) {
  image.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    const ComponentPlace& place = format.places[c];
    const int32_t below_zero = image.is_signed ? 1 << (image.bits - 1) : 0;
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        image.set(c, y, x, (sample_at(frame, place, y, x) >> (place.depth - image.bits)) - below_zero);
      }
    }
  }
}

}  // namespace

Ffmpeg::Ffmpeg(std::unique_ptr<Library> library) : library_(std::move(library)) {}
Ffmpeg::~Ffmpeg() = default;

std::unique_ptr<Ffmpeg> Ffmpeg::load() {
  const char* named = std::getenv("J2K_FFMPEG");
  std::vector<std::string> names{"libavcodec.so.62", "libavcodec.so.61", "libavcodec.so.60", "libavcodec.so.59"};
  if (named != nullptr) names = {named};
  for (const std::string& name : names) {
    auto library = std::make_unique<Library>();
    library->handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library->handle == nullptr) continue;
    library->find_all();
    return std::unique_ptr<Ffmpeg>(new Ffmpeg(std::move(library)));
  }
  if (named != nullptr) throw std::runtime_error(std::string(named) + ": " + dlerror());
  return nullptr;
}

bool Ffmpeg::reads_high_throughput() const { return library_->number >= (60u << 16 | 31u << 8); }

std::string Ffmpeg::version() const {
  return "libavcodec " + std::to_string(library_->number >> 16) + "." + std::to_string(library_->number >> 8 & 255);
}

void Ffmpeg::decode(std::span<const uint8_t> bytes, Image& image) const {
  const Library& l = *library_;
  const auto close = [&](Context* context) { l.free_context(&context); };
  const std::unique_ptr<Context, decltype(close)> context(l.new_context(l.codec), close);
  const auto drop_packet = [&](Packet* packet) { l.free_packet(&packet); };
  const std::unique_ptr<Packet, decltype(drop_packet)> packet(l.new_packet(), drop_packet);
  const auto drop_frame = [&](Frame* frame) { l.free_frame(&frame); };
  const std::unique_ptr<Frame, decltype(drop_frame)> frame(l.new_frame(), drop_frame);
  if (l.open(context.get(), l.codec, nullptr) < 0 || l.fill_packet(packet.get(), int(bytes.size())) < 0) {
    throw std::runtime_error("FFmpeg does not start");
  }
  std::copy(bytes.begin(), bytes.end(), packet->data);
  if (l.send(context.get(), packet.get()) < 0) throw std::runtime_error("FFmpeg refuses");
  if (l.receive(context.get(), frame.get()) < 0) throw std::runtime_error("FFmpeg: no picture");
  const PixelFormat* format = l.describe(frame->format);
  if (format == nullptr || format->components < image.components || frame->columns != int(image.columns) ||
      frame->rows != int(image.rows) || format->places[0].depth < image.bits || format->log2_chroma_columns != 0) {
    throw std::runtime_error("FFmpeg: " + std::to_string(frame->rows) + " x " + std::to_string(frame->columns) + ", " +
                             (format == nullptr ? "no format" : format->name));
  }
  copy_samples(*frame, *format, image);
}

}  // namespace blosc2_grok::j2k::test
