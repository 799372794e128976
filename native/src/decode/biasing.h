// Phrases and classes of names that a user is likely to say, as an expectation: a bonus while one is being said,
// taken back when it breaks off. stapes.decode.biasing of the Python package tells the reasons; results are the
// same.
//
// Letters: V vocabulary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "decode/expectation.h"
#include "decode/letters.h"
#include "decode/phrase_trie.h"
#include "decode/spelling.h"

namespace stapes::decode {

// A place in the templates, and one of the names of class `number` while such a name is being said.
struct Position {
  static constexpr std::int32_t kNoClass = -1;

  PhraseTrie::Place place = PhraseTrie::kRoot;
  std::int32_t number = kNoClass;
  PhraseTrie::Place member = PhraseTrie::kRoot;

  auto operator<=>(const Position&) const = default;
};

// A way to read the letters so far, and its worth apart from that of the place, relative to the reading in which
// nothing is being said.
struct Thread {
  Position position;
  Worth apart;
};

// At most one at each position, rising by position.
using Threads = std::vector<Thread>;

// Lists made ready for a vocabulary. Never changes: any number of searches share it.
class PhraseLists {
 public:
  // `pieces` are the V pieces by label. In the letters of `templates` class i is kFirstClass + i.
  PhraseLists(const std::vector<std::string>& pieces, std::vector<Phrase> templates,
              std::vector<std::vector<Phrase>> classes, const BonusConfig& config);

  std::size_t vocabulary() const { return pieces_.size(); }

 private:
  friend class Biasing;
  // The vocabulary by letters: the labels that end here, and what goes on.
  struct Spelled {
    Letter letter = 0;
    std::vector<Label> labels;
    std::vector<Spelled> next;

    void enter(LettersView letters, Label label);
  };

  std::vector<Letters> pieces_;
  std::vector<bool> begins_;
  // The labels that go on with a word, and those that begin one, without their mark.
  Spelled inside_, after_mark_;
  std::vector<PhraseTrie> classes_;
  PhraseTrie templates_;
};

// For one thread at a time.
class Biasing final : public Expectation {
 public:
  explicit Biasing(std::shared_ptr<const PhraseLists> lists);

  State start() override { return {}; }
  void scores(const State& state, std::span<float> row) override;
  State step(const State& state, Label label) override;
  double final(const State& state) override;

 private:
  // What the end of a word earns at once, and the threads that another word can go on with.
  struct Closed {
    Worth gain = 0;
    Threads kept;
  };

  // The threads of `state`; those of a beginning are what a first word begins with.
  const Threads& threads_of(const State& state) const;
  const PhraseTrie& names(const Position& position) const;
  Worth worth_at(const Position& position) const;
  // Worth of the best of `threads`, of which there is at least one.
  Worth best(std::span<const Thread> threads) const;
  // The same of any, relative to the reading in which nothing is being said.
  Worth worth(std::span<const Thread> threads) const;
  Closed close(std::span<const Thread> threads) const;
  void move(std::span<const Thread> threads, Letter letter, Threads& moved) const;
  void enter(const Thread& thread, Threads& moved) const;
  // Lifts `row` to what the labels below `spelled` are worth that go on with `threads`.
  void raise(std::span<const Thread> threads, const PhraseLists::Spelled& spelled, Worth base,
             std::span<float> row, std::size_t depth = 0);
  // The same of what goes on with a thread outside all classes, with letters inside words.
  void raise_one(const Thread& thread, const PhraseLists::Spelled& spelled, Worth base, std::span<float> row,
                 std::size_t depth);

  std::shared_ptr<const PhraseLists> lists_;
  // What a word can begin with, and what its first label is then worth [V].
  Threads fresh_;
  std::vector<float> fresh_row_;
  // Threads at each depth of `raise`.
  std::vector<Threads> depths_;
};

}  // namespace stapes::decode
