#include "engine/session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decode/certainty.h"
#include "error.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

// The sound is heard in blocks of 40 ms, whatever the chunks.
constexpr std::size_t kBlockSamples = 640;
constexpr double kRateHz = 16'000;
// -100 dB: digital silence has a level, too.
constexpr double kLeastPower = 1e-10;

const endpoint::Point& point_named(const endpoint::Tables& tables, const std::string& name) {
  std::string known;
  for (const endpoint::Point& point : tables.points) {
    if (point.name == name) return point;
    known += sentence(known.empty() ? "" : ", ", point.name);
  }
  throw Error(Fault::kConfig,
              sentence("session: end-point setting '", name, "' is not in the model; ", known, " are accepted"));
}

// The texts with single spaces between them.
std::string joined(std::span<const decode::Word> words) {
  std::string text;
  for (const decode::Word& word : words) text += sentence(text.empty() ? "" : " ", word.text);
  return text;
}

double level_db(std::span<const float> block) {
  double power = 0;
  for (const float sample : block) power += static_cast<double>(sample) * static_cast<double>(sample);
  return 10 * std::log10(power / static_cast<double>(block.size()) + kLeastPower);
}

// Encoder frame [J] (Q5.10).
std::vector<float> as_floats(std::span<const std::int16_t> frame) {
  std::vector<float> floats;
  for (const std::int16_t value : frame) floats.push_back(static_cast<float>(value) * 0x1p-10F);
  return floats;
}

}  // namespace

Session::Search::Search(const Recognizer& recognizer, NetworkScorer& scorer, std::size_t width,
                        std::shared_ptr<const decode::PhraseLists> phrases)
    : expected(recognizer.language_model_, scorer, std::move(phrases)),
      beam(scorer, recognizer.vocabulary_, expected.parts(), {.beam = width}),
      state(beam.init_state()) {}

Session::Session(std::shared_ptr<const Recognizer> recognizer, int beam, const std::string& point,
                 std::shared_ptr<const decode::PhraseLists> phrases)
    : recognizer_(std::move(recognizer)),
      beam_(checked_beam("session", beam)),
      phrases_(std::move(phrases)),
      scorer_(recognizer_->joiner_, recognizer_->sizes_),
      pitch_(recognizer_->table_),
      pitch_work_(pitch_.workspace()),
      endpointer_(recognizer_->vocabulary_, recognizer_->endpointing_, point_named(recognizer_->endpointing_, point),
                  recognizer_->frame_ms()),
      window_(features::kPitchSamples) {
  begin(0, {});
}

void Session::accept(std::span<const float> samples, std::vector<Event>& events) {
  if (finished_) throw Error(Fault::kAudio, "session: finished; a new session is needed for more samples");
  if (!std::ranges::all_of(samples, [](float sample) { return std::isfinite(sample); })) {
    throw Error(Fault::kAudio, "session: a sample is not finite; samples from -1 to 1 are accepted");
  }
  while (pending_.size() + samples.size() >= kBlockSamples) {
    const auto missing = samples.first(kBlockSamples - pending_.size());
    pending_.insert(pending_.end(), missing.begin(), missing.end());
    samples = samples.subspan(missing.size());
    hear_block(pending_, events);
    pending_.clear();
  }
  pending_.insert(pending_.end(), samples.begin(), samples.end());
}

void Session::finish(std::vector<Event>& events) {
  if (finished_) return;
  finished_ = true;
  heard_samples_ += static_cast<std::int64_t>(pending_.size());
  search_->beam.advance(encode(pending_), search_->state);
  search_->beam.advance(encode_rest(), search_->state);
  end(endpoint::Reason::kClosed, events);
}

double Session::seconds() const { return static_cast<double>(heard_samples_) / kRateHz; }

void Session::begin(std::int64_t number, const endpoint::Levels& levels) {
  fbank_ = {};
  encoder_ = recognizer_->encoder_.init_state();
  search_ = std::make_unique<Search>(*recognizer_, scorer_, beam_, phrases_);
  endpoint_ = endpointer_.init_state(levels);
  told_ = {};
  told_.number = number;
  told_.begin_seconds = seconds();
}

void Session::hear_block(std::span<const float> block, std::vector<Event>& events) {
  heard_samples_ += static_cast<std::int64_t>(block.size());
  const std::vector<std::int16_t> frames = encode(block);
  const endpoint::Sound sound = sound_of(block);
  const std::size_t width = scorer_.frame_width();
  for (std::span<const std::int16_t> rest(frames); !rest.empty(); rest = rest.subspan(width)) {
    follow(rest.first(width), sound, events);
  }
}

