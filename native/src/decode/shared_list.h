// A list that grows at its end, and whose copies share what they have in common.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace stapes::decode {

// A value: a copy goes on alone. Copying takes a pointer for each kChunk elements.
template <typename T>
class SharedList {
 public:
  std::size_t size() const { return size_; }
  const T& operator[](std::size_t index) const { return (*chunks_[index / kChunk])[index % kChunk]; }

  void push_back(const T& value) {
    if (size_ % kChunk == 0) {
      chunks_.push_back(std::make_shared<std::vector<T>>());
      chunks_.back()->reserve(kChunk);
    } else if (chunks_.back().use_count() > 1) {
      // Only what all copies have in common is shared; the chunk that grows is each one's own.
      auto own = std::make_shared<std::vector<T>>();
      own->reserve(kChunk);
      own->assign(chunks_.back()->begin(), chunks_.back()->end());
      chunks_.back() = std::move(own);
    } else {
      // The last of the others may have let go just now, in another thread.
      std::atomic_thread_fence(std::memory_order_acquire);
    }
    chunks_.back()->push_back(value);
    ++size_;
  }

 private:
  static constexpr std::size_t kChunk = 64;

  std::vector<std::shared_ptr<std::vector<T>>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace stapes::decode
