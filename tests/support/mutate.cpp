// SPDX-License-Identifier: BSD-3-Clause
// Positions are drawn from the headers as often as from the packets: that is where one byte changes much.
#include "mutate.hpp"

#include <algorithm>
#include <array>

#include "codestream.hpp"

namespace blosc2_grok::test {
namespace {

constexpr std::array<uint8_t, 8> kSignature{'B', '2', 'G', 'R', 'O', 'K', 0x1a, 0x9c};
constexpr std::array<uint8_t, 10> kInteresting{0, 1, 2, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff, 0x90};

size_t draw_position(const Bytes& bytes, Random& random) {
  const size_t head = std::min<size_t>(bytes.size(), 260);
  return random.below(random.below(2) == 0 ? head : bytes.size());
}

std::ptrdiff_t offset(size_t at) { return static_cast<std::ptrdiff_t>(at); }

void damage(Bytes& bytes, Random& random) {
  const size_t at = draw_position(bytes, random);
  const size_t run = std::min<size_t>(1 + random.below(8), bytes.size() - at);
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      bytes[at] = static_cast<uint8_t>(bytes[at] ^ 1u << random.below(8));
      return;
    case 3:
      bytes[at] = static_cast<uint8_t>(random.next());
      return;
    case 4:
      bytes[at] = kInteresting[random.below(kInteresting.size())];
      return;
    case 5:
      for (size_t i = 0; i < run; ++i) bytes[at + i] = static_cast<uint8_t>(random.next());
      return;
    case 6:
      bytes.resize(std::max<size_t>(1, at));
      return;
    case 7: {
      const size_t from = draw_position(bytes, random);
      std::copy_n(Bytes(bytes).begin() + offset(from), std::min(run, bytes.size() - from), bytes.begin() + offset(at));
      return;
    }
    default:
      if (random.below(2) == 0 && bytes.size() > run) {
        bytes.erase(bytes.begin() + offset(at), bytes.begin() + offset(at + run));
      } else {
        bytes.insert(bytes.begin() + offset(at), run, static_cast<uint8_t>(random.next()));
      }
  }
}

}  // namespace

uint64_t Random::next() {
  uint64_t x = state_ += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

Bytes mutate(const Bytes& stored, Random& random) {
  Bytes out = stored;
  for (uint64_t times = 1 + random.below(4); times > 0 && !out.empty(); --times) damage(out, random);
  if (out.empty()) out.push_back(0);
  return out;
}

std::optional<size_t> find_segment(const Bytes& stored) {
  const auto found = std::ranges::search(stored, kSignature);
  const auto at = static_cast<size_t>(found.begin() - stored.begin());
  if (found.empty() || at < 6) return std::nullopt;
  return at - 6;
}

Bytes with_segment(const Bytes& stored, const Segment& segment) {
  Bytes other = without_segment(stored).value();
  const Bytes bytes = make_segment(segment);
  other.insert(other.begin() + offset(parse_codestream_header(other).first_tile_part), bytes.begin(), bytes.end());
  reseal(other);
  return other;
}

bool has_half_a_signature(const Bytes& stored) {
  constexpr ptrdiff_t kHalf = kSignature.size() / 2;
  for (auto at = kSignature.begin(); at + kHalf <= kSignature.end(); ++at) {
    if (!std::ranges::search(stored, std::ranges::subrange(at, at + kHalf)).empty()) return true;
  }
  return false;
}

bool reseal(Bytes& stored) {
  const auto at = find_segment(stored);
  if (!at || *at + 26 > stored.size()) return false;
  seal(stored, *at);
  return true;
}

std::optional<Bytes> without_segment(const Bytes& stored) {
  const auto at = find_segment(stored);
  if (!at || *at + 4 > stored.size()) return std::nullopt;
  const size_t size = 2 + (size_t{stored[*at + 2]} << 8 | stored[*at + 3]);
  if (*at + size > stored.size()) return std::nullopt;
  Bytes out = stored;
  out.erase(out.begin() + offset(*at), out.begin() + offset(*at + size));
  // A JP2 file's last box says how long the codestream is.
  const std::string_view type = "jp2c";
  const auto box = std::search(out.begin(), out.end(), type.begin(), type.end());
  if (box - out.begin() >= 4 && box < out.begin() + 128) {
    const auto length = static_cast<uint32_t>(out.end() - box + 4);
    for (int i = 0; i < 4; ++i) *(box - 4 + i) = static_cast<uint8_t>(length >> (24 - 8 * i));
  }
  return out;
}

}  // namespace blosc2_grok::test
