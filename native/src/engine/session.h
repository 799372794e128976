// Sound in, events out, one utterance after the other: spec/events.md.
//
// Letters: J joint width.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decode/beam.h"
#include "decode/biasing.h"
#include "endpoint/endpointer.h"
#include "engine/expected.h"
#include "engine/network_scorer.h"
#include "engine/recognizer.h"
#include "features/pitch.h"

namespace stapes::engine {

enum class EventKind : std::uint8_t { kPartial, kSpeculative, kReset, kRevised, kConfirmed, kFinal };

// What a session tells. Times count from its beginning.
struct Event {
  EventKind kind;
  std::int64_t utterance;
  double time_seconds;
  // But for resets and confirmations: what was said, and, of a partial, its first words that stay.
  std::string text;
  std::string stable;
  // Of speculations, revisions and finals.
  std::vector<HeardWord> words;
  // Of speculations and revisions: that the user has finished, and the sound before the utterance.
  double probability = 0;
  double begin_seconds = 0;
  // Of finals.
  endpoint::Reason reason = endpoint::Reason::kClosed;
};

// For one thread at a time. The events are the same, bit for bit, for every way to cut the sound into chunks.
class Session {
 public:
  // `point` is the name of an operating point of the model; `phrases`, made for this vocabulary, may be null. Throws Error
  // (kConfig) if there is no point of that name, or if `beam` is out of range.
  Session(std::shared_ptr<const Recognizer> recognizer, int beam, const std::string& point,
          std::shared_ptr<const decode::PhraseLists> phrases = nullptr);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Hears 16 kHz samples in [-1, 1]; what there is to tell goes to the end of `events`. Throws Error (kAudio) if one is not
  // finite or the session is finished.
  void accept(std::span<const float> samples, std::vector<Event>& events);
  // Ends the sound; a second call tells nothing.
  void finish(std::vector<Event>& events);

 private:
  // The search of an utterance; with it goes what it has cached.
  struct Search {
    Search(const Recognizer& recognizer, NetworkScorer& scorer, std::size_t beam,
           std::shared_ptr<const decode::PhraseLists> phrases);

    Expected expected;
    decode::BeamSearch beam;
    decode::BeamState state;
  };
  // What was told of an utterance.
  struct Told {
    std::int64_t number = 0;
    double begin_seconds = 0;
    std::string text, stable;
    // Text of the speculation that holds.
    std::optional<std::string> speculated;
    // Whether a speculation did not hold.
    bool was_reset = false;
  };

  double seconds() const;
  void begin(std::int64_t number, const endpoint::Levels& levels);
  void hear_block(std::span<const float> block, std::vector<Event>& events);
  endpoint::Sound sound_of(std::span<const float> block);
  // Encoder frames [n, J] that further samples complete.
  std::vector<std::int16_t> encode(std::span<const float> samples);
  std::vector<std::int16_t> encode_rest();
  void follow(std::span<const std::int16_t> frame, const endpoint::Sound& sound, std::vector<Event>& events);
  void tell_text(std::vector<Event>& events);
  void judge(std::vector<Event>& events);
  void speculate(std::vector<Event>& events);
  void end(endpoint::Reason reason, std::vector<Event>& events);
  Event event(EventKind kind) const;
  // An event with the words so far, as sure as they are.
  Event heard(EventKind kind);

  std::shared_ptr<const Recognizer> recognizer_;
  std::size_t beam_;
  std::shared_ptr<const decode::PhraseLists> phrases_;
  NetworkScorer scorer_;
  features::PitchFinder pitch_;
  features::PitchFinder::Workspace pitch_work_;
  endpoint::Endpointer endpointer_;
  // Samples of a block that is not complete, and the last ones that were heard.
  std::vector<float> pending_, window_;
  std::int64_t heard_samples_ = 0;
  bool finished_ = false;
  features::FbankState fbank_;
  network::EncoderState encoder_;
  std::unique_ptr<Search> search_;
  endpoint::State endpoint_;
  Told told_;
};

}  // namespace stapes::engine
