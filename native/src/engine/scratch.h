// Room for computing that the streams of a model share: as many as calls run at once.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "features/fbank.h"
#include "network/encoder.h"

namespace stapes::engine {

struct Scratch {
  features::Fbank::Workspace features;
  network::Encoder::Workspace encoder;
  // The next one that nobody uses.
  std::unique_ptr<Scratch> next;
};

// For any number of threads.
class ScratchPool {
 public:
  // Gives back what it holds when it ends.
  class Loan {
   public:
    Loan(ScratchPool& pool, std::unique_ptr<Scratch> scratch) : pool_(pool), scratch_(std::move(scratch)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool_.give(std::move(scratch_)); }

    Scratch& operator*() const { return *scratch_; }
    Scratch* operator->() const { return scratch_.get(); }

   private:
    ScratchPool& pool_;
    std::unique_ptr<Scratch> scratch_;
  };

  // One that nobody uses, or a new one of `fbank` and `encoder`.
  Loan lend(const features::Fbank& fbank, const network::Encoder& encoder);

 private:
  void give(std::unique_ptr<Scratch> scratch);

  std::mutex turn_;
  std::unique_ptr<Scratch> idle_;
};

}  // namespace stapes::engine
