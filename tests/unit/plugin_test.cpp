// SPDX-License-Identifier: BSD-3-Clause
// The library as C-Blosc2 uses it: opened by file, functions found by name, structs of both versions made by hand.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>

#include "blosc2_grok.h"
#include "host_structs.hpp"
#include "images.hpp"

namespace blosc2_grok::test {
namespace {

using Bytes = std::vector<uint8_t>;
using Coder = int (*)(const uint8_t*, int32_t, uint8_t*, int32_t, uint8_t, void*, const void*);

struct CodecInfo {
  const char *encoder, *decoder;
};

class Plugin : public ::testing::TestWithParam<HostVersion> {
 protected:
  static void SetUpTestSuite() {
    library_ = ::dlopen(BLOSC2_GROK_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << ::dlerror();
  }

  template <class T>
  static T find(const char* name) {
    return reinterpret_cast<T>(::dlsym(library_, name));
  }
  static Coder coder(bool is_encoder) {
    const auto* const info = find<const CodecInfo*>("info");
    return find<Coder>(is_encoder ? info->encoder : info->decoder);
  }
  static blosc2_grok_message first_error(uint64_t since) {
    blosc2_grok_message message{};
    message.struct_size = sizeof message;
    const auto next = find<int (*)(uint64_t, int, blosc2_grok_message*)>("blosc2_grok_next_message");
    next(since, BLOSC2_GROK_MESSAGE_ERROR, &message);
    return message;
  }
  static std::string reason(uint64_t since) { return first_error(since).text; }
  static std::string block_shape(uint64_t since) { return first_error(since).block_shape; }
  static uint64_t serial() { return find<uint64_t (*)()>("blosc2_grok_message_serial")(); }

  static void* library_;
};
void* Plugin::library_ = nullptr;

INSTANTIATE_TEST_SUITE_P(CBlosc2, Plugin, ::testing::Values(HostVersion::k2, HostVersion::k3),
                         [](const auto& test) { return test.param == HostVersion::k2 ? "Version2" : "Version3"; });

// A 2-D array of one block, with everything that the host hands over.
struct HostArray {
  FakeSchunk schunk;
  FakeCparams cparams;
  FakeDparams dparams;
  Bytes block, stored, decoded;

