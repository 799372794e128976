#include "engine/scratch.h"

namespace stapes::engine {

ScratchPool::Loan ScratchPool::lend(const features::Fbank& fbank, const network::Encoder& encoder) {
  std::unique_ptr<Scratch> scratch;
  {
    const std::lock_guard turn(turn_);
    if (idle_) {
      scratch = std::move(idle_);
      idle_ = std::move(scratch->next);
    }
  }
  if (!scratch) {
    scratch = std::make_unique<Scratch>(Scratch{fbank.make_workspace(), encoder.make_workspace(), nullptr});
  }
  return {*this, std::move(scratch)};
}

void ScratchPool::give(std::unique_ptr<Scratch> scratch) {
  const std::lock_guard turn(turn_);
  scratch->next = std::move(idle_);
  idle_ = std::move(scratch);
}

}  // namespace stapes::engine
