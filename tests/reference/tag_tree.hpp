// SPDX-License-Identifier: BSD-3-Clause
/// Tag trees (ISO/IEC 15444-1 B.10.2).
#pragma once

#include <cstdint>
#include <vector>

#include "packet_bits.hpp"

namespace blosc2_grok::reference {

/// A quad tree of minima over a grid of leaves; a coder sends as much of it as a question needs.
class TagTree {
 public:
  TagTree() = default;
  TagTree(int64_t width, int64_t height);

  /// Encoder: values of all leaves in raster order; inner nodes become minima.
  void set_values(const std::vector<int>& leaves);

  /// Answers "is the leaf below `threshold`?", reading or writing what is not known yet.
  bool decode(int64_t leaf, int threshold, PacketBitReader& bits);
  bool encode(int64_t leaf, int threshold, PacketBitWriter& bits);

 private:
  struct Node {
    int64_t parent = -1;
    int value = 0;       // encoder only
    int lower = 0;       // the value is at least this
    bool known = false;  // the value is `lower`
  };
  std::vector<int64_t> path_from_root(int64_t leaf) const;

  std::vector<Node> nodes_;
};

}  // namespace blosc2_grok::reference