endpoint::Sound Session::sound_of(std::span<const float> block) {
  std::shift_left(window_.begin(), window_.end(), kBlockSamples);
  std::ranges::copy(block, window_.end() - kBlockSamples);
  const features::Pitch pitch = pitch_.find(window_, pitch_work_);
  return {level_db(block), pitch.voicing, pitch.octaves};
}

std::vector<std::int16_t> Session::encode(std::span<const float> samples) {
  std::vector<float> features;
  std::vector<std::int16_t> frames;
  const ScratchPool::Loan scratch = recognizer_->lend();
  recognizer_->fbank_.step(samples, fbank_, scratch->features, features);
  recognizer_->encoder_.accept(features, encoder_, scratch->encoder, frames);
  return frames;
}

std::vector<std::int16_t> Session::encode_rest() {
  std::vector<std::int16_t> frames = encode(std::vector<float>(recognizer_->tail_samples()));
  std::vector<float> features;
  const ScratchPool::Loan scratch = recognizer_->lend();
  recognizer_->fbank_.flush(fbank_, scratch->features, features);
  recognizer_->encoder_.accept(features, encoder_, scratch->encoder, frames);
  return frames;
}

void Session::follow(std::span<const std::int16_t> frame, const endpoint::Sound& sound, std::vector<Event>& events) {
  const std::int32_t changes = search_->state.changes;
  search_->beam.advance(frame, search_->state);
  const double log_blank = search_->beam.log_blank(frame, search_->state);
  const std::vector<float> heard = as_floats(frame.first(scorer_.joint()));
  endpointer_.advance({heard, sound, log_blank}, search_->state.trace, decode::ending(search_->state),
                      endpoint_);
  // While every history takes blank the text stays.
  if (search_->state.changes != changes) tell_text(events);
  judge(events);
}

void Session::tell_text(std::vector<Event>& events) {
  const decode::Hypothesis found = search_->beam.result(search_->state);
  const auto is_stable = [&](const decode::Word& word) { return word.labels_end < found.stable_labels; };
  const std::span<const decode::Word> words(found.words);
  const auto stable = words.first(static_cast<std::size_t>(std::ranges::count_if(words, is_stable)));
  std::string text = joined(words), certain = joined(stable);
  if (text == told_.text && certain == told_.stable) return;
  if (told_.speculated && *told_.speculated != text) {
    events.push_back(event(EventKind::kReset));
    told_.speculated.reset();
    told_.was_reset = true;
  }
  told_.text = std::move(text);
  told_.stable = std::move(certain);
  Event& partial = events.emplace_back(event(EventKind::kPartial));
  partial.text = told_.text;
  partial.stable = told_.stable;
}

void Session::judge(std::vector<Event>& events) {
  if (const auto reason = endpointer_.ends(endpoint_)) {
    end(*reason, events);
  } else if (endpointer_.speculates(endpoint_)) {
    speculate(events);
  }
}

void Session::speculate(std::vector<Event>& events) {
  if (told_.speculated) return;
  told_.speculated = told_.text;
  Event& speculation = events.emplace_back(heard(told_.was_reset ? EventKind::kRevised : EventKind::kSpeculative));
  speculation.probability = endpoint_.probability;
  speculation.begin_seconds = told_.begin_seconds;
}

void Session::end(endpoint::Reason reason, std::vector<Event>& events) {
  tell_text(events);
  if (!told_.text.empty()) {
    speculate(events);
    events.push_back(event(EventKind::kConfirmed));
  }
  events.push_back(heard(EventKind::kFinal));
  events.back().reason = reason;
  begin(told_.number + 1, endpoint_.levels);
}

Event Session::event(EventKind kind) const {
  return {.kind = kind, .utterance = told_.number, .time_seconds = seconds(), .text = {}, .stable = {}, .words = {}};
}

Event Session::heard(EventKind kind) {
  const decode::Hypothesis found = search_->beam.result(search_->state);
  const std::vector<double> posteriors =
      decode::certainties(found, search_->beam.lattice(search_->state, {}));
  const double frame_seconds = recognizer_->frame_ms() / 1000, duration = seconds() - told_.begin_seconds;
  const auto time = [&](std::int32_t frame) {
    return told_.begin_seconds + std::min(frame * frame_seconds, duration);
  };
  Event made = event(kind);
  made.text = joined(found.words);
  for (std::size_t index = 0; index < found.words.size(); ++index) {
    const decode::Word& word = found.words[index];
    made.words.push_back({word.text, time(word.start_frame), time(word.end_frame),
                          recognizer_->confidence(posteriors[index])});
  }
  return made;
}

}  // namespace stapes::engine
