// What a search puts out: labels, words and times. Frames are encoder frames, counted from the first of the
// stream.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "decode/trace.h"
#include "decode/vocabulary.h"

namespace stapes::decode {

struct Word {
  std::string text;
  // Emission of the first piece, and one past that of the last, less the emission delay; words never overlap.
  std::int32_t start_frame;
  std::int32_t end_frame;
  // In [0, 1]: the smaller of evidence and presence, as the Python package defines them in
  // stapes.decode.confidence.
  double confidence;
  // Labels of the hypothesis up to the end of this word.
  std::int32_t labels_end;
};

// The best label sequence so far.
struct Hypothesis {
  std::vector<Label> labels;
  // Emission frame of each label, without any delay taken off.
  std::vector<std::int32_t> frames;
  double log_prob;
  std::vector<Word> words;
  // Number of first labels that all live histories share: every later hypothesis begins with them.
  std::int32_t stable_labels;
};

// A live history beside the best one.
struct Rival {
  NodeIndex node;
  double log_prob;
};

// The hypothesis that ends in `node` and has `log_prob`, its words weighed against the live `rivals`;
// `delay_frames` is taken off the times of words, which are never below 0.
Hypothesis describe(const Vocabulary& vocabulary, const Trace& trace, NodeIndex node, double log_prob,
                    std::span<const Rival> rivals, std::int32_t stable_labels, std::int32_t delay_frames);

}  // namespace stapes::decode
