// What is expected to be said: scores that a search adds to those of the sound (shallow fusion).
//
// Letters: V vocabulary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "decode/scorer.h"
#include "decode/vocabulary.h"

namespace stapes::decode {

// An automaton that scores label sequences from left to right, in nats; its scores are a function of the
// labels alone. A sequence scores the sum of its steps plus `final` of where they lead.
class Expectation {
 public:
  // Where it stands; a value. Equal states have equal numbers, and different ones never meet in practice.
  struct State {
    std::uint64_t number = 0;
    // What the number stands for, where it does not tell by itself.
    std::shared_ptr<const void> detail;

    bool operator==(const State& other) const { return number == other.number; }
  };

  virtual ~Expectation() = default;

  // Before the first label.
  virtual State start() = 0;
  // [V] score of each label after `state`; minus infinity forbids one. That of blank is not looked at.
  virtual void scores(const State& state, std::span<float> row) = 0;
  // After `label`, which is not forbidden.
  virtual State step(const State& state, Label label) = 0;
  // Score of nothing following.
  virtual double final(const State& state) = 0;
};

// Expectations that one search may have.
inline constexpr std::size_t kMostExpectations = 8;

// The states of all expectations; the places behind them are all alike.
using ExpectedStates = std::array<Expectation::State, kMostExpectations>;

// What decides the future of a history: its last two labels, and the states of what is expected.
struct Grouping {
  Context labels;
  ExpectedStates expected{};

  bool operator==(const Grouping&) const = default;
};

// Several expectations as one; their scores are added.
class Expectations {
 public:
  // `parts`, which outlive this, are at most kMostExpectations; V is `vocabulary`.
  Expectations(std::vector<Expectation*> parts, std::size_t vocabulary)
      : parts_(std::move(parts)), part_(vocabulary) {}

  ExpectedStates start();
  void scores(const ExpectedStates& states, std::span<float> row);
  ExpectedStates step(const ExpectedStates& states, Label label);
  double final(const ExpectedStates& states);

 private:
  std::vector<Expectation*> parts_;
  // [V] the scores of one part.
  std::vector<float> part_;
};

}  // namespace stapes::decode
