// SPDX-License-Identifier: BSD-3-Clause
// Images of the reference codec as images of these tests.
#pragma once

#include "reference.hpp"
#include "support.hpp"

namespace blosc2_grok::j2k::test {

inline Image from_reference(const reference::Image& theirs) {
  Image image;
  image.rows = uint32_t(theirs.height), image.columns = uint32_t(theirs.width);
  image.components = uint32_t(theirs.components.size());
  image.bits = theirs.bits, image.is_signed = theirs.is_signed;
  image.bytes = theirs.bits > 16 ? 4 : theirs.bits > 8 ? 2 : 1;
  image.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) {
        image.set(c, y, x, theirs.components[c][std::size_t(y) * image.columns + x]);
      }
    }
  }
  return image;
}

// One component after the other, as `from_reference` has them.
inline Image planar_copy(const Image& image) {
  Image planar = image;
  planar.interleaved = false;
  planar.allocate();
  for (uint32_t c = 0; c < image.components; ++c) {
    for (uint32_t y = 0; y < image.rows; ++y) {
      for (uint32_t x = 0; x < image.columns; ++x) planar.set(c, y, x, image.get(c, y, x));
    }
  }
  return planar;
}

}  // namespace blosc2_grok::j2k::test
