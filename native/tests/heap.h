// Counts what the program has allocated with new: include it in one file of a program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace heap {

inline std::atomic<std::size_t> live_bytes = 0;
inline std::atomic<std::size_t> peak_bytes = 0;

// Peak from here on.
inline void forget_peak() { peak_bytes = live_bytes.load(); }

}  // namespace heap

// The size of a block stands in front of it.
constexpr std::size_t kHeapFront = alignof(std::max_align_t);

void* operator new(std::size_t bytes) {
  auto* const front = static_cast<std::size_t*>(std::malloc(bytes + kHeapFront));
  if (front == nullptr) throw std::bad_alloc();
  *front = bytes;
  const std::size_t live = heap::live_bytes += bytes;
  if (live > heap::peak_bytes) heap::peak_bytes = live;
  return reinterpret_cast<std::byte*>(front) + kHeapFront;
}

void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  auto* const front = reinterpret_cast<std::size_t*>(static_cast<std::byte*>(block) - kHeapFront);
  heap::live_bytes -= *front;
  std::free(front);
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }
