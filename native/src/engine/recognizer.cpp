#include "engine/recognizer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decode/certainty.h"
#include "engine/language_model.h"
#include "error.h"
#include "network/packed_source.h"
#include "sentence.h"

namespace stapes::engine {
namespace {

constexpr int kMostBeam = 1000;
// Sound heard at once, so that a long chunk needs no long buffers.
constexpr std::size_t kBlockSamples = 10'240;

features::FbankConfig checked(const features::FbankConfig& config) {
  try {
    features::Fbank(config, kernels::best());
  } catch (const Error& error) {
    throw Error(Fault::kFormat, sentence("packed model: metadata: network: features: ", error.sentence()));
  }
  return config;
}

template <typename... Bodies>
struct Overloaded : Bodies... {
  using Bodies::operator()...;
};
template <typename... Bodies>
Overloaded(Bodies...) -> Overloaded<Bodies...>;

std::variant<decode::GreedySearch, decode::BeamSearch> make_search(decode::Scorer& scorer,
                                                                   const decode::Vocabulary& vocabulary,
                                                                   std::vector<decode::Expectation*> expected,
                                                                   std::size_t beam, bool greedy) {
  if (greedy) return decode::GreedySearch(scorer, vocabulary);
  return decode::BeamSearch(scorer, vocabulary, std::move(expected), {.beam = beam});
}

}  // namespace

std::size_t checked_beam(std::string_view where, int beam) {
  if (beam < 1 || beam > kMostBeam) {
    throw Error(Fault::kConfig, sentence(where, ": beam is ", beam, "; 1 to ", kMostBeam, " is accepted"));
  }
  return static_cast<std::size_t>(beam);
}

std::shared_ptr<const Recognizer> Recognizer::open(const std::string& path, const kernels::Table& table) {
  const format::Model model = format::Model::open(path);
  try {
    return std::shared_ptr<const Recognizer>(new Recognizer(model, table));
  } catch (const Error& error) {
    throw Error(error.fault(), sentence(path, ": ", error.sentence()));
  }
}

Recognizer::Recognizer(const format::Model& model, const kernels::Table& table)
    : table_(table),
      hearing_(read_hearing(model)),
      sizes_(network::read_settings(model)),
      fbank_(checked(hearing_.features), table),
      vocabulary_(hearing_.vocabulary),
      arena_(network::encoder_bytes_bound(sizes_) + network::joiner_bytes_bound(sizes_)),
      encoder_(sizes_, network::PackedSource(model), table, arena_),
      joiner_(sizes_, network::PackedSource(model), table, arena_),
      endpointing_(read_endpointing(model, joiner_.joint())),
      calibration_(read_calibration(model)) {
  arena_.trim();
  language_model_ = read_language_model(model, vocabulary_.size());
}

Stream::Stream(std::shared_ptr<const Recognizer> recognizer, int beam,
               std::shared_ptr<const decode::PhraseLists> phrases)
    : recognizer_(std::move(recognizer)),
      scorer_(recognizer_->joiner_, recognizer_->sizes_),
      expected_(recognizer_->language_model_, scorer_, phrases),
      search_(make_search(scorer_, recognizer_->vocabulary_, expected_.parts(), checked_beam("stream", beam),
                          beam == 1 && !phrases)) {
  state_.encoder = recognizer_->encoder_.init_state();
  if (auto* const search = std::get_if<decode::BeamSearch>(&search_)) state_.search = search->init_state();
}

void Stream::check(std::span<const float> samples) const {
  if (state_.finished)
    throw Error(Fault::kAudio, "stream: finished; a new stream is needed for more samples");
  if (!std::all_of(samples.begin(), samples.end(), [](float sample) { return std::isfinite(sample); })) {
    throw Error(Fault::kAudio, "stream: a sample is not finite; samples from -1 to 1 are accepted");
  }
}

void Stream::accept(std::span<const float> samples) {
  check(samples);
  hear(samples, *recognizer_->lend());
  state_.heard_samples += static_cast<std::int64_t>(samples.size());
}

void Stream::check_together(std::span<const Chunk> chunks) {
  std::vector<const Stream*> streams;
  for (const Chunk& chunk : chunks) streams.push_back(chunk.stream);
  std::ranges::sort(streams);
  const bool once = std::ranges::adjacent_find(streams) == streams.end();
  const bool of_one = std::ranges::all_of(
      streams, [&](const Stream* stream) { return stream->recognizer_ == streams.front()->recognizer_; });
  if (!once || !of_one) {
    throw Error(Fault::kConfig, "streams: streams of one model, each of them once, are accepted together");
  }
  for (const Chunk& chunk : chunks) chunk.stream->check(chunk.samples);
}

void Stream::accept_together(std::span<const Chunk> chunks) {
  check_together(chunks);
  if (chunks.empty()) return;
  const Recognizer& recognizer = *chunks.front().stream->recognizer_;
  const ScratchPool::Loan scratch = recognizer.lend();
  std::vector<Chunk> rest(chunks.begin(), chunks.end());
  std::vector<network::Encoder::Feed> feeds;
  while (!rest.empty()) {
    feeds.clear();
    for (Chunk& chunk : rest) {
      Stream& own = *chunk.stream;
      const auto block = chunk.samples.first(std::min(chunk.samples.size(), kBlockSamples));
      own.features_.clear();
      own.frames_.clear();
      recognizer.fbank_.step(block, own.state_.fbank, scratch->features, own.features_);
      own.state_.heard_samples += static_cast<std::int64_t>(block.size());
      chunk.samples = chunk.samples.subspan(block.size());
      feeds.push_back({own.features_, &own.state_.encoder, &own.frames_});
    }
    recognizer.encoder_.accept_together(feeds, scratch->encoder);
    for (const Chunk& chunk : rest) chunk.stream->search_frames();
    std::erase_if(rest, [](const Chunk& chunk) { return chunk.samples.empty(); });
  }
}

void Stream::finish() {
  if (state_.finished) return;
  const ScratchPool::Loan scratch = recognizer_->lend();
  hear(std::vector<float>(recognizer_->tail_samples()), *scratch);
  features_.clear();
  recognizer_->fbank_.flush(state_.fbank, scratch->features, features_);
  search(*scratch);
  state_.finished = true;
}

void Stream::hear(std::span<const float> samples, Scratch& scratch) {
  while (!samples.empty()) {
    const std::size_t count = std::min(samples.size(), kBlockSamples);
    features_.clear();
    recognizer_->fbank_.step(samples.first(count), state_.fbank, scratch.features, features_);
    search(scratch);
    samples = samples.subspan(count);
  }
}

void Stream::search(Scratch& scratch) {
  frames_.clear();
  recognizer_->encoder_.accept(features_, state_.encoder, scratch.encoder, frames_);
  search_frames();
}

void Stream::search_frames() {
  std::visit(Overloaded{[this](decode::GreedySearch& search) {
                          search.advance(frames_, std::get<decode::GreedyState>(state_.search));
                        },
                        [this](decode::BeamSearch& search) {
                          search.advance(frames_, std::get<decode::BeamState>(state_.search));
                        }},
             search_);
}

decode::Hypothesis Stream::found() {
  if (auto* const greedy = std::get_if<decode::GreedySearch>(&search_)) {
    return greedy->result(std::get<decode::GreedyState>(state_.search));
  }
  auto& beam = std::get<decode::BeamSearch>(search_);
  const auto& state = std::get<decode::BeamState>(state_.search);
  decode::Hypothesis found = beam.result(state);
  if (!state_.finished) return found;
  const std::vector<double> posteriors = decode::certainties(found, beam.lattice(state, {}));
  for (std::size_t word = 0; word < found.words.size(); ++word) {
    found.words[word].confidence = recognizer_->confidence(posteriors[word]);
  }
  return found;
}

lattice::Lattice Stream::lattice(const decode::LatticeLimits& limits) {
  if (auto* const greedy = std::get_if<decode::GreedySearch>(&search_)) {
    return greedy->lattice(std::get<decode::GreedyState>(state_.search));
  }
  return std::get<decode::BeamSearch>(search_).lattice(std::get<decode::BeamState>(state_.search), limits);
}

std::vector<HeardWord> Stream::words() {
  const decode::Hypothesis found = this->found();
  const features::FbankConfig& features = recognizer_->hearing_.features;
  const double frame_seconds = recognizer_->frame_ms() / 1000;
  const double duration = static_cast<double>(state_.heard_samples) / features.sample_rate_hz;
  std::vector<HeardWord> words;
  for (const decode::Word& word : found.words) {
    words.push_back({.text = word.text,
                     .start_seconds = std::min(word.start_frame * frame_seconds, duration),
                     .end_seconds = std::min(word.end_frame * frame_seconds, duration),
                     .confidence = word.confidence});
  }
  return words;
}

}  // namespace stapes::engine
