// One piece of memory for all weights of a model: huge pages where the system gives them, and one stream of addresses,
// so that what is prefetched beyond the end of one matrix belongs to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace stapes::kernels {

class Arena {
 public:
  Arena() = default;
  // Reserves addresses for up to `bytes`; pages that are never written take no memory. `ok` tells of success.
  explicit Arena(std::size_t bytes);
  Arena(Arena&& other) noexcept { swap(other); }
  Arena& operator=(Arena&& other) noexcept {
    swap(other);
    return *this;
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  bool ok() const { return base_ != nullptr; }
  std::size_t used() const { return used_; }

  // Gives the unused rest of the last huge page back.
  void trim();

  // The next `bytes`, zero, at a multiple of 64; empty when the reservation is full.
  std::span<std::uint8_t> take(std::size_t bytes);

 private:
  void swap(Arena& other) {
    std::swap(base_, other.base_);
    std::swap(reserved_, other.reserved_);
    std::swap(used_, other.used_);
  }

  std::uint8_t* base_ = nullptr;
  std::size_t reserved_ = 0;
  std::size_t used_ = 0;
};

}  // namespace stapes::kernels
