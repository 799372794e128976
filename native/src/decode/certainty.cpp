#include "decode/certainty.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>

#include "decode/wording.h"
#include "lattice/probability.h"

namespace stapes::decode {

std::vector<double> certainties(const Hypothesis& hypothesis, const lattice::Lattice& lattice) {
  using Times = std::tuple<std::string, std::int32_t, std::int32_t>;
  const std::vector<double> posteriors = lattice::word_posteriors(lattice);
  std::map<Times, double> greatest;
  for (std::size_t index = 0; index < lattice.arcs.size(); ++index) {
    const lattice::Arc& arc = lattice.arcs[index];
    double& known = greatest[{arc.word, arc.start_frame, arc.end_frame}];
    known = std::max(known, posteriors[index]);
  }
  std::vector<double> found;
  for (const Word& word : hypothesis.words) {
    const auto at = greatest.find({cut(word.text), word.start_frame, word.end_frame});
    found.push_back(at == greatest.end() ? 0.0 : at->second);
  }
  return found;
}

}  // namespace stapes::decode
