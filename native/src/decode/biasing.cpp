#include "decode/biasing.h"

#include <algorithm>
#include <utility>

namespace stapes::decode {
namespace {

float to_nats(Worth worth) { return static_cast<float>(worth / kWorthsPerNat); }

// A product of a weight and a worth, rounded as each worth is.
Worth weighed(double weight, Worth worth) { return to_worth(weight * (worth / kWorthsPerNat)); }

// Enters a thread, unless a better one is at the same place.
void keep(Threads& threads, const Thread& thread) {
  const auto found = std::lower_bound(threads.begin(), threads.end(), thread.position,
                                      [](const Thread& a, const Position& b) { return a.position < b; });
  if (found == threads.end() || found->position != thread.position) {
    threads.insert(found, thread);
  } else {
    found->apart = std::max(found->apart, thread.apart);
  }
}

// Of what decides the future; never 0, which stands for a beginning.
std::uint64_t number_of(const Threads& threads) {
  std::uint64_t number = 1;
  const auto mix = [&number](std::uint64_t value) {
    // A step of splitmix64 (Steele, Lea and Flood, 2014).
    number += value + 0x9E3779B97F4A7C15;
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9;
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB;
    number ^= number >> 31;
  };
  for (const Thread& thread : threads) {
    mix(thread.position.place);
    mix(static_cast<std::uint64_t>(thread.position.number));
    mix(thread.position.member);
    mix(static_cast<std::uint64_t>(thread.apart));
  }
  return number | 1;
}

std::vector<PhraseTrie> tries(std::vector<std::vector<Phrase>> classes, const PieceCosts& costs,
                              BonusConfig config, std::size_t templates) {
  // As many as all the phrases written out count as few.
  config.few = std::max(1.0, config.few / static_cast<double>(std::max<std::size_t>(1, templates)));
  std::vector<PhraseTrie> tries;
  for (std::vector<Phrase>& members : classes) tries.emplace_back(std::move(members), costs, config);
  return tries;
}

}  // namespace

void PhraseLists::Spelled::enter(LettersView letters, Label label) {
  if (letters.empty()) {
    labels.push_back(label);
    return;
  }
  const auto known = std::find_if(next.begin(), next.end(),
                                  [&](const Spelled& other) { return other.letter == letters.front(); });
  if (known != next.end()) {
    known->enter(letters.substr(1), label);
    return;
  }
  const auto behind = std::find_if(next.begin(), next.end(),
                                   [&](const Spelled& other) { return other.letter > letters.front(); });
  Spelled& place = *next.insert(behind, Spelled{.letter = letters.front(), .labels = {}, .next = {}});
  place.enter(letters.substr(1), label);
}

PhraseLists::PhraseLists(const std::vector<std::string>& pieces, std::vector<Phrase> templates,
                         std::vector<std::vector<Phrase>> classes, const BonusConfig& config)
    : classes_(tries(std::move(classes), PieceCosts(pieces), config, templates.size())),
      templates_(std::move(templates), PieceCosts(pieces), config) {
  for (std::size_t label = 0; label < pieces.size(); ++label) {
    const Letters& letters = pieces_.emplace_back(to_letters(pieces[label]));
    begins_.push_back(letters.starts_with(kMark));
    if (label == kBlank || pieces[label] == kUnknownPiece) continue;
    const LettersView rest = LettersView(letters).substr(begins_.back() ? 1 : 0);
    (begins_.back() ? after_mark_ : inside_).enter(rest, static_cast<Label>(label));
  }
}

Biasing::Biasing(std::shared_ptr<const PhraseLists> lists)
    : lists_(std::move(lists)), fresh_row_(lists_->vocabulary()) {
  move(std::vector<Thread>{{Position{}, 0}}, kMark, fresh_);
  raise(fresh_, lists_->after_mark_, 0, fresh_row_);
}

void Biasing::scores(const State& state, std::span<float> row) {
  const Threads& threads = threads_of(state);
  if (state == start()) {
    std::copy(fresh_row_.begin(), fresh_row_.end(), row.begin());
    raise(threads, lists_->inside_, 0, row);
    return;
  }
  const Worth before = worth(threads);
  const Closed closed = close(threads);
  const float broken = to_nats(-before);
  const float another = to_nats(closed.gain - before);
  for (std::size_t label = 0; label < row.size(); ++label) {
    row[label] = lists_->begins_[label] ? fresh_row_[label] + another : broken;
  }
  raise(threads, lists_->inside_, -before, row);
  Threads begun;
  move(closed.kept, kMark, begun);
  raise(begun, lists_->after_mark_, -before, row);
}

Expectation::State Biasing::step(const State& state, Label label) {
  LettersView letters = lists_->pieces_[static_cast<std::size_t>(label)];
  Threads threads = threads_of(state);
  if (letters.starts_with(kMark)) {
    letters.remove_prefix(1);
    if (!(state == start())) {
      Closed closed = close(threads);
      for (Thread& thread : closed.kept) thread.apart -= closed.gain;
      keep(closed.kept, {Position{}, 0});
      threads.clear();
      move(closed.kept, kMark, threads);
    }
  }
  for (const Letter letter : letters) {
    Threads moved;
    move(threads, letter, moved);
    threads = std::move(moved);
  }
  const std::uint64_t number = number_of(threads);
  return {.number = number, .detail = std::make_shared<const Threads>(std::move(threads))};
}

double Biasing::final(const State& state) {
  if (state == start()) return 0;
  const Threads& threads = threads_of(state);
  return (close(threads).gain - worth(threads)) / kWorthsPerNat;
}

const Threads& Biasing::threads_of(const State& state) const {
  return state.detail == nullptr ? fresh_ : *static_cast<const Threads*>(state.detail.get());
}

const PhraseTrie& Biasing::names(const Position& position) const {
  return lists_->classes_[static_cast<std::size_t>(position.number)];
}

Worth Biasing::worth_at(const Position& position) const {
  const PhraseTrie::Node& node = lists_->templates_[position.place];
  if (position.number == Position::kNoClass) return node.so_far;
  return node.so_far + weighed(node.weight, names(position)[position.member].so_far);
}

Worth Biasing::best(std::span<const Thread> threads) const {
  Worth most = threads.front().apart + worth_at(threads.front().position);
  for (const Thread& thread : threads.subspan(1)) {
    most = std::max(most, thread.apart + worth_at(thread.position));
  }
  return most;
}

Worth Biasing::worth(std::span<const Thread> threads) const {
  return threads.empty() ? 0 : std::max(0, best(threads));
}

Biasing::Closed Biasing::close(std::span<const Thread> threads) const {
  Closed closed;
  for (Thread thread : threads) {
    keep(closed.kept, thread);
    const PhraseTrie::Node& node = lists_->templates_[thread.position.place];
    if (thread.position.number != Position::kNoClass) {
      const Worth whole = names(thread.position)[thread.position.member].whole;
      if (whole == PhraseTrie::kNoText) continue;
      thread = {{.place = thread.position.place}, thread.apart + weighed(node.weight, whole)};
      keep(closed.kept, thread);
    }
    if (node.whole != PhraseTrie::kNoText) closed.gain = std::max(closed.gain, thread.apart + node.whole);
  }
  return closed;
}

void Biasing::move(std::span<const Thread> threads, Letter letter, Threads& moved) const {
  for (const Thread& thread : threads) {
    const Position& from = thread.position;
    if (from.number != Position::kNoClass) {
      if (const auto member = names(from).find(from.member, letter)) {
        keep(moved, {{.place = from.place, .number = from.number, .member = *member}, thread.apart});
      }
      continue;
    }
    if (const auto place = lists_->templates_.find(from.place, letter)) {
      keep(moved, {{.place = *place}, thread.apart});
    }
    if (letter == kMark) enter(thread, moved);
  }
}

void Biasing::enter(const Thread& thread, Threads& moved) const {
  const auto children = lists_->templates_.children(thread.position.place);
  for (std::size_t index = 0; index < children.size(); ++index) {
    if (children[index].letter < kFirstClass) continue;
    const auto number = static_cast<std::size_t>(children[index].letter - kFirstClass);
    if (number >= lists_->classes_.size()) continue;
    const PhraseTrie& members = lists_->classes_[number];
    const auto member = members.find(PhraseTrie::kRoot, kMark);
    if (!member) continue;
    const auto first = lists_->templates_[thread.position.place].first_child;
    keep(moved, {{.place = first + static_cast<PhraseTrie::Place>(index),
                  .number = static_cast<std::int32_t>(number),
                  .member = *member},
                 thread.apart});
  }
}

void Biasing::raise(std::span<const Thread> threads, const PhraseLists::Spelled& spelled, Worth base,
                    std::span<float> row, std::size_t depth) {
  if (threads.empty()) return;
  if (!spelled.labels.empty()) {
    const float worth = to_nats(best(threads) + base);
    for (const Label label : spelled.labels) {
      float& score = row[static_cast<std::size_t>(label)];
      score = std::max(score, worth);
    }
  }
  if (threads.size() == 1 && threads.front().position.number == Position::kNoClass) {
    raise_one(threads.front(), spelled, base, row, depth);
    return;
  }
  if (depths_.size() <= depth) depths_.resize(depth + 1);
  for (const PhraseLists::Spelled& next : spelled.next) {
    Threads moved = std::move(depths_[depth]);
    moved.clear();
    move(threads, next.letter, moved);
    raise(moved, next, base, row, depth + 1);
    depths_[depth] = std::move(moved);
  }
}

// Most threads are alone: letters that lead on in both are met in one pass.
void Biasing::raise_one(const Thread& thread, const PhraseLists::Spelled& spelled, Worth base, std::span<float> row,
                        std::size_t depth) {
  const auto children = lists_->templates_.children(thread.position.place);
  const PhraseTrie::Place first = lists_->templates_[thread.position.place].first_child;
  std::size_t child = 0;
  for (const PhraseLists::Spelled& next : spelled.next) {
    if (next.letter == kMark) {
      Threads begun;
      move({&thread, 1}, kMark, begun);
      raise(begun, next, base, row, depth + 1);
      continue;
    }
    while (child < children.size() && children[child].letter < next.letter) ++child;
    if (child == children.size() || children[child].letter != next.letter) continue;
    const Thread moved{{.place = first + static_cast<PhraseTrie::Place>(child)}, thread.apart};
    raise({&moved, 1}, next, base, row, depth + 1);
  }
}

}  // namespace stapes::decode
