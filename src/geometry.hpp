// SPDX-License-Identifier: BSD-3-Clause
// How a block of an n-dimensional array is read as one image: which axes are rows, columns, channels and planes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace blosc2_grok {

constexpr size_t kMaxComponents = 16384;  // ISO/IEC 15444-1 A.5.1, Csiz

// The axes that carry the image; -1 for none. They index the array's axes or, in a Layout, the block's.
struct AxisRoles {
  int row = -1;
  int column = -1;
  int channel = -1;
  bool operator==(const AxisRoles&) const = default;
};

// The wish that a user may state instead of the rule.
struct LayoutWish {
  enum class Kind { kAuto, kPlanes, kInterleaved, kRow, kAxes };
  Kind kind = Kind::kAuto;
  AxisRoles axes;  // for kAxes
  bool operator==(const LayoutWish&) const = default;
};

// A block's extents in C order, axes of length 1 left out, and the roles of those that are left. Axes without a role
// are planes: one component for each of their positions.
struct Layout {
  std::vector<uint32_t> extents;
  AxisRoles roles;
  bool operator==(const Layout&) const = default;
};

// Roles by the array's own shape, so that another block shape changes nothing: axes of length 1 are dropped; a last
// axis of 3 or 4 after two longer ones is channels (samples of 8 or 16 bit); else the last two are rows and columns.
AxisRoles resolve_roles(std::span<const int64_t> array_shape, const LayoutWish& wish, unsigned element_bytes = 1);

Layout make_layout(std::span<const int32_t> block_shape, const AxisRoles& roles);

// The image that a layout describes. Offsets and strides count samples.
struct Geometry {
  uint32_t rows = 1;
  uint32_t columns = 1;
  uint32_t channels = 1;
  uint32_t planes = 1;
  size_t row_stride = 0;
  size_t column_stride = 1;
  std::vector<size_t> component_offsets;  // planes * channels of them, channels fastest
  size_t samples() const { return size_t{rows} * columns * component_offsets.size(); }
};

// Throws Error when the layout makes no image, or one of more than kMaxComponents components.
Geometry make_geometry(const Layout& layout);

}  // namespace blosc2_grok
