// SPDX-License-Identifier: BSD-3-Clause
// The Part 1 block coder against OpenJPEG: images of one code-block, without a wavelet, in both directions.
#include <gtest/gtest.h>
#include <openjpeg.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "ebcot_block.hpp"
#include "ebcot_scratch.hpp"

namespace blosc2_grok::j2k {
namespace {

using Bytes = std::vector<uint8_t>;
constexpr int kBits = 12;           // of a signed sample
constexpr int kMb = kBits + 2 - 1;  // with two guard bits (Equation E-2)

// ---- a codestream of one packet (Annexes A and B)

class HeaderBits {
 public:
  void put(uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i) put_bit(value >> i & 1);
  }
  Bytes finish() {
    while (left_ != 8) put_bit(0);  // after FF, a byte of seven bits more (B.10.1)
    return bytes_;
  }

 private:
  void put_bit(uint32_t bit) {
    byte_ = byte_ << 1 | bit;
    if (--left_ > 0) return;
    bytes_.push_back(uint8_t(byte_));
    left_ = byte_ == 0xFF ? 7 : 8;
    byte_ = 0;
  }
  Bytes bytes_;
  uint32_t byte_ = 0;
  int left_ = 8;
};

class HeaderReader {
 public:
  explicit HeaderReader(const uint8_t* bytes) : next_(bytes) {}
  uint32_t get(int count) {
    uint32_t value = 0;
    for (; count > 0; --count) {
      if (left_ == 0) left_ = byte_ == 0xFF ? 7 : 8, byte_ = *next_++;
      value = value << 1 | (byte_ >> --left_ & 1);
    }
    return value;
  }
  const uint8_t* end() { return byte_ == 0xFF ? next_ + 1 : next_; }

