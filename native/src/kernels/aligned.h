// Vectors that begin where a line of the cache does: what the widest loads take lies in one line, not across two.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace stapes::kernels {

template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};

  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), kLine)); }
  void deallocate(T* place, std::size_t) { ::operator delete(place, kLine); }
  bool operator==(const LineAllocator&) const { return true; }
};

template <typename T>
using Aligned = std::vector<T, LineAllocator<T>>;

}  // namespace stapes::kernels
