// SPDX-License-Identifier: BSD-3-Clause
// The one table of cases: dtype x geometry x parameters x engine. Adding a feature is adding a row.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "blocks.hpp"

namespace blosc2_grok::test {

struct Case {
  std::string name;
  std::string kind;
  std::string dtype;
  Shape shape;
  Map parameters{};
  uint8_t codec_meta = 0;
  std::optional<double> rate{};      // lossy: stored bytes at most the block's / rate
  std::optional<double> decibels{};  // lossy: PSNR at least

  bool is_lossless() const { return !rate && !decibels; }
  Block block() const { return make_block(kind, dtype, shape); }
};

std::ostream& operator<<(std::ostream& out, const Case& row);
// For INSTANTIATE_TEST_SUITE_P: letters, digits and underscores.
std::string test_name(const Case& row);

const std::vector<Case>& cases();
std::vector<Case> lossless_cases();
std::vector<Case> lossy_cases();

}  // namespace blosc2_grok::test
