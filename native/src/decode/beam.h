// Beam search over a stateless predictor, with histories merged where nothing can tell them apart any more.
//
// A history is a label sequence with its log-probability, summed over all its alignments that stayed in the
// beam, plus what is expected of it. All histories consume one frame at a time, so those with the same
// context (last two labels, states of what is expected) have the same future: they share one place in the
// beam, one predictor row and one joint output, and a history is merged into the best one of its context as
// soon as that provably cannot change the best sequence. stapes.decode.beam of the Python package tells the
// reasons; results are the same.
//
// Letters: n frames, E width of an encoder frame (J, or J + V with a CTC head), J joint width, V vocabulary, P histories,
// G contexts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decode/evidence.h"
#include "decode/expectation.h"
#include "decode/hypothesis.h"
#include "decode/merging.h"
#include "decode/predictions.h"
#include "decode/scorer.h"
#include "decode/trace.h"
#include "decode/wording.h"
#include "kernels/aligned.h"
#include "kernels/table.h"
#include "lattice/graph.h"

namespace stapes::decode {

struct BeamConfig {
  // Contexts kept after each frame, and extensions tried at each; at least 1.
  std::size_t beam = 4;
  // In nats, at least 0: histories further below the best are dropped. Infinity keeps all.
  double score_beam = 8.0;
  // Kept apart in one context until they can be merged without loss; at least 1.
  std::size_t histories = 4;
};

// Where a beam search stands; a value, to be continued by searches with the same expectations.
struct BeamState {
  // Encoder frames consumed.
  std::int32_t frames = 0;
  Trace trace;
  // [P] end of each history; those of one context stand together, the most probable first.
  std::vector<NodeIndex> nodes;
  // [P] log-probability of each history.
  std::vector<double> log_probs;
  // [P] index of each history's context.
  std::vector<std::size_t> places;
  // [G] index of the most probable history of each context.
  std::vector<std::size_t> heads;
  // [G]
  std::vector<Grouping> contexts;
  // [P] of the last label of each history.
  std::vector<Evidence> evidence;
  // Frames at which a history came or went; while it stays, so does all that the histories say.
  std::int32_t changes = 0;
  // Nodes at which the trace is compacted.
  std::size_t most_nodes = 1024;
};

// The last emission of the most probable history.
NodeIndex ending(const BeamState& state);

// For one thread at a time.
class BeamSearch {
 public:
  // `scorer`, `vocabulary` and `expected` outlive the search. Throws Error (kConfig) if a setting is out of
  // range.
  BeamSearch(Scorer& scorer, const Vocabulary& vocabulary, std::vector<Expectation*> expected,
             const BeamConfig& config);

  // The state before the first frame.
  BeamState init_state();
  // `frames` [n, E] more; the same for every way to cut them. Throws Error (kFormat) if the model gives no
  // hypothesis of a frame a probability.
  void advance(std::span<const std::int16_t> frames, BeamState& state);
  // The best hypothesis after the frames so far; partial and final results alike.
  Hypothesis result(const BeamState& state);
  // What may have been said in the frames so far; its best path is `result`.
  lattice::Lattice lattice(const BeamState& state, const LatticeLimits& limits);
  // Log-probability of blank at `frame` [E] after the most probable history of `state`.
  double log_blank(std::span<const std::int16_t> frame, const BeamState& state);

 private:
  struct Extension {
    std::size_t place;
    Label label;
  };
  // What becomes of the histories in one frame.
  struct Frame {
    std::vector<History> histories;
    std::vector<Grouping> contexts;
  };

  void load_rows(const std::vector<Grouping>& contexts);
  // What the CTC head finds of each label at a frame [E], and of the last one of each history that takes blank there.
  void look(std::span<const std::int16_t> frame, const BeamState& state);
  void step(BeamState& state);
  void extend_all(const BeamState& state);
  void stay(const BeamState& state, double floor, Frame& frame) const;
  void extend(BeamState& state, double floor, Frame& frame);
  std::vector<Extension> best_extensions(std::size_t contexts, double floor) const;
  Rivals prune(Frame& frame) const;
  static void pack(const Rivals& contexts, std::vector<Grouping> groupings, BeamState& state);
  std::vector<double> finals(const BeamState& state);

  const kernels::Table* table_ = &kernels::best();
  Scorer& scorer_;
  const Vocabulary& vocabulary_;
  Expectations expected_;
  BeamConfig config_;
  CtcHead ctc_;
  Predictions predictions_;
  // The contexts whose rows are below.
  std::vector<Grouping> loaded_;
  // [G, J], [G, V] and [G, V].
  kernels::Aligned<std::int16_t> prediction_rows_;
  kernels::Aligned<float> expected_rows_;
  kernels::Aligned<float> scores_;
  // [V] 0 for labels that may be emitted, minus infinity for the others.
  kernels::Aligned<double> mask_;
  // [G, V] log-probability of each extension of the best history of each context, and [G] the best of each.
  kernels::Aligned<double> extended_;
  std::vector<double> best_extended_;
  // [P] log-probability of each history after blank.
  std::vector<double> stayed_;
  // [V] what the CTC head finds of each label, the same with `mask_`, and [P] what it has found of the last ones then.
  kernels::Aligned<double> seen_, hoped_;
  std::vector<Evidence> found_;
  // What it finds at least.
  double lowest_;
};

}  // namespace stapes::decode
