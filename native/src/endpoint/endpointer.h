// How probable it is, frame by frame, that the user has finished: spec/endpoints.md, sections 3 and 4.
//
// Letters: J joint width, P projected dimensions, S scalars, D = S + P inputs, K hidden units, B buckets.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decode/trace.h"
#include "decode/vocabulary.h"
#include "endpoint/completeness.h"
#include "endpoint/sound.h"

namespace stapes::endpoint {

inline constexpr std::size_t kScalars = 13;

// When a probability is enough, and what holds whatever it is.
struct Point {
  std::string name;
  double speculative = 0.5;
  double final = 0.5;
  std::int64_t least_pause_ms = 120;
  std::int64_t longest_pause_ms = 2'000;
  std::int64_t no_speech_ms = 8'000;
  std::int64_t longest_ms = 30'000;
};

// What is learned.
struct Tables {
  std::vector<float> completeness;       // [B]
  double completeness_bias = 0;
  std::vector<float> projection;         // [P, J]
  std::vector<float> mean, scale;        // [D]
  std::vector<float> input_weight;       // [3 K, D], gates in the order reset, update, new
  std::vector<float> input_bias;         // [3 K]
  std::vector<float> recurrent_weight;   // [3 K, K]
  std::vector<float> recurrent_bias;     // [3 K]
  std::vector<float> output_weight;      // [K]
  double output_bias = 0;
  std::vector<Point> points;
};

// A model without an end-pointer: utterances end by their pauses alone, of 0.7, 1 or 2 s.
Tables pauses_alone(std::size_t joint);

enum class Reason : std::uint8_t { kEndpoint, kPause, kNoSpeech, kTooLong, kClosed };

// Where an end-pointer stands; a value.
struct State {
  std::int64_t frames = 0;
  Levels levels;
  Melody melody;
  // Of the best hypothesis; nothing before the first frame.
  std::optional<decode::Key> best;
  std::vector<std::string> words;
  double log_odds = 0;
  // Since the last label, since a frame that stood out from the noise, since one as loud as the user.
  std::int64_t run_frames = 0;
  std::int64_t quiet_frames = 0;
  std::int64_t hushed_frames = 0;
  // Running mean of the probability of blank.
  double blank = 1;
  std::vector<float> hidden;
  // That the user has finished, in [0, 1].
  double probability = 0;
};

class Endpointer {
 public:
  // `vocabulary` and `tables` outlive it.
  Endpointer(const decode::Vocabulary& vocabulary, const Tables& tables, const Point& point, double frame_ms);

  // Before the first frame of an utterance; `levels` are those at the end of the one before.
  State init_state(const Levels& levels = {}) const;

  // What one more frame says.
  struct Heard {
    std::span<const float> frame;  // [J] of the encoder
    Sound sound;                   // the last that was heard for it
    double log_blank;              // log-probability of blank at it after the best hypothesis
  };
  // `ending` is the last emission of the best hypothesis after the frame.
  void advance(const Heard& heard, const decode::Trace& trace, decode::NodeIndex ending, State& state) const;

  // Whether the user has probably finished.
  bool speculates(const State& state) const;
  // Why the utterance ends here; nothing while it goes on.
  std::optional<Reason> ends(const State& state) const;

 private:
  void read(const decode::Trace& trace, decode::NodeIndex ending, State& state) const;
  static void listen(const Sound& sound, State& state);
  // [D] what is seen, normalised.
  std::vector<float> inputs(const Heard& heard, const State& state) const;
  void remember(std::span<const float> inputs, State& state) const;
  double pause_ms(const State& state) const;

  const decode::Vocabulary& vocabulary_;
  const Tables& tables_;
  Point point_;
  double frame_ms_;
  Completeness completeness_;
};

}  // namespace stapes::endpoint
