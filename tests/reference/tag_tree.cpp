// SPDX-License-Identifier: BSD-3-Clause
/// Tag trees (ISO/IEC 15444-1 B.10.2).
#include "tag_tree.hpp"

#include <algorithm>
#include <limits>

namespace blosc2_grok::reference {

TagTree::TagTree(int64_t width, int64_t height) {
  int64_t start = 0;
  while (true) {
    const int64_t count = width * height;
    nodes_.resize(start + count);
    if (count <= 1) return;
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        nodes_[start + y * width + x].parent = start + count + (y / 2) * ((width + 1) / 2) + x / 2;
    start += count;
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
}

void TagTree::set_values(const std::vector<int>& leaves) {
  for (size_t i = 0; i < nodes_.size(); ++i)
    nodes_[i].value = i < leaves.size() ? leaves[i] : std::numeric_limits<int>::max();
  for (const Node& node : nodes_)  // children come before their parents
    if (node.parent >= 0) nodes_[node.parent].value = std::min(nodes_[node.parent].value, node.value);
}

std::vector<int64_t> TagTree::path_from_root(int64_t leaf) const {
  std::vector<int64_t> path;
  for (int64_t i = leaf; i >= 0; i = nodes_[i].parent) path.push_back(i);
  std::reverse(path.begin(), path.end());
  return path;
}

bool TagTree::decode(int64_t leaf, int threshold, PacketBitReader& bits) {
  int lower = 0;
  for (int64_t i : path_from_root(leaf)) {
    Node& node = nodes_[i];
    node.lower = std::max(node.lower, lower);
    while (!node.known && node.lower < threshold) {
      if (bits.get())
        node.known = true;
      else
        ++node.lower;
    }
    lower = node.lower;
  }
  return nodes_[leaf].known && nodes_[leaf].lower < threshold;
}

bool TagTree::encode(int64_t leaf, int threshold, PacketBitWriter& bits) {
  int lower = 0;
  for (int64_t i : path_from_root(leaf)) {
    Node& node = nodes_[i];
    node.lower = std::max(node.lower, lower);
    while (!node.known && node.lower < threshold) {
      node.known = node.lower == node.value;
      bits.put(node.known);
      if (!node.known) ++node.lower;
    }
    lower = node.lower;
  }
  return nodes_[leaf].known && nodes_[leaf].lower < threshold;
}

}  // namespace blosc2_grok::reference
