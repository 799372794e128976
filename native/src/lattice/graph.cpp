#include "lattice/graph.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "lattice/probability.h"

namespace stapes::lattice {
namespace {

using Neighbours = std::vector<std::vector<Node>>;

std::vector<bool> reachable(Node root, const Neighbours& neighbours) {
  std::vector<bool> seen(neighbours.size());
  std::vector<Node> pending{root};
  seen[root] = true;
  while (!pending.empty()) {
    const Node node = pending.back();
    pending.pop_back();
    for (const Node next : neighbours[node]) {
      if (seen[next]) continue;
      seen[next] = true;
      pending.push_back(next);
    }
  }
  return seen;
}

// The nodes that are `alive` so that arcs lead upwards; by frame and number where there is a choice.
std::vector<Node> sorted_nodes(const std::vector<bool>& alive, const Neighbours& forward,
                               std::span<const std::int32_t> frames) {
  std::vector<std::size_t> entering(alive.size());
  for (std::size_t node = 0; node < alive.size(); ++node) {
    if (!alive[node]) continue;
    for (const Node target : forward[node]) ++entering[target];
  }
  using Entry = std::pair<std::int32_t, Node>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (Node node = 0; node < alive.size(); ++node) {
    if (alive[node] && entering[node] == 0) ready.emplace(frames[node], node);
  }
  std::vector<Node> order;
  while (!ready.empty()) {
    const Node node = ready.top().second;
    ready.pop();
    order.push_back(node);
    for (const Node target : forward[node]) {
      if (alive[target] && --entering[target] == 0) ready.emplace(frames[target], target);
    }
  }
  return order;
}

}  // namespace

std::vector<ArcRange> Lattice::leaving() const {
  std::vector<ArcRange> ranges;
  std::size_t first = 0;
  for (Node node = 0; node < frames.size(); ++node) {
    std::size_t stop = first;
    while (stop < arcs.size() && arcs[stop].source == node) ++stop;
    ranges.push_back({first, stop});
    first = stop;
  }
  return ranges;
}

Lattice assemble(std::span<const std::int32_t> frames, std::span<const Arc> arcs, Node start, Node end) {
  Neighbours forward(frames.size()), backward(frames.size());
  for (const Arc& arc : arcs) {
    forward[arc.source].push_back(arc.target);
    backward[arc.target].push_back(arc.source);
  }
  std::vector<bool> alive = reachable(start, forward);
  const std::vector<bool> ending = reachable(end, backward);
  for (std::size_t node = 0; node < alive.size(); ++node) alive[node] = alive[node] && ending[node];
  Lattice lattice;
  std::vector<Node> places(frames.size());
  for (const Node node : sorted_nodes(alive, forward, frames)) {
    places[node] = static_cast<Node>(lattice.frames.size());
    lattice.frames.push_back(frames[node]);
  }
  for (const Arc& arc : arcs) {
    if (!alive[arc.source] || !alive[arc.target]) continue;
    Arc& kept = lattice.arcs.emplace_back(arc);
    kept.source = places[arc.source];
    kept.target = places[arc.target];
  }
  std::sort(lattice.arcs.begin(), lattice.arcs.end(), [](const Arc& a, const Arc& b) { return a < b; });
  return lattice;
}

std::vector<std::size_t> best_path(const Lattice& lattice) {
  const std::vector<ArcRange> leaving = lattice.leaving();
  std::vector<double> ahead(lattice.frames.size());
  std::vector<std::size_t> best(lattice.frames.size());
  for (std::size_t node = lattice.end(); node-- > 0;) {
    ahead[node] = -std::numeric_limits<double>::infinity();
    for (std::size_t at = leaving[node].first; at < leaving[node].end; ++at) {
      const double score = lattice.arcs[at].score() + ahead[lattice.arcs[at].target];
      if (score <= ahead[node]) continue;
      ahead[node] = score;
      best[node] = at;
    }
  }
  std::vector<std::size_t> path;
  for (std::size_t node = 0; node != lattice.end(); node = lattice.arcs[path.back()].target) {
    path.push_back(best[node]);
  }
  return path;
}

Lattice prune(const Lattice& lattice, double posterior) {
  const std::vector<double> shares = posteriors(lattice);
  std::vector<bool> kept(lattice.arcs.size());
  for (const std::size_t arc : best_path(lattice)) kept[arc] = true;
  std::vector<Arc> arcs;
  for (std::size_t index = 0; index < kept.size(); ++index) {
    if (kept[index] || shares[index] >= posterior) arcs.push_back(lattice.arcs[index]);
  }
  return assemble(lattice.frames, arcs, 0, static_cast<Node>(lattice.end()));
}

}  // namespace stapes::lattice
