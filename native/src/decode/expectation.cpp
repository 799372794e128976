#include "decode/expectation.h"

#include <algorithm>

namespace stapes::decode {

ExpectedStates Expectations::start() {
  ExpectedStates states{};
  for (std::size_t index = 0; index < parts_.size(); ++index) states[index] = parts_[index]->start();
  return states;
}

void Expectations::scores(const ExpectedStates& states, std::span<float> row) {
  std::fill(row.begin(), row.end(), 0.0f);
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    parts_[index]->scores(states[index], part_);
    for (std::size_t label = 0; label < row.size(); ++label) row[label] += part_[label];
  }
}

ExpectedStates Expectations::step(const ExpectedStates& states, Label label) {
  ExpectedStates next{};
  for (std::size_t index = 0; index < parts_.size(); ++index)
    next[index] = parts_[index]->step(states[index], label);
  return next;
}

double Expectations::final(const ExpectedStates& states) {
  double sum = 0;
  for (std::size_t index = 0; index < parts_.size(); ++index) sum += parts_[index]->final(states[index]);
  return sum;
}

}  // namespace stapes::decode
