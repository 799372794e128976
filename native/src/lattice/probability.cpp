#include "lattice/probability.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace stapes::lattice {
namespace {

// The log of the sum of exponentials of at least one finite number.
double log_sum(const std::vector<double>& logs) {
  const double largest = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double value : logs) sum += std::exp(value - largest);
  return largest + std::log(sum);
}

// [N] log of the sum over all paths from the start to each node.
std::vector<double> forward(const Lattice& lattice) {
  std::vector<std::vector<double>> entering(lattice.frames.size());
  entering[0].push_back(0.0);
  std::vector<double> sums(lattice.frames.size());
  std::size_t arc = 0;
  for (Node node = 0; node < sums.size(); ++node) {
    sums[node] = log_sum(entering[node]);
    for (; arc < lattice.arcs.size() && lattice.arcs[arc].source == node; ++arc) {
      entering[lattice.arcs[arc].target].push_back(sums[node] + lattice.arcs[arc].score());
    }
  }
  return sums;
}

// [N] log of the sum over all paths from each node to the end.
std::vector<double> backward(const Lattice& lattice) {
  std::vector<double> sums(lattice.frames.size());
  const std::vector<ArcRange> leaving = lattice.leaving();
  std::vector<double> logs;
  for (std::size_t node = lattice.end(); node-- > 0;) {
    logs.clear();
    for (std::size_t at = leaving[node].first; at < leaving[node].end; ++at) {
      logs.push_back(lattice.arcs[at].score() + sums[lattice.arcs[at].target]);
    }
    sums[node] = log_sum(logs);
  }
  return sums;
}

// Where an arc begins and ends for the support of others with its word: from the node that it leaves, since a
// transducer may put out the same word some frames apart; one without duration counts as one frame long.
struct Lasting {
  std::int32_t start;
  std::int32_t end;
};

Lasting lasting(const Lattice& lattice, std::size_t arc) {
  const std::int32_t start = lattice.frames[lattice.arcs[arc].source];
  return {start, std::max(lattice.arcs[arc].end_frame, start + 1)};
}

// Replaces the posteriors `shares` of the arcs `indices`, all with one word, by the pooled ones.
void pool(const Lattice& lattice, const std::vector<std::size_t>& indices, std::vector<double>& shares) {
  std::map<std::int32_t, double> covered;
  for (const std::size_t index : indices) {
    covered[lasting(lattice, index).start] += shares[index];
    covered[lasting(lattice, index).end] -= shares[index];
  }
  double sum = 0;
  for (auto& [frame, value] : covered) value = sum += value;
  for (const std::size_t index : indices) {
    const Lasting own = lasting(lattice, index);
    double most = shares[index];
    for (auto at = covered.find(own.start); at->first != own.end; ++at) most = std::max(most, at->second);
    shares[index] = std::clamp(most, 0.0, 1.0);
  }
}

}  // namespace

std::vector<double> posteriors(const Lattice& lattice) {
  const std::vector<double> before = forward(lattice), after = backward(lattice);
  std::vector<double> shares;
  for (const Arc& arc : lattice.arcs) {
    shares.push_back(std::exp(std::min(0.0, before[arc.source] + arc.score() + after[arc.target] - after[0])));
  }
  return shares;
}

std::vector<double> word_posteriors(const Lattice& lattice) {
  std::vector<double> shares = posteriors(lattice);
  std::map<std::string_view, std::vector<std::size_t>> groups;
  for (std::size_t index = 0; index < lattice.arcs.size(); ++index) {
    if (!lattice.arcs[index].word.empty()) groups[lattice.arcs[index].word].push_back(index);
  }
  for (const auto& [word, indices] : groups) pool(lattice, indices, shares);
  return shares;
}

}  // namespace stapes::lattice
