#include "engine/expected.h"

#include <utility>

namespace stapes::engine {

Expected::Expected(const std::optional<decode::NGramTables>& tables, NetworkScorer& scorer,
                   std::shared_ptr<const decode::PhraseLists> phrases) {
  if (tables) language_model_.emplace(*tables);
  if (tables && tables->internal_scale > 0) internal_.emplace(scorer, tables->internal_scale);
  if (phrases) phrases_.emplace(std::move(phrases));
}

std::vector<decode::Expectation*> Expected::parts() {
  std::vector<decode::Expectation*> parts;
  if (language_model_) parts.push_back(&*language_model_);
  if (internal_) parts.push_back(&*internal_);
  if (phrases_) parts.push_back(&*phrases_);
  return parts;
}

}  // namespace stapes::engine
