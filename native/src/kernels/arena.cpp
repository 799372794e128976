#include "kernels/arena.h"

#include <sys/mman.h>

namespace stapes::kernels {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = std::size_t{1} << 21;

constexpr std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

Arena::Arena(std::size_t bytes) {
  // One huge page more than asked for: the first weight goes to the next boundary of huge pages.
  const std::size_t reserved = rounded_up(bytes + kLine, kHugePage) + kHugePage;
  void* memory = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
#ifdef MADV_HUGEPAGE
  madvise(memory, reserved, MADV_HUGEPAGE);  // A hint: refusal costs speed alone.
#endif
  base_ = static_cast<std::uint8_t*>(memory);
  reserved_ = reserved;
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  used_ = rounded_up(address, kHugePage) - address;
}

Arena::~Arena() {
  if (base_ != nullptr) munmap(base_, reserved_);
}

void Arena::trim() {
#ifdef MADV_NOHUGEPAGE
  constexpr std::size_t kPage = 4096;
  const std::size_t end = rounded_up(reinterpret_cast<std::uintptr_t>(base_) + used_, kPage) -
                          reinterpret_cast<std::uintptr_t>(base_);
  if (base_ == nullptr || end >= reserved_) return;
  madvise(base_ + end, reserved_ - end, MADV_NOHUGEPAGE);
  madvise(base_ + end, reserved_ - end, MADV_DONTNEED);
#endif
}

std::span<std::uint8_t> Arena::take(std::size_t bytes) {
  const std::size_t wanted = rounded_up(bytes, kLine);
  if (wanted + kLine > reserved_ - used_) return {};
  std::uint8_t* begin = base_ + used_;
  used_ += wanted;
  return {begin, bytes};
}

}  // namespace stapes::kernels