  HostArray(HostVersion version, const std::string& dtype, const Shape& shape)
      : schunk(version, dtype.back() - '0', 0, 0),
        cparams(schunk.get(), dtype.back() - '0'),
        dparams(schunk.get()),
        block(make_image("photo", sample_of(dtype), shape)),
        stored(block.size() + 32),
        decoded(block.size()) {
    schunk.add_metalayer("b2nd", make_b2nd(std::vector<int64_t>(shape.begin(), shape.end()), shape, shape, dtype));
  }
  static SampleType sample_of(const std::string& dtype) {
    return {static_cast<uint8_t>(dtype.back() - '0'), dtype[1] == 'i', dtype[0] == '>'};
  }
  int encode(Coder encoder, uint8_t meta = 0) {
    return encoder(block.data(), static_cast<int32_t>(block.size()), stored.data(), static_cast<int32_t>(stored.size()),
                   meta, cparams.get(), nullptr);
  }
  int decode(Coder decoder, int stored_bytes, uint8_t meta = 0) {
    return decoder(stored.data(), stored_bytes, decoded.data(), static_cast<int32_t>(decoded.size()), meta,
                   dparams.get(), nullptr);
  }
};

TEST_P(Plugin, InfoNamesBothFunctions) {
  ASSERT_NE(find<const CodecInfo*>("info"), nullptr);
  EXPECT_NE(coder(true), nullptr);
  EXPECT_NE(coder(false), nullptr);
}

TEST_P(Plugin, RoundTripsOfEveryDtype) {
  for (const char* dtype : {"|u1", "|i1", "<u2", "<i2", ">u2", ">i2"}) {
    HostArray array(GetParam(), dtype, {60, 90});
    const int size = array.encode(coder(true));
    ASSERT_GT(size, 0) << dtype;
    EXPECT_LT(size, static_cast<int>(array.block.size()));
    EXPECT_EQ(array.decode(coder(false), size), static_cast<int>(array.block.size()));
    EXPECT_EQ(array.decoded, array.block) << dtype;
  }
}

TEST_P(Plugin, CodecMetaIsTenTimesARate) {
  HostArray array(GetParam(), "<u2", {120, 150});
  const int size = array.encode(coder(true), 85);
  EXPECT_GT(size, 0);
  EXPECT_LE(size, static_cast<int>(static_cast<double>(array.block.size()) / 8.5));
  EXPECT_EQ(array.decode(coder(false), size, 85), static_cast<int>(array.block.size()));
}

TEST_P(Plugin, ALoneShuffleIsUndone) {
  HostArray array(GetParam(), "<u2", {60, 90});
  const int plain = array.encode(coder(true));
  const Bytes natural = array.block;
  for (size_t i = 0; i < natural.size() / 2; ++i) {
    array.block[i] = natural[2 * i];
    array.block[natural.size() / 2 + i] = natural[2 * i + 1];
  }
  array.cparams.set_filter(5, 1);
  const int size = array.encode(coder(true));
  EXPECT_NEAR(size, plain, 8);
  EXPECT_EQ(array.decode(coder(false), size), static_cast<int>(array.block.size()));
  EXPECT_EQ(array.decoded, array.block);
}

TEST_P(Plugin, NoiseDoesNotFit) {
  HostArray array(GetParam(), "<u2", {60, 90});
  array.block = make_image("noise", {2, false, false}, {60, 90});
  EXPECT_EQ(array.encode(coder(true)), 0);
}

TEST_P(Plugin, OtherDtypesAreErrorsWithAReason) {
  HostArray array(GetParam(), "<u2", {60, 90});
  FakeSchunk schunk(GetParam(), 4, 0, 0);
  schunk.add_metalayer("b2nd", make_b2nd({60, 45}, {60, 45}, {60, 45}, "|S4"));
  FakeCparams cparams(schunk.get(), 4);
  const uint64_t since = serial();
  EXPECT_LT(coder(true)(array.block.data(), 10800, array.stored.data(), 10800, 0, cparams.get(), nullptr), 0);
  EXPECT_NE(reason(since).find("|S4"), std::string::npos) << reason(since);
}

TEST_P(Plugin, DamageIsAnErrorWithAReason) {
  HostArray array(GetParam(), "<u2", {60, 90});
  const int size = array.encode(coder(true));
  array.stored[static_cast<size_t>(size) / 2] ^= 4;
  const uint64_t since = serial();
  EXPECT_LT(array.decode(coder(false), size), 0);
  EXPECT_NE(reason(since).find("damaged"), std::string::npos) << reason(since);
  EXPECT_EQ(block_shape(since), "60 x 90");
}

TEST_P(Plugin, NoHostStructsAreNoCrash) {
  const Bytes in(100, 1);
  Bytes out(100);
  EXPECT_LT(coder(true)(in.data(), 100, out.data(), 100, 0, nullptr, nullptr), 0);
  EXPECT_LT(coder(false)(in.data(), 100, out.data(), 100, 0, nullptr, nullptr), 0);
  FakeCparams cparams(nullptr, 1);
  FakeDparams dparams(nullptr);
  EXPECT_EQ(coder(true)(in.data(), 100, out.data(), 100, 0, cparams.get(), nullptr), 0);
  EXPECT_LT(coder(false)(in.data(), 100, out.data(), 100, 0, dparams.get(), nullptr), 0);
  EXPECT_LT(coder(true)(nullptr, 100, out.data(), 100, 0, cparams.get(), nullptr), 0);
  EXPECT_LT(coder(true)(in.data(), -1, out.data(), 100, 0, cparams.get(), nullptr), 0);
  EXPECT_EQ(coder(true)(in.data(), 0, out.data(), 100, 0, cparams.get(), nullptr), 0);
}

TEST_P(Plugin, CodecParamsOfTheCallGoFirst) {
  HostArray array(GetParam(), "<u2", {120, 150});
  const int lossless = array.encode(coder(true));
  blosc2_grok_params params;
  find<void (*)(blosc2_grok_params*)>("blosc2_grok_params_init")(&params);
  params.compressParams.allocationByRateDistoration = true;
  params.compressParams.numlayers = 1;
  params.compressParams.layer_rate[0] = 10;
  array.cparams.set_codec_params(&params);
  const int lossy = array.encode(coder(true));
  EXPECT_LE(lossy, static_cast<int>(array.block.size()) / 10);
  EXPECT_LT(lossy, lossless);
}

// 0.3.5's struct starts with a bool and its padding: it must never be read as ours.
TEST_P(Plugin, CodecParamsOfAnotherVersionAreRefused) {
  HostArray array(GetParam(), "<u2", {120, 150});
  for (const uint32_t first : {0u, 1u, 0xffffff01u}) {
    Bytes old(8);
    std::copy_n(reinterpret_cast<const uint8_t*>(&first), 4, old.begin());
    array.cparams.set_codec_params(old.data());
    const uint64_t since = serial();
    EXPECT_LT(array.encode(coder(true)), 0);
    EXPECT_NE(reason(since).find("codec_params"), std::string::npos);
  }
}

TEST_P(Plugin, AVersionOfTheHeaderIsTheLibrarys) {
  const std::string version = find<const char* (*)()>("blosc2_grok_version")();
  EXPECT_EQ(version, std::to_string(BLOSC2_GROK_VERSION_MAJOR) + "." + std::to_string(BLOSC2_GROK_VERSION_MINOR) + "." +
                         std::to_string(BLOSC2_GROK_VERSION_PATCH));
}

}  // namespace
}  // namespace blosc2_grok::test
