// SPDX-License-Identifier: BSD-3-Clause
// The rules of docs/design.md, "Every shape", row by row.
#include "geometry.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "error.hpp"

namespace blosc2_grok {
namespace {

using Kind = LayoutWish::Kind;

AxisRoles roles(std::vector<int64_t> shape, LayoutWish wish = {}) { return resolve_roles(shape, wish); }

struct Image {
  uint32_t rows, columns, channels, planes;
  bool operator==(const Image&) const = default;
};

Image image_of(const std::vector<int32_t>& block, const AxisRoles& axes) {
  const Geometry geometry = make_geometry(make_layout(block, axes));
  return {geometry.rows, geometry.columns, geometry.channels, geometry.planes};
}

TEST(Roles, LastTwoAxesAreRowsAndColumns) {
  EXPECT_EQ(roles({100, 300}), (AxisRoles{0, 1, -1}));
  EXPECT_EQ(roles({5, 100, 300}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({2, 5, 100, 300}), (AxisRoles{2, 3, -1}));
}

TEST(Roles, AxesOfLengthOneAreDropped) {
  EXPECT_EQ(roles({1, 100, 300}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({1, 1, 100, 1, 300}), (AxisRoles{2, 4, -1}));
  EXPECT_EQ(roles({100, 300, 1}), (AxisRoles{0, 1, -1}));
  EXPECT_EQ(roles({1, 300}), (AxisRoles{-1, 1, -1}));
  EXPECT_EQ(roles({300, 1}), (AxisRoles{-1, 0, -1}));
  EXPECT_EQ(roles({1, 1, 1}), AxisRoles{});
}

TEST(Roles, OneAxisIsOneRow) { EXPECT_EQ(roles({5000}), (AxisRoles{-1, 0, -1})); }

TEST(Roles, LastAxisOfThreeOrFourAfterTwoLongerOnesIsChannels) {
  EXPECT_EQ(roles({90, 120, 3}), (AxisRoles{0, 1, 2}));
  EXPECT_EQ(roles({90, 120, 4}), (AxisRoles{0, 1, 2}));
  EXPECT_EQ(roles({7, 90, 120, 3}), (AxisRoles{1, 2, 3}));
  EXPECT_EQ(roles({1, 90, 120, 1, 3}), (AxisRoles{1, 2, 4}));
}

TEST(Roles, OtherLastAxesAreColumns) {
  EXPECT_EQ(roles({90, 120, 2}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({90, 120, 5}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({3, 3, 3}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({4, 4, 4}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({300, 3}), (AxisRoles{0, 1, -1}));
  EXPECT_EQ(roles({90, 3, 3}), (AxisRoles{1, 2, -1}));
}

TEST(Roles, AWishGoesBeforeTheRule) {
  EXPECT_EQ(roles({90, 120, 3}, {Kind::kPlanes, {}}), (AxisRoles{1, 2, -1}));
  EXPECT_EQ(roles({90, 120, 2}, {Kind::kInterleaved, {}}), (AxisRoles{0, 1, 2}));
  EXPECT_EQ(roles({90, 120}, {Kind::kRow, {}}), (AxisRoles{-1, 1, -1}));
  EXPECT_EQ(roles({90, 120, 30}, {Kind::kAxes, {2, 0, 1}}), (AxisRoles{2, 0, 1}));
}

TEST(Roles, AWishThatTheArrayCantFulfilIsAnError) {
  EXPECT_THROW(roles({90, 120}, {Kind::kInterleaved, {}}), Error);
  EXPECT_THROW(roles({90, 120}, {Kind::kAxes, {0, 2, -1}}), Error);
}

TEST(Geometry, TheBlocksExtentsAreTheImage) {
  EXPECT_EQ(image_of({100, 300}, {0, 1, -1}), (Image{100, 300, 1, 1}));
  EXPECT_EQ(image_of({5, 100, 300}, {1, 2, -1}), (Image{100, 300, 1, 5}));
  EXPECT_EQ(image_of({2, 3, 4, 50, 60}, {3, 4, -1}), (Image{50, 60, 1, 24}));
  EXPECT_EQ(image_of({90, 120, 3}, {0, 1, 2}), (Image{90, 120, 3, 1}));
  EXPECT_EQ(image_of({2, 90, 120, 3}, {1, 2, 3}), (Image{90, 120, 3, 2}));
  EXPECT_EQ(image_of({5000}, {-1, 0, -1}), (Image{1, 5000, 1, 1}));
  EXPECT_EQ(image_of({1, 1, 1}, {}), (Image{1, 1, 1, 1}));
}

TEST(Geometry, ABlockOfOneRowOfAnImageKeepsTheRoles) {
  EXPECT_EQ(image_of({1, 300}, {0, 1, -1}), (Image{1, 300, 1, 1}));
  EXPECT_EQ(image_of({100, 1}, {0, 1, -1}), (Image{100, 1, 1, 1}));
  EXPECT_EQ(image_of({90, 120, 1}, {0, 1, 2}), (Image{90, 120, 1, 1}));
}

// Every sample of the block belongs to exactly one component, row and column.
void expect_each_sample_once(const std::vector<int32_t>& block, const AxisRoles& axes) {
  const Geometry geometry = make_geometry(make_layout(block, axes));
  const auto samples =
      static_cast<size_t>(std::accumulate(block.begin(), block.end(), int64_t{1}, std::multiplies<>()));
  std::vector<int> uses(samples, 0);
  ASSERT_EQ(geometry.samples(), samples);
  for (const size_t first : geometry.component_offsets) {
    for (size_t r = 0; r < geometry.rows; ++r) {
      for (size_t c = 0; c < geometry.columns; ++c) {
        const size_t at = first + r * geometry.row_stride + c * geometry.column_stride;
        ASSERT_LT(at, samples);
        ++uses[at];
      }
    }
  }
  EXPECT_EQ(uses, std::vector<int>(samples, 1));
}

TEST(Geometry, EverySampleIsInTheImageOnce) {
  expect_each_sample_once({7, 9}, {0, 1, -1});
  expect_each_sample_once({7, 9}, {1, 0, -1});
  expect_each_sample_once({2, 7, 9, 3}, {1, 2, 3});
  expect_each_sample_once({2, 7, 9, 3}, {3, 0, 1});
  expect_each_sample_once({2, 7, 9, 3}, {-1, 3, -1});
  expect_each_sample_once({2, 1, 9, 1}, {1, 2, 3});
  expect_each_sample_once({2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 3, 5}, {14, 15, -1});
}

TEST(Geometry, ChannelsRunFastestAmongComponents) {
  const Geometry geometry = make_geometry(make_layout(std::vector<int32_t>{2, 4, 5, 3}, {1, 2, 3}));
  EXPECT_EQ(geometry.component_offsets, (std::vector<size_t>{0, 1, 2, 60, 61, 62}));
  EXPECT_EQ(geometry.column_stride, 3u);
  EXPECT_EQ(geometry.row_stride, 15u);
}

TEST(Geometry, MoreComponentsThanTheStandardAllowsAreRefused) {
  EXPECT_EQ(image_of({16384, 2, 2}, {1, 2, -1}).planes, 16384u);
  EXPECT_THROW(image_of({16385, 2, 2}, {1, 2, -1}), Error);
  EXPECT_THROW(image_of({2000, 2000, 2, 2}, {2, 3, -1}), Error);
  EXPECT_THROW(image_of({8192, 9, 9, 3}, {1, 2, 3}), Error);
}

TEST(Layout, AnEmptyBlockIsRefused) {
  EXPECT_THROW(make_layout(std::vector<int32_t>{0, 5}, {0, 1, -1}), Error);
  EXPECT_THROW(make_layout(std::vector<int32_t>{-1, 5}, {0, 1, -1}), Error);
}

}  // namespace
}  // namespace blosc2_grok
