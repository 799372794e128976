// What is expected to be said: scores that a search adds to those of the sound (shallow fusion).
//
// Letters: V vocabulary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
  // A number that stands for a state; equal states have equal numbers.
  using State = std::uint32_t;

  virtual ~Expectation() = default;

  // Before the first label.
  virtual State start() = 0;
  // [V] score of each label after `state`; minus infinity forbids one. That of blank is not looked at.
  virtual void scores(State state, std::span<float> row) = 0;
  // After `label`, which is not forbidden.
  virtual State step(State state, Label label) = 0;
  // Score of nothing following.
  virtual double final(State state) = 0;
};

// Expectations that one search may have.
inline constexpr std::size_t kMostExpectations = 4;

// The states of all expectations; places that are not used are 0.
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
