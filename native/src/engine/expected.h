// What a search of a model expects to be said.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "decode/biasing.h"
#include "decode/expectation.h"
#include "decode/internal.h"
#include "decode/ngram.h"
#include "engine/network_scorer.h"

namespace stapes::engine {

class Expected {
 public:
  // `tables` and `scorer` outlive it; `phrases` may be null.
  Expected(const std::optional<decode::NGramTables>& tables, NetworkScorer& scorer,
           std::shared_ptr<const decode::PhraseLists> phrases);
  Expected(const Expected&) = delete;
  Expected& operator=(const Expected&) = delete;

  std::vector<decode::Expectation*> parts();

 private:
  std::optional<decode::NGram> language_model_;
  std::optional<decode::InternalLanguageModel> internal_;
  std::optional<decode::Biasing> phrases_;
};

}  // namespace stapes::engine
