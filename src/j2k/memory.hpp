// SPDX-License-Identifier: BSD-3-Clause
// Memory that is kept between calls: an aligned buffer that only grows, and an arena whose chunks are reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace blosc2_grok::j2k {

inline constexpr std::size_t kAlignment = 64;

struct AlignedDelete {
  void operator()(std::byte* memory) const { ::operator delete[](memory, std::align_val_t{kAlignment}); }
};
using AlignedBytes = std::unique_ptr<std::byte[], AlignedDelete>;

inline AlignedBytes make_aligned(std::size_t bytes) {
  return AlignedBytes(new (std::align_val_t{kAlignment}) std::byte[bytes]);
}

// An uninitialised array of trivial elements; `grow` keeps nothing, `grow_keeping` keeps the first elements.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  T* grow(std::size_t count) {
    if (count > capacity_) replace(count, 0);
    return data();
  }
  T* grow_keeping(std::size_t count, std::size_t used) {
    if (count > capacity_) replace(count + count / 2, used);
    return data();
  }
  T* data() { return reinterpret_cast<T*>(bytes_.get()); }
  const T* data() const { return reinterpret_cast<const T*>(bytes_.get()); }
  std::size_t capacity() const { return capacity_; }

 private:
  void replace(std::size_t count, std::size_t used) {
    AlignedBytes fresh = make_aligned(count * sizeof(T));
    if (used != 0) std::memcpy(fresh.get(), bytes_.get(), used * sizeof(T));
    bytes_ = std::move(fresh);
    capacity_ = count;
  }

  AlignedBytes bytes_;
  std::size_t capacity_ = 0;
};

// Hands out aligned pieces that stay valid until `reset`; chunks are kept, so a second round allocates nothing.
class Arena {
 public:
  explicit Arena(std::size_t chunk_bytes = std::size_t{1} << 18) : chunk_bytes_(chunk_bytes) {}

  template <class T>
  T* take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    return reinterpret_cast<T*>(take_bytes(count * sizeof(T)));
  }
  // Shortens the piece taken last.
  void give_back(std::size_t bytes) { used_ -= bytes / kAlignment * kAlignment; }
  void reset() { current_ = 0, used_ = 0, taken_ = 0; }
  // The same, and next time all pieces find room in one chunk: those of several were left half empty.
  void reset_into_one() {
    if (chunks_.size() > 1) {
      chunks_.clear();
      chunks_.push_back({make_aligned(most_taken_), most_taken_});
    }
    reset();
  }
  void release() { chunks_.clear(), reset(), most_taken_ = 0; }
  // Between two calls of `reset`, at any time yet.
  std::size_t most_taken() const { return most_taken_; }
  // Forgets all pieces; so many bytes will fit into one chunk, which is the only one if there was none as large.
  void reserve(std::size_t bytes) {
    reset();
    for (const Chunk& chunk : chunks_) {
      if (chunk.size >= bytes) return;
    }
    chunks_.clear();
    chunks_.push_back({make_aligned(bytes), bytes});
  }
  std::size_t reserved_bytes() const {
    std::size_t total = 0;
    for (const Chunk& chunk : chunks_) total += chunk.size;
    return total;
  }

 private:
  struct Chunk {
    AlignedBytes bytes;
    std::size_t size;
  };

  std::byte* take_bytes(std::size_t bytes) {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    while (current_ < chunks_.size() && used_ + bytes > chunks_[current_].size) ++current_, used_ = 0;
    if (current_ == chunks_.size()) {
      const std::size_t size = bytes > chunk_bytes_ ? bytes : chunk_bytes_;
      chunks_.push_back({make_aligned(size), size});
    }
    std::byte* piece = chunks_[current_].bytes.get() + used_;
    used_ += bytes;
    taken_ += bytes;
    if (taken_ > most_taken_) most_taken_ = taken_;
    return piece;
  }

  std::vector<Chunk> chunks_;
  std::size_t chunk_bytes_;
  std::size_t current_ = 0;
  std::size_t used_ = 0;
  std::size_t taken_ = 0, most_taken_ = 0;
};

}  // namespace blosc2_grok::j2k