 private:
  const uint8_t* next_;
  uint32_t byte_ = 0;
  int left_ = 0;
};

void put_passes(HeaderBits& bits, int passes) {  // Table B.4
  if (passes == 1)
    bits.put(0, 1);
  else if (passes == 2)
    bits.put(2, 2);
  else if (passes <= 5)
    bits.put(uint32_t(0xC | (passes - 3)), 4);
  else if (passes <= 36)
    bits.put(uint32_t(0x1E0 | (passes - 6)), 9);
  else
    bits.put(uint32_t(0xFF80 | (passes - 37)), 16);
}

int get_passes(HeaderReader& bits) {
  if (!bits.get(1)) return 1;
  if (!bits.get(1)) return 2;
  if (const uint32_t more = bits.get(2); more < 3) return int(3 + more);
  if (const uint32_t more = bits.get(5); more < 31) return int(6 + more);
  return int(37 + bits.get(7));
}

int width_of(std::size_t value) { return int(std::bit_width(value)); }

struct Piece {
  Bytes bytes;
  int passes;
};

Bytes packet(const std::vector<Piece>& pieces, int planes) {
  HeaderBits bits;
  bits.put(1, 1);                 // not empty
  bits.put(1, 1);                 // the code-block is in it
  bits.put(1, kMb - planes + 1);  // bit-planes of zeros
  int passes = 0, length_bits = 3;
  for (const Piece& piece : pieces) {
    passes += piece.passes;
    length_bits = std::max(length_bits, width_of(piece.bytes.size()) - width_of(std::size_t(piece.passes)) + 1);
  }
  put_passes(bits, passes);
  for (int i = 3; i < length_bits; ++i) bits.put(1, 1);
  bits.put(0, 1);
  for (const Piece& piece : pieces) {
    bits.put(uint32_t(piece.bytes.size()), length_bits + width_of(std::size_t(piece.passes)) - 1);
  }
  Bytes all = bits.finish();
  for (const Piece& piece : pieces) all.insert(all.end(), piece.bytes.begin(), piece.bytes.end());
  return all;
}

void put16(Bytes& bytes, int value) { bytes.push_back(uint8_t(value >> 8)), bytes.push_back(uint8_t(value)); }
void put32(Bytes& bytes, int value) { put16(bytes, value >> 16), put16(bytes, value & 0xFFFF); }

Bytes codestream(int width, int height, unsigned style, const Bytes& body) {
  Bytes b;
  put16(b, 0xFF4F);
  put16(b, 0xFF51), put16(b, 41), put16(b, 0);
  for (int value : {width, height, 0, 0, width, height, 0, 0}) put32(b, value);
  put16(b, 1), b.push_back(uint8_t(0x80 | (kBits - 1))), b.push_back(1), b.push_back(1);
  put16(b, 0xFF52), put16(b, 12), b.push_back(0), b.push_back(0), put16(b, 1), b.push_back(0);
  b.push_back(0), b.push_back(4), b.push_back(4), b.push_back(uint8_t(style)), b.push_back(1);
  put16(b, 0xFF5C), put16(b, 4), b.push_back(2 << 5), b.push_back(kBits << 3);
  put16(b, 0xFF90), put16(b, 10), put16(b, 0), put32(b, int(14 + body.size())), b.push_back(0), b.push_back(1);
  put16(b, 0xFF93);
  b.insert(b.end(), body.begin(), body.end());
  put16(b, 0xFFD9);
  return b;
}

// ---- OpenJPEG in memory

struct Memory {
  Bytes bytes;
  std::size_t at = 0;
};
OPJ_SIZE_T read_memory(void* to, OPJ_SIZE_T size, void* user) {
  auto& m = *static_cast<Memory*>(user);
  const std::size_t count = std::min(size, m.bytes.size() - m.at);
  std::memcpy(to, m.bytes.data() + m.at, count);
  m.at += count;
  return count > 0 ? count : OPJ_SIZE_T(-1);
}
OPJ_SIZE_T write_memory(void* from, OPJ_SIZE_T size, void* user) {
  auto& m = *static_cast<Memory*>(user);
  if (m.at + size > m.bytes.size()) m.bytes.resize(m.at + size);
  std::memcpy(m.bytes.data() + m.at, from, size);
  m.at += size;
  return size;
}
OPJ_OFF_T skip_memory(OPJ_OFF_T count, void* user) {
  return static_cast<Memory*>(user)->at += std::size_t(count), count;
}
OPJ_BOOL seek_memory(OPJ_OFF_T to, void* user) { return static_cast<Memory*>(user)->at = std::size_t(to), OPJ_TRUE; }

struct ImageCloser {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
struct StreamCloser {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct CodecCloser {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
using Stream = std::unique_ptr<opj_stream_t, StreamCloser>;
using Codec = std::unique_ptr<opj_codec_t, CodecCloser>;
using Picture = std::unique_ptr<opj_image_t, ImageCloser>;

Stream open(Memory& memory, bool reading) {
  Stream stream(opj_stream_create(1 << 16, reading));
  opj_stream_set_user_data(stream.get(), &memory, nullptr);
  opj_stream_set_user_data_length(stream.get(), memory.bytes.size());
  opj_stream_set_read_function(stream.get(), read_memory);
  opj_stream_set_write_function(stream.get(), write_memory);
  opj_stream_set_skip_function(stream.get(), skip_memory);
  opj_stream_set_seek_function(stream.get(), seek_memory);
  return stream;
}

// Appends OpenJPEG's warnings to `warnings`: it has some for predictable terminations that it didn't predict.
std::vector<int32_t> openjpeg_decode(const Bytes& bytes, std::string& warnings) {
  Memory memory{bytes};
  const Codec codec(opj_create_decompress(OPJ_CODEC_J2K));
  const auto append = [](const char* text, void* user) { *static_cast<std::string*>(user) += text; };
  opj_set_warning_handler(codec.get(), append, &warnings);
  opj_set_error_handler(codec.get(), append, &warnings);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_setup_decoder(codec.get(), &parameters);
  Stream stream = open(memory, true);
  opj_image_t* image = nullptr;
  const bool ok = opj_read_header(stream.get(), codec.get(), &image) && opj_decode(codec.get(), stream.get(), image);
  Picture picture(image);
  if (!ok) return {};
  return {image->comps[0].data, image->comps[0].data + image->comps[0].w * image->comps[0].h};
}

Bytes openjpeg_encode(const std::vector<int32_t>& samples, int width, int height, unsigned style) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = 1;
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.mode = int(style);
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = OPJ_UINT32(width), component.h = OPJ_UINT32(height);
  component.prec = kBits, component.sgnd = 1;
  Picture picture(opj_image_create(1, &component, OPJ_CLRSPC_GRAY));
  picture->x1 = component.w, picture->y1 = component.h;
  std::copy(samples.begin(), samples.end(), picture->comps[0].data);
  const Codec codec(opj_create_compress(OPJ_CODEC_J2K));
  opj_setup_encoder(codec.get(), &parameters, picture.get());
  Memory memory;
  {
    Stream stream = open(memory, false);
    if (!opj_start_compress(codec.get(), picture.get(), stream.get()) || !opj_encode(codec.get(), stream.get()) ||
        !opj_end_compress(codec.get(), stream.get())) {
      return {};
    }
  }
  return memory.bytes;
}

// ---- both directions

struct Case {
  int width, height;
  unsigned style;
  std::vector<int32_t> samples;
};

Case make_case(std::mt19937& random, unsigned style) {
  Case c{1 + int(random() % 64), 1 + int(random() % 64), style, {}};
  const int bits = 1 + int(random() % (kBits - 1));
  const auto rarity = 1 + random() % 9;
  c.samples.resize(std::size_t(c.width * c.height));
  for (auto& s : c.samples) {
    const auto value = int32_t(random() & ((1u << bits) - 1));
    s = random() % rarity == 0 ? (random() & 1 ? -value : value) : 0;
  }
  c.samples[0] = 1;
  return c;
}

class EbcotOpenJpegTest : public ::testing::Test {
 protected:
  std::unique_ptr<EbcotScratch> scratch_ = std::make_unique<EbcotScratch>();
};

TEST_F(EbcotOpenJpegTest, ReadsOurBlocks) {
  std::mt19937 random(11);
  for (unsigned i = 0; i < 256; ++i) {
    const Case c = make_case(random, i % 64);
    EbcotEncodeJob job;
    job.samples = c.samples.data(), job.stride = std::size_t(c.width);
    job.width = c.width, job.height = c.height, job.style = c.style;
    EbcotEncoded encoded;
    Bytes bytes(kMaxEbcotBytes);
    simd_ebcot_encode(job, *scratch_, bytes.data(), encoded);
    std::vector<Piece> pieces;
    std::size_t begin = 0;
    int passes = 0;
    for (int pass = 0; pass < encoded.passes; ++pass) {
      ++passes;
      if (!ends_segment(pass, c.style) && pass != encoded.passes - 1) continue;
      const std::size_t end = encoded.pass[pass].bytes;
      pieces.push_back({{bytes.begin() + long(begin), bytes.begin() + long(end)}, passes});
      begin = end, passes = 0;
    }
    const Bytes stream = codestream(c.width, c.height, c.style, packet(pieces, encoded.planes));
    std::string warnings;
    ASSERT_EQ(openjpeg_decode(stream, warnings), c.samples)
        << warnings << c.width << "x" << c.height << " style " << c.style;
    EXPECT_EQ(warnings, "") << "style " << c.style;
  }
}

TEST_F(EbcotOpenJpegTest, WritesBlocksThatWeRead) {
  std::mt19937 random(12);
  for (unsigned i = 0; i < 256; ++i) {
    const Case c = make_case(random, i % 64);
    const Bytes stream = openjpeg_encode(c.samples, c.width, c.height, c.style);
    const Bytes sod{0xFF, 0x93};
    const auto found = std::search(stream.begin(), stream.end(), sod.begin(), sod.end());
    ASSERT_NE(found, stream.end());
    const Bytes qcd{0xFF, 0x5C};
    const auto steps = std::search(stream.begin(), stream.end(), qcd.begin(), qcd.end());
    const int mb = (steps[4] >> 5) + (steps[5] >> 3) - 1;
    HeaderReader bits(&*found + 2);
    ASSERT_EQ(bits.get(2), 3u);
    int planes = mb;
    while (!bits.get(1)) --planes;
    const int passes = get_passes(bits);
    int length_bits = 3;
    while (bits.get(1)) ++length_bits;
    std::vector<int> counts;
    for (int pass = 0, count = 0; pass < passes; ++pass) {
      ++count;
      if (ends_segment(pass, c.style) || pass == passes - 1) counts.push_back(count), count = 0;
    }
    std::vector<std::size_t> sizes;
    for (int count : counts) sizes.push_back(bits.get(length_bits + width_of(std::size_t(count)) - 1));
    const uint8_t* next = bits.end();
    std::vector<EbcotSegment> segments;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      segments.push_back({{next, sizes[k]}, counts[k]});
      next += sizes[k];
    }
    std::vector<int32_t> samples(c.samples.size());
    EbcotDecodeJob job;
    job.segments = segments, job.planes = planes, job.style = c.style;
    job.width = c.width, job.height = c.height;
    job.samples = samples.data(), job.stride = std::size_t(c.width);
    simd_ebcot_decode(job, *scratch_);
    ASSERT_EQ(samples, c.samples) << c.width << "x" << c.height << " style " << c.style;
  }
}

}  // namespace
}  // namespace blosc2_grok::j2k
