// The n-gram language model in a packed model, as spec/ngram.md describes it, checked once.
#pragma once

#include <optional>

#include "decode/ngram.h"
#include "format/model.h"

namespace stapes::engine {

// The language model of `model` over `vocabulary` labels; nothing where it has none. Throws Error (kFormat)
// if its settings or tables are wrong.
std::optional<decode::NGramTables> read_language_model(const format::Model& model, std::size_t vocabulary);

}  // namespace stapes::engine
