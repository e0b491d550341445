// SPDX-License-Identifier: BSD-3-Clause
// Typed copy loops: one template per direction, strides of 1 told apart so that the compiler vectorizes them.
#include "planes.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

namespace blosc2_grok {
namespace {

template <class T>
T swap_bytes(T value) {
  if constexpr (sizeof(T) != 2) return value;
  const auto bits = static_cast<uint16_t>(value);
  return static_cast<T>(static_cast<uint16_t>(bits << 8 | bits >> 8));
}

template <class T, bool kSwap>
T to_native(T value) {
  return kSwap ? swap_bytes(value) : value;
}

// Blocks have no alignment beyond what the host gives; GCC vectorizes memcpy of one sample as an unaligned load.
template <class T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
void store(uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

template <class T, bool kSwap>
void gather_row(int32_t* __restrict dst, const uint8_t* __restrict src, size_t columns, size_t stride) {
  if (stride == 1) {
    for (size_t c = 0; c < columns; ++c)
      dst[c] = static_cast<int32_t>(to_native<T, kSwap>(load<T>(src + c * sizeof(T))));
  } else {
    for (size_t c = 0; c < columns; ++c)
      dst[c] = static_cast<int32_t>(to_native<T, kSwap>(load<T>(src + c * stride * sizeof(T))));
  }
}

template <class T>
T clip(int32_t value) {
  if constexpr (std::is_same_v<T, int32_t>) return value;
  if constexpr (std::is_same_v<T, uint32_t>) return static_cast<T>(std::max(value, 0));
  using Limits = std::numeric_limits<T>;
  return static_cast<T>(
      std::clamp<int32_t>(value, static_cast<int32_t>(Limits::min()), static_cast<int32_t>(Limits::max())));
}

template <class T, bool kSwap>
void scatter_row(uint8_t* __restrict dst, const int32_t* __restrict src, size_t columns, size_t stride) {
  if (stride == 1) {
    for (size_t c = 0; c < columns; ++c) store(dst + c * sizeof(T), to_native<T, kSwap>(clip<T>(src[c])));
  } else {
    for (size_t c = 0; c < columns; ++c) store(dst + c * stride * sizeof(T), to_native<T, kSwap>(clip<T>(src[c])));
  }
}

// Calls body(T{}, std::bool_constant<swap>) for the sample type.
template <class Body>
void with_stored_type(const SampleType& sample, Body&& body) {
  with_sample_type(sample, [&](auto zero) {
    if (sample.is_big_endian) return body(zero, std::true_type{});
    body(zero, std::false_type{});
  });
}

bool row_has_sample(const uint8_t* first, size_t bytes, size_t columns, size_t stride) {
  if (stride == 1) return std::any_of(first, first + columns * bytes, [](uint8_t byte) { return byte != 0; });
  for (size_t c = 0; c < columns; ++c) {
    const uint8_t* const at = first + c * stride * bytes;
    if (std::any_of(at, at + bytes, [](uint8_t byte) { return byte != 0; })) return true;
  }
  return false;
}

}  // namespace

void gather(int32_t* dst, const uint8_t* first, const PlaneView& view) {
  with_stored_type(view.sample, [&](auto zero, auto swap) {
    using T = decltype(zero);
    for (size_t r = 0; r < view.rows; ++r) {
      gather_row<T, swap()>(dst + r * view.columns, first + r * view.row_stride * sizeof(T), view.columns,
                            view.column_stride);
    }
  });
}

void scatter(uint8_t* first, const int32_t* src, const PlaneView& view) {
  with_stored_type(view.sample, [&](auto zero, auto swap) {
    using T = decltype(zero);
    for (size_t r = 0; r < view.rows; ++r) {
      scatter_row<T, swap()>(first + r * view.row_stride * sizeof(T), src + r * view.columns, view.columns,
                             view.column_stride);
    }
  });
}

void clear_outside(uint8_t* first, const PlaneView& view, uint32_t rows, uint32_t columns) {
  const size_t bytes = view.sample.bytes;
  for (size_t r = 0; r < view.rows; ++r) {
    for (size_t c = r < rows ? columns : 0; c < view.columns; ++c) {
      std::memset(first + (r * view.row_stride + c * view.column_stride) * bytes, 0, bytes);
    }
  }
}

ValidExtent find_valid_extent(const uint8_t* block, const SampleType& sample, const Geometry& geometry) {
  const size_t bytes = sample.bytes;
  const size_t components = geometry.component_offsets.size();
  const auto row_in_use = [&](size_t component, uint32_t row, uint32_t first_column, uint32_t columns) {
    const size_t at =
        geometry.component_offsets[component] + row * geometry.row_stride + first_column * geometry.column_stride;
    return row_has_sample(block + at * bytes, bytes, columns, geometry.column_stride);
  };
  const auto plane_in_use = [&](uint32_t plane) {
    for (size_t channel = 0; channel < geometry.channels; ++channel) {
      for (uint32_t row = 0; row < geometry.rows; ++row) {
        if (row_in_use(plane * size_t{geometry.channels} + channel, row, 0, geometry.columns)) return true;
      }
    }
    return false;
  };
  ValidExtent valid{geometry.planes, geometry.rows, geometry.columns};
  while (valid.planes > 1 && !plane_in_use(valid.planes - 1)) --valid.planes;
  const size_t used_components = std::min(components, size_t{valid.planes} * geometry.channels);
  const auto any_component = [&](auto&& in_use) {
    for (size_t component = 0; component < used_components; ++component) {
      if (in_use(component)) return true;
    }
    return false;
  };
  while (valid.rows > 1 &&
         !any_component([&](size_t c) { return row_in_use(c, valid.rows - 1, 0, geometry.columns); })) {
    --valid.rows;
  }
  const auto column_in_use = [&](uint32_t column) {
    return any_component([&](size_t component) {
      for (uint32_t row = 0; row < valid.rows; ++row) {
        if (row_in_use(component, row, column, 1)) return true;
      }
      return false;
    });
  };
  while (valid.columns > 1 && !column_in_use(valid.columns - 1)) --valid.columns;
  return valid;
}

uint64_t horizontal_differences(const uint8_t* block, const SampleType& sample, const Geometry& geometry) {
  uint64_t sum = 0;
  with_stored_type(sample, [&](auto zero, auto swap) {
    using T = decltype(zero);
    for (const size_t offset : geometry.component_offsets) {
      for (size_t r = 0; r < geometry.rows; ++r) {
        const uint8_t* const row = block + (offset + r * geometry.row_stride) * sizeof(T);
        auto left = static_cast<int64_t>(to_native<T, swap()>(load<T>(row)));
        for (size_t c = 1; c < geometry.columns; ++c) {
          const auto here =
              static_cast<int64_t>(to_native<T, swap()>(load<T>(row + c * geometry.column_stride * sizeof(T))));
          sum += static_cast<uint64_t>(here > left ? here - left : left - here);
          left = here;
        }
      }
    }
  });
  return sum;
}

SampleRange find_range(const uint8_t* first, const PlaneView& view) {
  SampleRange range{std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()};
  with_stored_type(view.sample, [&](auto zero, auto swap) {
    using T = decltype(zero);
    for (size_t r = 0; r < view.rows; ++r) {
      const uint8_t* const row = first + r * view.row_stride * sizeof(T);
      for (size_t c = 0; c < view.columns; ++c) {
        const auto value =
            static_cast<int32_t>(to_native<T, swap()>(load<T>(row + c * view.column_stride * sizeof(T))));
        range.least = std::min(range.least, value);
        range.greatest = std::max(range.greatest, value);
      }
    }
  });
  return range;
}

DifferenceSum find_difference(const uint8_t* a, const uint8_t* b, const PlaneView& view) {
  DifferenceSum sum;
  with_stored_type(view.sample, [&](auto zero, auto swap) {
    using T = decltype(zero);
    for (size_t r = 0; r < view.rows; ++r) {
      const size_t row = r * view.row_stride * sizeof(T);
      uint64_t squares = 0;  // a row of 2^31 squares of 2^32 fits
      for (size_t c = 0; c < view.columns; ++c) {
        const size_t at = row + c * view.column_stride * sizeof(T);
        const int32_t difference = std::abs(static_cast<int32_t>(to_native<T, swap()>(load<T>(a + at))) -
                                            static_cast<int32_t>(to_native<T, swap()>(load<T>(b + at))));
        sum.greatest = std::max(sum.greatest, difference);
        squares += static_cast<uint64_t>(difference) * static_cast<uint64_t>(difference);
      }
      sum.squares += static_cast<double>(squares);
    }
  });
  return sum;
}

void shuffle(uint8_t* dst, const uint8_t* src, size_t bytes, size_t typesize) {
  const size_t elements = bytes / typesize;
  for (size_t byte = 0; byte < typesize; ++byte) {
    for (size_t i = 0; i < elements; ++i) dst[byte * elements + i] = src[i * typesize + byte];
  }
  std::copy(src + elements * typesize, src + bytes, dst + elements * typesize);
}

void unshuffle(uint8_t* dst, const uint8_t* src, size_t bytes, size_t typesize) {
  const size_t elements = bytes / typesize;
  for (size_t byte = 0; byte < typesize; ++byte) {
    for (size_t i = 0; i < elements; ++i) dst[i * typesize + byte] = src[byte * elements + i];
  }
  std::copy(src + elements * typesize, src + bytes, dst + elements * typesize);
}

}  // namespace blosc2_grok
