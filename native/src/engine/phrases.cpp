#include "engine/phrases.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <utility>

#include "decode/spoken.h"
#include "error.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

constexpr double kMostWeight = 10;
constexpr std::size_t kMostClasses = 1000;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kConfig, std::move(text)); }

bool is_name(std::string_view name) {
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto goes_on = [&](char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && is_lower(name.front()) && std::ranges::all_of(name, goes_on);
}

// Phrases of one list, in which a word may be a class.
class List {
 public:
  // `where` begins the sentences of errors; `classes` are null where words "@name" are none.
  List(std::string where, const std::span<const PhraseClass>* classes) : where_(std::move(where)), classes_(classes) {}

  void add(const PhraseEntry& entry) {
    if (!(entry.weight > 0 && entry.weight <= kMostWeight)) {
      refuse(sentence(told(entry.text), "has the weight ", shown(entry.weight), "; above 0 and at most ",
                      shown(kMostWeight), " is accepted"));
    }
    decode::Letters letters = spelled(entry.text);
    if (known_.insert(letters).second) phrases_.push_back({std::move(letters), entry.weight});
  }

  bool names(std::size_t number) const {
    const auto letter = static_cast<decode::Letter>(decode::kFirstClass + number);
    return std::ranges::any_of(phrases_, [&](const decode::Phrase& phrase) {
      return phrase.letters.find(letter) != decode::Letters::npos;
    });
  }
  std::vector<decode::Phrase> take() { return std::move(phrases_); }

 private:
  std::string told(std::string_view text) const { return sentence(where_, ": ", shortened(text), " "); }

  decode::Letters spelled(std::string_view text) const {
    try {
      const bool plain = classes_ == nullptr || text.find('@') == std::string_view::npos;
      return plain ? decode::spelled(text) : template_of(text);
    } catch (const Error& error) {
      refuse(sentence(told(text), error.sentence()));
    }
  }

  // The letters of words and of classes.
  decode::Letters template_of(std::string_view text) const {
    constexpr std::string_view kBlanks = " \t\n\v\f\r";
    decode::Letters letters;
    for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string_view::npos;) {
      const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
      const std::string_view word = text.substr(at, end - at);
      if (word.front() == '@') {
        letters += class_of(word);
      } else {
        letters += decode::spelled(word);
      }
      at = text.find_first_not_of(kBlanks, end);
    }
    return letters;
  }

  decode::Letter class_of(std::string_view word) const {
    const auto found = std::ranges::find(*classes_, word.substr(1), &PhraseClass::name);
    if (found == classes_->end()) refuse(sentence("names ", shortened(word), ", which was not given"));
    return static_cast<decode::Letter>(decode::kFirstClass + (found - classes_->begin()));
  }

  std::string where_;
  const std::span<const PhraseClass>* classes_;
  std::unordered_set<decode::Letters> known_;
  std::vector<decode::Phrase> phrases_;
};

void check_names(std::span<const PhraseClass> classes) {
  if (classes.size() > kMostClasses) {
    refuse(sentence("phrases: ", classes.size(), " classes were given; at most ", kMostClasses, " are accepted"));
  }
  std::unordered_set<std::string_view> known;
  for (const PhraseClass& own : classes) {
    if (!is_name(own.name)) {
      refuse(sentence("phrases: a class is called ", shortened(own.name),
                      "; a letter and then letters, digits and underscores, all in lower case, are accepted"));
    }
    if (!known.insert(own.name).second) refuse(sentence("phrases: class @", own.name, " was given twice"));
  }
}

std::vector<decode::Phrase> members_of(const PhraseClass& own) {
  if (own.names.empty()) refuse(sentence("phrases: class @", own.name, " holds no names; at least one is expected"));
  List list(sentence("phrases: @", own.name), nullptr);
  for (const PhraseEntry& entry : own.names) list.add(entry);
  return list.take();
}

}  // namespace

std::shared_ptr<const decode::PhraseLists> make_phrases(const Recognizer& recognizer,
                                                        std::span<const PhraseEntry> phrases,
                                                        std::span<const PhraseClass> classes) {
  check_names(classes);
  std::vector<std::vector<decode::Phrase>> members;
  for (const PhraseClass& own : classes) members.push_back(members_of(own));
  List list("phrases", &classes);
  for (const PhraseEntry& entry : phrases) list.add(entry);
  for (std::size_t number = 0; number < classes.size(); ++number) {
    if (!list.names(number)) refuse(sentence("phrases: class @", classes[number].name, " is named in no phrase"));
  }
  if (phrases.empty()) return nullptr;
  return std::make_shared<const decode::PhraseLists>(recognizer.pieces(), list.take(), std::move(members),
                                                     decode::BonusConfig{});
}

}  // namespace stapes::engine
