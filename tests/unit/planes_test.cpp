// SPDX-License-Identifier: BSD-3-Clause
// The copy loops against the plainest loop there is, for every sample type and stride.
#include "planes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "blocks.hpp"

namespace blosc2_grok::test {
namespace {

const char* const kDtypes[] = {"|u1", "|i1", "<u2", "<i2", ">u2", ">i2"};

struct Picture {
  SampleType sample;
  Bytes bytes;
  std::vector<int32_t> values;
  Geometry geometry;

  Picture(const std::string& dtype, const Shape& shape, const AxisRoles& roles)
      : sample(parse_dtype(dtype, dtype[2] - '0').sample),
        bytes(make_block("noise", dtype, shape).bytes),
        values(numbers(bytes, dtype)),
        geometry(make_geometry(make_layout(shape, roles))) {}

  PlaneView view() const {
    return {sample, geometry.rows, geometry.columns, geometry.row_stride, geometry.column_stride};
  }
  const uint8_t* first(size_t component) const {
    return bytes.data() + geometry.component_offsets[component] * sample.bytes;
  }
};

class Planes : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, Planes, ::testing::ValuesIn(kDtypes), [](const auto& test) {
  return std::string(test.param[0] == '>' ? "big_" : "") + (test.param + 1);
});

TEST_P(Planes, GatherTakesEverySampleFromItsPlace) {
  for (const AxisRoles& roles : {AxisRoles{1, 2, 3}, AxisRoles{2, 1, -1}, AxisRoles{-1, 3, -1}, AxisRoles{1, 2, -1}}) {
    const Picture picture(GetParam(), {2, 5, 7, 3}, roles);
    const PlaneView view = picture.view();
    for (size_t component = 0; component < picture.geometry.component_offsets.size(); ++component) {
      std::vector<int32_t> plane(size_t{view.rows} * view.columns);
      gather(plane.data(), picture.first(component), view);
      for (size_t r = 0; r < view.rows; ++r) {
        for (size_t c = 0; c < view.columns; ++c) {
          const size_t at =
              picture.geometry.component_offsets[component] + r * view.row_stride + c * view.column_stride;
          ASSERT_EQ(plane[r * view.columns + c], picture.values[at]);
        }
      }
    }
  }
}

TEST_P(Planes, ScatterUndoesGather) {
  const Picture picture(GetParam(), {4, 9, 11, 3}, {1, 2, 3});
  Bytes copy(picture.bytes.size(), 0);
  std::vector<int32_t> plane(9 * 11);
  for (size_t component = 0; component < 12; ++component) {
    gather(plane.data(), picture.first(component), picture.view());
    scatter(copy.data() + (picture.first(component) - picture.bytes.data()), plane.data(), picture.view());
  }
  EXPECT_EQ(copy, picture.bytes);
}

TEST_P(Planes, ScatterClipsToTheSampleType) {
  const SampleType sample = parse_dtype(GetParam(), GetParam()[2] - '0').sample;
  const std::vector<int32_t> wild{-100000, -32769, -129, -1, 0, 127, 255, 32767, 65535, 100000, INT32_MIN, INT32_MAX};
  Bytes bytes(wild.size() * sample.bytes);
  scatter(bytes.data(), wild.data(), {sample, 1, static_cast<uint32_t>(wild.size()), wild.size(), 1});
  const int32_t least = sample.is_signed ? -(1 << (sample.bits() - 1)) : 0;
  const int32_t most = least + (1 << sample.bits()) - 1;
  const std::vector<int32_t> stored = numbers(bytes, GetParam());
  for (size_t i = 0; i < wild.size(); ++i) EXPECT_EQ(stored[i], std::min(std::max(wild[i], least), most)) << wild[i];
}

TEST_P(Planes, RangeAndDifferenceAreThoseOfTheSamples) {
  const Picture picture(GetParam(), {30, 40}, {0, 1, -1});
  const SampleRange range = find_range(picture.bytes.data(), picture.view());
  EXPECT_EQ(range.least, *std::ranges::min_element(picture.values));
  EXPECT_EQ(range.greatest, *std::ranges::max_element(picture.values));
  const Bytes zeros(picture.bytes.size(), 0);
  const DifferenceSum sum = find_difference(picture.bytes.data(), zeros.data(), picture.view());
  EXPECT_EQ(sum.greatest, std::max(std::abs(range.least), std::abs(range.greatest)));
  EXPECT_DOUBLE_EQ(sum.squares / 1200, mean_squared_error(picture.bytes, zeros, GetParam()));
}

TEST_P(Planes, OppositeExtremesDifferByTheWholeRange) {
  const SampleType sample = parse_dtype(GetParam(), GetParam()[2] - '0').sample;
  const int32_t least = sample.is_signed ? -(1 << (sample.bits() - 1)) : 0, most = least + (1 << sample.bits()) - 1;
  const PlaneView view{sample, 1, 1, 1, 1};
  Bytes a(2), b(2);
  scatter(a.data(), &least, view);
  scatter(b.data(), &most, view);
  EXPECT_EQ(find_difference(a.data(), b.data(), view).greatest, most - least);
}

TEST_P(Planes, ClearOutsideLeavesTheTopLeft) {
  const Picture picture(GetParam(), {6, 8, 3}, {0, 1, 2});
  Bytes bytes = picture.bytes;
  for (size_t i = 0; i < 3; ++i) clear_outside(bytes.data() + i * picture.sample.bytes, picture.view(), 4, 5);
  const std::vector<int32_t> values = numbers(bytes, GetParam());
  for (size_t at = 0; at < values.size(); ++at) {
    const size_t r = at / 24, c = at / 3 % 8;
    EXPECT_EQ(values[at], r < 4 && c < 5 ? picture.values[at] : 0) << r << ' ' << c;
  }
}

TEST_P(Planes, ValidExtentLeavesOutTrailingZeros) {
  Picture picture(GetParam(), {5, 6, 8, 3}, {1, 2, 3});
  std::ranges::fill(picture.bytes, uint8_t{0});
  const auto valid = [&] { return find_valid_extent(picture.bytes.data(), picture.sample, picture.geometry); };
  EXPECT_EQ(valid(), (ValidExtent{1, 1, 1}));
  const auto set = [&](size_t plane, size_t row, size_t column, size_t channel) {
    const size_t at = ((plane * 6 + row) * 8 + column) * 3 + channel;
    // The high byte alone must count as well.
    picture.bytes[at * picture.sample.bytes + picture.sample.bytes - 1] = 1;
  };
  set(1, 4, 0, 2);
  EXPECT_EQ(valid(), (ValidExtent{2, 5, 1}));
  set(0, 0, 6, 0);
  EXPECT_EQ(valid(), (ValidExtent{2, 5, 7}));
  set(4, 5, 7, 1);
  EXPECT_EQ(valid(), (ValidExtent{5, 6, 8}));
}

TEST(Shuffle, IsBlosc2s) {
  const Bytes natural{1, 2, 3, 4, 5, 6, 7};
  Bytes shuffled(7), back(7);
  shuffle(shuffled.data(), natural.data(), 7, 2);
  EXPECT_EQ(shuffled, (Bytes{1, 3, 5, 2, 4, 6, 7}));
  unshuffle(back.data(), shuffled.data(), 7, 2);
  EXPECT_EQ(back, natural);
  shuffle(shuffled.data(), natural.data(), 7, 9);
  EXPECT_EQ(shuffled, natural);
}

TEST(HorizontalDifferences, TellSignAndByteOrder) {
  const Geometry geometry = make_geometry(make_layout(Shape{64, 64}, {0, 1, -1}));
  for (const char* dtype : {"<i2", ">i2"}) {
    const Bytes bytes = make_block("ct", dtype, {64, 64}).bytes;
    const SampleType right = parse_dtype(dtype, 2).sample;
    const uint64_t least = horizontal_differences(bytes.data(), right, geometry);
    for (const SampleType& other : {SampleType{2, false, false}, SampleType{2, false, true}}) {
      EXPECT_LT(least, horizontal_differences(bytes.data(), other, geometry));
    }
  }
}

}  // namespace
}  // namespace blosc2_grok::test
