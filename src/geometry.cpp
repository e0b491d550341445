// SPDX-License-Identifier: BSD-3-Clause
// The rules of meaning for shapes (docs/design.md, "Every shape").
#include "geometry.hpp"

#include <algorithm>
#include <array>

#include "error.hpp"

namespace blosc2_grok {
namespace {

AxisRoles roles_by_rule(std::span<const int64_t> shape, const std::vector<int>& axes, LayoutWish::Kind kind,
                        bool may_be_colours) {
  using Kind = LayoutWish::Kind;
  const size_t count = axes.size();
  if (count == 0) return {};
  if (kind == Kind::kRow || count == 1) return {-1, axes.back(), -1};
  const auto extent = [&](size_t from_end) { return shape[static_cast<size_t>(axes[count - from_end])]; };
  const bool looks_interleaved = may_be_colours && count >= 3 && (extent(1) == 3 || extent(1) == 4) &&
                                 extent(2) > extent(1) && extent(3) > extent(1);
  if (kind == Kind::kInterleaved && count < 3) {
    throw Error(ErrorCode::kCodecParam, "layout 'interleaved' needs three axes longer than 1, the array has ", count);
  }
  if (kind == Kind::kInterleaved || (kind == Kind::kAuto && looks_interleaved)) {
    return {axes[count - 3], axes[count - 2], axes[count - 1]};
  }
  return {axes[count - 2], axes[count - 1], -1};
}

void check_axes(const AxisRoles& axes, size_t dimensions) {
  for (const int axis : {axes.row, axes.column, axes.channel}) {
    if (axis >= static_cast<int>(dimensions)) {
      throw Error(ErrorCode::kCodecParam, "layout names axis ", axis, " of an array of ", dimensions, " axes");
    }
  }
}

size_t extent_or_1(const Layout& layout, int axis) { return axis < 0 ? 1 : layout.extents[static_cast<size_t>(axis)]; }

}  // namespace

AxisRoles resolve_roles(std::span<const int64_t> array_shape, const LayoutWish& wish, unsigned element_bytes) {
  if (wish.kind == LayoutWish::Kind::kAxes) {
    check_axes(wish.axes, array_shape.size());
    return wish.axes;
  }
  std::vector<int> axes;
  for (size_t axis = 0; axis < array_shape.size(); ++axis) {
    if (array_shape[axis] != 1) axes.push_back(static_cast<int>(axis));
  }
  return roles_by_rule(array_shape, axes, wish.kind, element_bytes <= 2);
}

Layout make_layout(std::span<const int32_t> block_shape, const AxisRoles& roles) {
  Layout layout;
  for (size_t axis = 0; axis < block_shape.size(); ++axis) {
    if (block_shape[axis] < 1) {
      throw Error(ErrorCode::kInvalidParam, "block has ", block_shape[axis], " samples along axis ", axis);
    }
    if (block_shape[axis] == 1) continue;
    const auto index = static_cast<int>(layout.extents.size());
    const auto here = static_cast<int>(axis);
    if (here == roles.row) layout.roles.row = index;
    if (here == roles.column) layout.roles.column = index;
    if (here == roles.channel) layout.roles.channel = index;
    layout.extents.push_back(static_cast<uint32_t>(block_shape[axis]));
  }
  return layout;
}

Geometry make_geometry(const Layout& layout) {
  const size_t dimensions = layout.extents.size();
  std::vector<size_t> strides(dimensions, 1);
  for (size_t axis = dimensions; axis-- > 1;) strides[axis - 1] = strides[axis] * layout.extents[axis];
  const auto stride = [&](int axis) { return axis < 0 ? size_t{1} : strides[static_cast<size_t>(axis)]; };

  Geometry geometry;
  geometry.rows = static_cast<uint32_t>(extent_or_1(layout, layout.roles.row));
  geometry.columns = static_cast<uint32_t>(extent_or_1(layout, layout.roles.column));
  geometry.channels = static_cast<uint32_t>(extent_or_1(layout, layout.roles.channel));
  geometry.row_stride = stride(layout.roles.row);
  geometry.column_stride = stride(layout.roles.column);

  geometry.component_offsets.assign(1, 0);
  const auto append_axis = [&](size_t axis) {
    const std::vector<size_t> outer = std::move(geometry.component_offsets);
    if (outer.size() * layout.extents[axis] > kMaxComponents) {
      throw Error(ErrorCode::kCodecSupport, "a block of more than ", kMaxComponents,
                  " planes is no JPEG 2000 image: choose blocks shorter along the stack's axes, or another layout");
    }
    geometry.component_offsets.clear();
    for (const size_t base : outer) {
      for (size_t i = 0; i < layout.extents[axis]; ++i) geometry.component_offsets.push_back(base + i * strides[axis]);
    }
  };
  const auto is_plane_axis = [&](int axis) {
    return axis != layout.roles.row && axis != layout.roles.column && axis != layout.roles.channel;
  };
  for (size_t axis = 0; axis < dimensions; ++axis) {
    if (is_plane_axis(static_cast<int>(axis))) append_axis(axis);
  }
  geometry.planes = static_cast<uint32_t>(geometry.component_offsets.size());
  if (layout.roles.channel >= 0) append_axis(static_cast<size_t>(layout.roles.channel));
  return geometry;
}

}  // namespace blosc2_grok
