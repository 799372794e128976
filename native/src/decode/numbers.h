// Many whole numbers, in a byte each where all of them fit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace stapes::decode {

class Numbers {
 public:
  Numbers() = default;
  explicit Numbers(std::vector<std::uint16_t> numbers) {
    const bool fit = std::all_of(numbers.begin(), numbers.end(), [](std::uint16_t number) { return number <= 0xff; });
    if (fit) {
      narrow_.assign(numbers.begin(), numbers.end());
    } else {
      wide_ = std::move(numbers);
    }
  }

  std::size_t size() const { return narrow_.size() + wide_.size(); }
  std::uint16_t operator[](std::size_t index) const { return wide_.empty() ? narrow_[index] : wide_[index]; }

  // What `call` makes of the numbers as one vector, of bytes or of pairs of them.
  template <typename Call>
  decltype(auto) visit(Call call) const {
    return wide_.empty() ? call(narrow_) : call(wide_);
  }

 private:
  std::vector<std::uint8_t> narrow_;
  std::vector<std::uint16_t> wide_;
};

}  // namespace stapes::decode
