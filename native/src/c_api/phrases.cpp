#include "engine/phrases.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "c_api/calls.h"
#include "sentence.h"
#include "stapes.h"

namespace stapes::c_api {

std::shared_ptr<const decode::PhraseLists> lists_for(std::string_view where, const stapes_model& model,
                                                     const stapes_phrases& phrases) {
  if (model.recognizer->pieces() != phrases.recognizer->pieces()) {
    throw Error(Fault::kConfig, sentence(where, ": the phrases were made for a model with another vocabulary"));
  }
  return phrases.lists;
}

}  // namespace stapes::c_api

using stapes::c_api::guarded;
using stapes::c_api::null_pointer;
using stapes::engine::PhraseClass;
using stapes::engine::PhraseEntry;

namespace {

bool has_null(const stapes_phrase* phrases, size_t count) {
  if (count == 0) return false;
  return phrases == nullptr ||
         std::ranges::any_of(std::span(phrases, count), [](const stapes_phrase& each) { return each.text == nullptr; });
}

bool has_null(const stapes_class* classes, size_t count) {
  if (count == 0) return false;
  return classes == nullptr || std::ranges::any_of(std::span(classes, count), [](const stapes_class& each) {
           return each.name == nullptr || has_null(each.names, each.name_count);
         });
}

std::vector<PhraseEntry> entries_of(const stapes_phrase* phrases, size_t count) {
  std::vector<PhraseEntry> entries;
  for (const stapes_phrase& phrase : std::span(phrases, count)) entries.push_back({phrase.text, phrase.weight});
  return entries;
}

}  // namespace

stapes_status stapes_phrases_new(const stapes_model* model, const stapes_phrase* phrases, size_t phrase_count,
                                 const stapes_class* classes, size_t class_count, stapes_phrases** made,
                                 stapes_error* error) {
  if (model == nullptr || made == nullptr || has_null(phrases, phrase_count) || has_null(classes, class_count)) {
    return null_pointer(error, "stapes_phrases_new");
  }
  *made = nullptr;
  return guarded(error, [&] {
    std::vector<PhraseClass> given;
    for (const stapes_class& each : std::span(classes, class_count)) {
      given.push_back({each.name, entries_of(each.names, each.name_count)});
    }
    auto lists = stapes::engine::make_phrases(*model->recognizer, entries_of(phrases, phrase_count), given);
    *made = new stapes_phrases{model->recognizer, std::move(lists)};
  });
}

void stapes_phrases_free(stapes_phrases* phrases) { delete phrases; }
