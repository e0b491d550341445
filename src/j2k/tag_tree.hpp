// SPDX-License-Identifier: BSD-3-Clause
// Tag trees (ISO/IEC 15444-1 B.10.2): a value for each code-block of a precinct, coded up to a threshold.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace blosc2_grok::j2k {

struct TagNode {
  uint16_t value = 0;  // encoder: the minimum below; decoder: unused until known
  uint16_t low = 0;    // what is already known: value >= low
  bool known = false;  // decoder: value == low; encoder: that this has been said
};

// A view of `tag_tree_nodes(width, height)` nodes, leaves first, level after level.
class TagTree {
 public:
  TagTree(std::span<TagNode> nodes, uint32_t width, uint32_t height) : nodes_(nodes), width_(width), height_(height) {}

  static std::size_t node_count(uint32_t width, uint32_t height) {
    std::size_t total = 0;
    while (width != 0 && height != 0) {
      total += std::size_t{width} * height;
      if (width == 1 && height == 1) break;
      width = (width + 1) / 2, height = (height + 1) / 2;
    }
    return total;
  }

  TagNode& leaf(uint32_t x, uint32_t y) { return nodes_[std::size_t{y} * width_ + x]; }

  // Encoder: with the leaves' values set, makes every node the minimum of its children.
  void propagate() {
    std::size_t from = 0;
    for (uint32_t w = width_, h = height_; w > 1 || h > 1;) {
      const uint32_t up_w = (w + 1) / 2, up_h = (h + 1) / 2;
      const std::size_t to = from + std::size_t{w} * h;
      for (std::size_t i = 0; i < std::size_t{up_w} * up_h; ++i) nodes_[to + i].value = 0xFFFF;
      for (uint32_t y = 0; y < h; ++y) {
        for (uint32_t x = 0; x < w; ++x) {
          TagNode& parent = nodes_[to + std::size_t{y / 2} * up_w + x / 2];
          parent.value = std::min(parent.value, nodes_[from + std::size_t{y} * w + x].value);
        }
      }
      from = to, w = up_w, h = up_h;
    }
  }

  // Says whether the leaf's value is below `threshold`.
  template <class BitWriter>
  void encode(uint32_t x, uint32_t y, uint32_t threshold, BitWriter& out) {
    uint32_t low = 0;
    walk(x, y, [&](TagNode& node) {
      low = std::max<uint32_t>(low, node.low);
      if (low < threshold && !node.known) {
        const uint32_t end = std::min<uint32_t>(node.value, threshold);
        out.put_zeros(end - low);
        low = end;
        node.known = low < threshold;
        if (node.known) out.put(1, 1);
      }
      node.low = uint16_t(low);
    });
  }

  // Reads until it is known whether the leaf's value is below `threshold`, and returns that. Values are found with any
  // high threshold: a node says nothing before the one above it has said all.
  template <class BitReader>
  bool decode(uint32_t x, uint32_t y, uint32_t threshold, BitReader& in) {
    uint32_t low = 0;
    walk(x, y, [&](TagNode& node) {
      low = std::max<uint32_t>(low, node.low);
      if (low < threshold && !node.known) {
        low += in.get_zeros(threshold - low);
        node.known = low < threshold;
      }
      node.low = uint16_t(low);
    });
    const TagNode& node = leaf(x, y);
    return node.known && node.low < threshold;
  }

 private:
  // From the root down to the leaf.
  template <class Visit>
  void walk(uint32_t x, uint32_t y, Visit&& visit) {
    std::size_t path[34];
    int depth = 0;
    std::size_t from = 0;
    for (uint32_t w = width_, h = height_;;) {
      path[depth++] = from + std::size_t{y} * w + x;
      if (w == 1 && h == 1) break;
      from += std::size_t{w} * h;
      w = (w + 1) / 2, h = (h + 1) / 2, x /= 2, y /= 2;
    }
    while (depth > 0) visit(nodes_[path[--depth]]);
  }

  std::span<TagNode> nodes_;
  uint32_t width_, height_;
};

}  // namespace blosc2_grok::j2k
