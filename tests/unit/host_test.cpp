// SPDX-License-Identifier: BSD-3-Clause
// The host's structs in both layouts, and what a request makes of them.
#include "host.hpp"

#include <gtest/gtest.h>

#include "blocks.hpp"
#include "error.hpp"
#include "host_structs.hpp"
#include "params.hpp"
#include "request.hpp"

namespace blosc2_grok::test {
namespace {

class Host : public ::testing::TestWithParam<HostVersion> {};
INSTANTIATE_TEST_SUITE_P(CBlosc2, Host, ::testing::Values(HostVersion::k2, HostVersion::k3),
                         [](const auto& test) { return test.param == HostVersion::k2 ? "Version2" : "Version3"; });

TEST_P(Host, FindsEachOfSixteenMetalayers) {
  FakeSchunk schunk(GetParam(), 2, 1000, 4000);
  for (int i = 0; i < 16; ++i) {
    EXPECT_FALSE(host::Schunk(schunk.get()).metalayer("layer" + std::to_string(i)));
    schunk.add_metalayer("layer" + std::to_string(i), {static_cast<uint8_t>(i)});
    for (int j = 0; j <= i; ++j) {
      EXPECT_EQ(host::Schunk(schunk.get()).metalayer("layer" + std::to_string(j))->front(), j);
    }
  }
}

TEST_P(Host, ReadsSizes) {
  const FakeSchunk fake(GetParam(), 2, 1000, 4000);
  const host::Schunk schunk(fake.get());
  EXPECT_EQ(schunk.blocksize(), 1000);
  EXPECT_EQ(schunk.chunksize(), 4000);
  EXPECT_FALSE(schunk.metalayer("b2nd"));
}

TEST_P(Host, ReadsB2nd) {
  FakeSchunk schunk(GetParam(), 2, 1000, 4000);
  schunk.add_metalayer("b2nd", make_b2nd({5000000000, 300}, {100, 300}, {50, 150}, "<u2"));
  const auto meta = *host::read_array_meta(host::Schunk(schunk.get()));
  EXPECT_EQ(meta.shape, (std::vector<int64_t>{5000000000, 300}));
  EXPECT_EQ(meta.chunk_shape, (Shape{100, 300}));
  EXPECT_EQ(meta.block_shape, (Shape{50, 150}));
  EXPECT_EQ(meta.dtype, "<u2");
}

TEST_P(Host, ReadsB2ndOfSixteenAxesAndOfNone) {
  FakeSchunk schunk(GetParam(), 1, 1, 1);
  schunk.add_metalayer("b2nd", make_b2nd(std::vector<int64_t>(16, 2), Shape(16, 2), Shape(16, 1), ""));
  EXPECT_EQ(host::read_array_meta(host::Schunk(schunk.get()))->shape.size(), 16u);
  EXPECT_EQ(host::read_array_meta(host::Schunk(schunk.get()))->dtype, "");
}

TEST_P(Host, RefusesABrokenB2nd) {
  const Bytes whole = make_b2nd({100, 300}, {100, 300}, {50, 150}, "<u2");
  for (size_t size = 0; size < whole.size(); ++size) {
    FakeSchunk schunk(GetParam(), 2, 1000, 4000);
    schunk.add_metalayer("b2nd", Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_THROW(host::read_array_meta(host::Schunk(schunk.get())), Error) << size;
  }
  for (const Bytes& content : {make_b2nd({100}, {100, 300}, {50, 150}, ""), make_b2nd({-1, 5}, {1, 5}, {1, 5}, ""),
                               make_b2nd(std::vector<int64_t>(17, 1), Shape(17, 1), Shape(17, 1), "")}) {
    FakeSchunk schunk(GetParam(), 2, 1000, 4000);
    schunk.add_metalayer("b2nd", content);
    EXPECT_THROW(host::read_array_meta(host::Schunk(schunk.get())), Error);
  }
}

TEST(NoHost, IsNoCrash) {
  EXPECT_FALSE(host::Schunk(nullptr).metalayer("b2nd"));
  EXPECT_EQ(host::Schunk(nullptr).blocksize(), 0);
  EXPECT_EQ(host::read_encode_params(nullptr).typesize, 0);
  EXPECT_EQ(host::read_decode_params(nullptr).threads, 1);
}

// One array of the host, 100 x 300 samples in blocks of 50 x 150, as an encoder call sees it.
struct Call {
  FakeSchunk schunk;
  FakeCparams cparams;
  Bytes block;

  explicit Call(HostVersion version, const std::string& dtype = "<u2", int32_t typesize = 2)
      : schunk(version, typesize, 50 * 150 * typesize, 100 * 300 * typesize),
        cparams(schunk.get(), typesize),
        block(make_block("photo", typesize == 2 ? "<u2" : "|u1", {50, 150}).bytes) {
    schunk.add_metalayer("b2nd", make_b2nd({100, 300}, {100, 300}, {50, 150}, dtype));
  }
  EncodeRequest request(uint8_t meta = 0) { return make_encode_request(block, meta, cparams.get()); }
};

Bytes packed(const Map& map) { return msgpack::serialize(map); }

TEST_P(Host, ABlockIsTheArraysImage) {
  Call call(GetParam());
  const EncodeRequest request = call.request();
  EXPECT_EQ(request.layout, (Layout{{50, 150}, {0, 1, -1}}));
  EXPECT_EQ(request.dtype.sample, (SampleType{2, false, false}));
  EXPECT_EQ(request.lossless_only, "");
}

TEST_P(Host, MetalayerGrokGoesBeforeTheDefaults) {
  Call call(GetParam());
  call.schunk.add_metalayer("grok", packed({{"num_resolutions", 3}}));
  EXPECT_EQ(call.request().params.num_resolutions, 3u);
  EXPECT_EQ(call.request(80).params.quality_layers, std::vector<double>{8});
}

TEST_P(Host, CodecMetaDoesNotReplaceAnArraysQuality) {
  Call call(GetParam());
  call.schunk.add_metalayer("grok", packed({{"quality_mode", "dB"}, {"quality_layers", Array{50}}}));
  EXPECT_EQ(call.request(80).params.quality_mode, QualityMode::kDecibels);
}

TEST_P(Host, ABrokenGrokMetalayerIsAnError) {
  Call call(GetParam());
  call.schunk.add_metalayer("grok", {0xc1});
  EXPECT_THROW(call.request(), Error);
}

TEST_P(Host, ALoneShuffleIsUndone) {
  Call call(GetParam());
  call.cparams.set_filter(5, 1);
  EXPECT_EQ(call.request().shuffled_typesize, 2);
  EXPECT_EQ(call.request().lossless_only, "");
}

TEST_P(Host, OtherFiltersLeaveBytes) {
  for (const uint8_t filter : Bytes{2, 3, 4, 35}) {
    Call call(GetParam());
    call.cparams.set_filter(5, filter);
    EXPECT_EQ(call.request().layout, (Layout{{15000}, {-1, 0, -1}}));
    EXPECT_NE(call.request().lossless_only.find("filter " + std::to_string(filter)), std::string::npos);
  }
  Call two(GetParam());
  two.cparams.set_filter(4, 3), two.cparams.set_filter(5, 1);
  EXPECT_NE(two.request().lossless_only, "");
}

TEST_P(Host, ASplitBlockLeavesBytes) {
  Call call(GetParam());
  call.block.resize(50 * 150);
  EXPECT_EQ(call.request().layout, (Layout{{7500}, {-1, 0, -1}}));
  EXPECT_NE(call.request().lossless_only.find("NEVER_SPLIT"), std::string::npos);
}

TEST_P(Host, AnUnknownDtypeIsLosslessOnly) {
  Call call(GetParam(), "|V2");
  EXPECT_FALSE(call.request().dtype.is_known);
  EXPECT_NE(call.request().lossless_only, "");
  EXPECT_EQ(call.request().layout.extents, (std::vector<uint32_t>{50, 150}));
}

TEST_P(Host, APlainSchunkIsOneRow) {
  const FakeSchunk schunk(GetParam(), 2, 1000, 4000);
  FakeCparams cparams(schunk.get(), 2);
  const Bytes block(1000, 7);
  const EncodeRequest request = make_encode_request(block, 0, cparams.get());
  EXPECT_EQ(request.layout, (Layout{{500}, {-1, 0, -1}}));
  EXPECT_NE(request.lossless_only, "");
}

TEST_P(Host, ThreadsWorkInsideTheOnlyBlockOfAChunk) {
  FakeSchunk whole(GetParam(), 2, 60000, 60000);
  whole.add_metalayer("b2nd", make_b2nd({100, 300}, {100, 300}, {100, 300}, "<u2"));
  FakeCparams cparams(whole.get(), 2, 4);
  const Bytes block = make_block("photo", "<u2", {100, 300}).bytes;
  EXPECT_EQ(make_encode_request(block, 0, cparams.get()).threads, 4u);
  Call cut(GetParam());
  FakeCparams cut_cparams(cut.schunk.get(), 2, 4);
  EXPECT_EQ(make_encode_request(cut.block, 0, cut_cparams.get()).threads, 1u);
}

// Shapes whose product is the block's size only when 64 bits overflow.
TEST_P(Host, ShapesThatOverflowAreRefused) {
  // 3 * 715827883 * 8589934591 = 2^64 + ... : searched so that the product is 4096 modulo 2^64.
  FakeSchunk schunk(GetParam(), 1, 4096, 4096);
  const Shape block_shape{1 << 30, 1 << 30, 16, 1};
  schunk.add_metalayer("b2nd", make_b2nd({1 << 30, 1 << 30, 16, 1}, block_shape, block_shape, "|u1"));
  FakeCparams cparams(schunk.get(), 1);
  const Bytes block(4096, 1);
  const EncodeRequest request = make_encode_request(block, 0, cparams.get());
  EXPECT_EQ(request.layout, (Layout{{4096}, {-1, 0, -1}}));
}

TEST_P(Host, ExtentsBeyond31BitsAreRefused) {
  FakeSchunk schunk(GetParam(), 1, 4096, 4096);
  Bytes content = make_b2nd({64, 64}, {64, 64}, {64, 64}, "|u1");
  // The block shape again, in 64-bit numbers whose low half is 64.
  const Bytes wide{0x92, 0xd3, 0, 0, 0, 1, 0, 0, 0, 64, 0xd3, 0, 0, 0, 1, 0, 0, 0, 64};
  const Bytes narrow{0x92, 0xd2, 0, 0, 0, 64, 0xd2, 0, 0, 0, 64};
  const auto last = std::find_end(content.begin(), content.end(), narrow.begin(), narrow.end());
  const auto at = content.erase(last, last + static_cast<std::ptrdiff_t>(narrow.size()));
  content.insert(at, wide.begin(), wide.end());
  schunk.add_metalayer("b2nd", content);
  EXPECT_THROW(host::read_array_meta(host::Schunk(schunk.get())), Error);
}

TEST_P(Host, DecodingKnowsWhichBlocksCantBeOld) {
  Call call(GetParam());
  FakeDparams dparams(call.schunk.get());
  Bytes out(15000);
  EXPECT_EQ(make_decode_request(out, call.block, dparams.get()).no_legacy, "");
  call.schunk.add_metalayer("grok", packed({}));
  EXPECT_NE(make_decode_request(out, call.block, dparams.get()).no_legacy, "");
}

}  // namespace
}  // namespace blosc2_grok::test
