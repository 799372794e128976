// A packed model, ready to run, and the streams of sound that it listens to.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "decode/beam.h"
#include "decode/greedy.h"
#include "decode/hypothesis.h"
#include "decode/ngram.h"
#include "decode/vocabulary.h"
#include "decode/wording.h"
#include "engine/endpointing.h"
#include "engine/expected.h"
#include "engine/hearing.h"
#include "engine/network_scorer.h"
#include "engine/scratch.h"
#include "features/fbank.h"
#include "format/model.h"
#include "kernels/arena.h"
#include "kernels/table.h"
#include "network/encoder.h"
#include "network/joiner.h"
#include "network/settings.h"

namespace stapes::engine {

// Never changes: any number of streams and threads share it.
class Recognizer {
 public:
  // Throws Error (kFormat) if the file at `path` is missing, damaged, or holds no network for integer
  // arithmetic.
  static std::shared_ptr<const Recognizer> open(const std::string& path, const kernels::Table& table);

  Recognizer(const Recognizer&) = delete;
  Recognizer& operator=(const Recognizer&) = delete;

  // The V pieces by label.
  const std::vector<std::string>& pieces() const { return hearing_.vocabulary; }

 private:
  friend class Session;
  friend class Stream;
  Recognizer(const format::Model& model, const kernels::Table& table);

  // Distance between encoder frames.
  double frame_ms() const { return hearing_.features.shift_ms * static_cast<double>(network::kSubsampling); }
  // Of silence that is heard after the last sample.
  std::size_t tail_samples() const {
    return static_cast<std::size_t>(hearing_.tail_ms) * static_cast<std::size_t>(hearing_.features.sample_rate_hz / 1000);
  }

  const kernels::Table& table_;
  HearingSettings hearing_;
  network::Settings sizes_;
  features::Fbank fbank_;
  decode::Vocabulary vocabulary_;
  kernels::Arena arena_;
  network::Encoder encoder_;
  network::Joiner joiner_;
  // Behind the network, whose levels make room for it.
  std::optional<decode::NGramTables> language_model_;
  endpoint::Tables endpointing_;
  std::optional<Calibration> calibration_;
  mutable ScratchPool scratch_;

  ScratchPool::Loan lend() const { return scratch_.lend(fbank_, encoder_); }

  // How often words are right whose posterior is this.
  double confidence(double posterior) const { return calibration_ ? (*calibration_)(posterior) : posterior; }
};

// `beam` where it is in range; throws Error (kConfig), whose sentence begins with `where`.
std::size_t checked_beam(std::string_view where, int beam);

// A word in seconds, from 0 to the duration of the stream.
struct HeardWord {
  std::string text;
  double start_seconds;
  double end_seconds;
  // From 0 to 1; rough while words may change.
  double confidence;
};

// Where a stream stands; a value.
struct StreamState {
  std::int64_t heard_samples = 0;
  bool finished = false;
  features::FbankState fbank;
  network::EncoderState encoder;
  std::variant<decode::GreedyState, decode::BeamState> search;
};

// One stream of sound, for one thread at a time. Results are the same, bit for bit, for every way to cut it
// into chunks.
class Stream {
 public:
  // `beam` histories are followed at once; 1 is a greedy search, which knows no language model, where no `phrases`, made for
  // this vocabulary, are expected. Throws Error (kConfig) if it is out of range.
  Stream(std::shared_ptr<const Recognizer> recognizer, int beam,
         std::shared_ptr<const decode::PhraseLists> phrases = nullptr);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Hears 16 kHz samples in [-1, 1]. Throws Error (kAudio) if one is not finite or the stream is finished.
  void accept(std::span<const float> samples);
  // The same for several streams of one recognizer, each given once, with samples of its own: they share the passes over the
  // weights. Throws Error (kConfig) if they are not; nothing was heard then.
  struct Chunk {
    Stream* stream;
    std::span<const float> samples;
  };
  static void accept_together(std::span<const Chunk> chunks);
  // Ends the stream; a second call changes nothing.
  void finish();
  // The words so far; those of a finished stream are final, and after a beam search as sure as the calibration of the
  // model makes them.
  std::vector<HeardWord> words();
  // What may have been said so far; its best path are the words.
  lattice::Lattice lattice(const decode::LatticeLimits& limits);
  // Duration of a frame of its lattice.
  int frame_ms() const { return static_cast<int>(std::rint(recognizer_->frame_ms())); }

  const StreamState& state() const { return state_; }
  // Goes on from `state`, which comes from a stream of the same recognizer and beam.
  void restore(StreamState state) { state_ = std::move(state); }

 private:
  static void check_together(std::span<const Chunk> chunks);
  void check(std::span<const float> samples) const;
  void hear(std::span<const float> samples, Scratch& scratch);
  // The log-mel frames in `features_` to the search.
  void search(Scratch& scratch);
  decode::Hypothesis found();
  // The encoder frames in `frames_` to the search.
  void search_frames();

  std::shared_ptr<const Recognizer> recognizer_;
  NetworkScorer scorer_;
  Expected expected_;
  std::variant<decode::GreedySearch, decode::BeamSearch> search_;
  StreamState state_;
  // What one chunk gives.
  std::vector<float> features_;
  std::vector<std::int16_t> frames_;
};

}  // namespace stapes::engine
