// SPDX-License-Identifier: BSD-3-Clause
/// Level shift, RCT and ICT by the equations of ISO/IEC 15444-1 Annex G.
#include "color.hpp"

#include <algorithm>
#include <cmath>

namespace blosc2_grok::reference {

namespace {

size_t image_index(const Image& image, int64_t x, int64_t y) { return (y - image.y0) * image.width + x - image.x0; }

double level_shift(const Image& image) { return image.is_signed ? 0 : std::ldexp(1.0, image.bits - 1); }

}  // namespace

Plane take_samples(const Image& image, int component, const Rect& area) {
  Plane plane(area);
  for (int64_t y = area.y0; y < area.y1; ++y)
    for (int64_t x = area.x0; x < area.x1; ++x)
      plane.at(x, y) = image.components[component].at(image_index(image, x, y)) - level_shift(image);
  return plane;
}

void put_samples(const Plane& plane, int component, Image& image) {
  const double lowest = image.is_signed ? -std::ldexp(1.0, image.bits - 1) : 0;
  const double highest = lowest + std::ldexp(1.0, image.bits) - 1;
  for (int64_t y = plane.area.y0; y < plane.area.y1; ++y)
    for (int64_t x = plane.area.x0; x < plane.area.x1; ++x) {
      const double value = std::floor(plane.at(x, y) + level_shift(image) + 0.5);
      image.components[component].at(image_index(image, x, y)) =
          static_cast<int32_t>(std::clamp(value, lowest, highest));
    }
}

void forward_color(std::vector<Plane>& planes, bool reversible) {
  for (size_t i = 0; i < planes.at(0).values.size(); ++i) {
    double& a = planes[0].values[i];
    double& b = planes[1].values[i];
    double& c = planes[2].values[i];
    const double red = a, green = b, blue = c;
    if (reversible) {  // Equations G-3 to G-5
      a = std::floor((red + 2 * green + blue) / 4);
      b = blue - green;
      c = red - green;
    } else {  // Equations G-9 to G-11
      a = 0.299 * red + 0.587 * green + 0.114 * blue;
      b = -0.16875 * red - 0.33126 * green + 0.5 * blue;
      c = 0.5 * red - 0.41869 * green - 0.08131 * blue;
    }
  }
}

void inverse_color(std::vector<Plane>& planes, bool reversible) {
  for (size_t i = 0; i < planes.at(0).values.size(); ++i) {
    double& a = planes[0].values[i];
    double& b = planes[1].values[i];
    double& c = planes[2].values[i];
    const double y0 = a, y1 = b, y2 = c;
    if (reversible) {  // Equations G-6 to G-8
      b = y0 - std::floor((y2 + y1) / 4);
      a = y2 + b;
      c = y1 + b;
    } else {  // Equations G-12 to G-14
      a = y0 + 1.402 * y2;
      b = y0 - 0.34413 * y1 - 0.71414 * y2;
      c = y0 + 1.772 * y1;
    }
  }
}

}  // namespace blosc2_grok::reference
