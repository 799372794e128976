#include "endpoint/endpointer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace stapes::endpoint {
namespace {

constexpr std::int64_t kLongestRunFrames = 100;
constexpr double kBlankMemory = 0.7;
constexpr double kLeastLogProb = -10;
constexpr double kMostLogOdds = 8;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double dot(std::span<const float> one, std::span<const float> other) {
  double sum = 0;
  for (std::size_t at = 0; at < one.size(); ++at) sum += static_cast<double>(one[at]) * static_cast<double>(other[at]);
  return sum;
}

// weight [R, C] times `vector` [C], plus bias [R].
std::vector<double> affine(std::span<const float> weight, std::span<const float> vector, std::span<const float> bias) {
  std::vector<double> result;
  for (std::size_t row = 0; row < bias.size(); ++row) {
    const auto own = weight.subspan(row * vector.size(), vector.size());
    result.push_back(dot(own, vector) + static_cast<double>(bias[row]));
  }
  return result;
}

double log_run(std::int64_t frames) { return std::log1p(static_cast<double>(std::min(frames, kLongestRunFrames))); }

std::array<double, kScalars> scalars(const Endpointer::Heard& heard, const State& state) {
  const double level_db = heard.sound.level_db;
  return {log_run(state.run_frames),
          log_run(state.quiet_frames),
          log_run(state.hushed_frames),
          4 * state.blank,
          std::max(heard.log_blank, kLeastLogProb) / 3,
          (level_db - state.levels.noise_db()) / 10,
          (state.levels.speech_db() - level_db) / 10,
          std::clamp(state.log_odds, -kMostLogOdds, kMostLogOdds) / 2,
          std::log1p(static_cast<double>(state.words.size())),
          state.words.empty() ? 0.0 : log_run(state.frames),
          heard.sound.voicing,
          state.melody.height(),
          state.melody.slope()};
}

}  // namespace

Tables pauses_alone(std::size_t joint) {
  // Never reached: nothing is learned, so the probability is one half.
  constexpr double kNever = 0.99;
  constexpr std::size_t kInputs = kScalars + 1;
  Tables tables{.completeness = {0},
                .completeness_bias = 0,
                .projection = std::vector<float>(joint),
                .mean = std::vector<float>(kInputs),
                .scale = std::vector<float>(kInputs),
                .input_weight = std::vector<float>(3 * kInputs),
                .input_bias = std::vector<float>(3),
                .recurrent_weight = std::vector<float>(3),
                .recurrent_bias = std::vector<float>(3),
                .output_weight = {0},
                .output_bias = 0,
                .points = {}};
  const auto add = [&](const char* name, std::int64_t longest_pause_ms) {
    tables.points.push_back({.name = name, .speculative = kNever, .final = kNever, .longest_pause_ms = longest_pause_ms});
  };
  add("fast", 700);
  add("normal", 1'000);
  add("patient", 2'000);
  return tables;
}

Endpointer::Endpointer(const decode::Vocabulary& vocabulary, const Tables& tables, const Point& point,
                       double frame_ms)
    : vocabulary_(vocabulary),
      tables_(tables),
      point_(point),
      frame_ms_(frame_ms),
      completeness_(tables.completeness, tables.completeness_bias) {}

State Endpointer::init_state(const Levels& levels) const {
  State state;
  state.levels = levels;
  state.log_odds = -std::numeric_limits<double>::infinity();
  state.hidden.resize(tables_.output_weight.size());
  return state;
}

void Endpointer::advance(const Heard& heard, const decode::Trace& trace, decode::NodeIndex ending,
                         State& state) const {
  read(trace, ending, state);
  listen(heard.sound, state);
  state.blank = kBlankMemory * state.blank + (1 - kBlankMemory) * std::exp(heard.log_blank);
  remember(inputs(heard, state), state);
  state.probability = sigmoid(dot(tables_.output_weight, state.hidden) + tables_.output_bias);
}

void Endpointer::read(const decode::Trace& trace, decode::NodeIndex ending, State& state) const {
  const decode::Node& best = trace[ending];
  // The root, before the first label, has frame -1.
  state.run_frames = state.frames - best.frame;
  ++state.frames;
  if (state.best == best.key) return;
  state.best = best.key;
  std::vector<decode::Label> labels;
  for (const decode::NodeIndex node : trace.emissions(ending)) labels.push_back(trace[node].label);
  state.words.clear();
  for (const decode::Span& span : vocabulary_.words(labels)) {
    std::string text = vocabulary_.text(std::span(labels).subspan(span.first, span.end - span.first));
    if (!text.empty()) state.words.push_back(std::move(text));
  }
  state.log_odds = completeness_.log_odds(state.words);
}

void Endpointer::listen(const Sound& sound, State& state) {
  state.levels.follow(sound.level_db);
  if (state.levels.speaks(sound.level_db)) state.melody.follow(sound);
  state.quiet_frames = state.levels.sounds(sound.level_db) ? 0 : state.quiet_frames + 1;
  state.hushed_frames = state.levels.is_loud(sound.level_db) ? 0 : state.hushed_frames + 1;
}

std::vector<float> Endpointer::inputs(const Heard& heard, const State& state) const {
  std::vector<float> inputs;
  for (const double scalar : scalars(heard, state)) inputs.push_back(static_cast<float>(scalar));
  const std::span<const float> projection(tables_.projection);
  for (std::size_t row = 0; row < projection.size(); row += heard.frame.size()) {
    inputs.push_back(static_cast<float>(dot(projection.subspan(row, heard.frame.size()), heard.frame)));
  }
  for (std::size_t at = 0; at < inputs.size(); ++at) inputs[at] = (inputs[at] - tables_.mean[at]) * tables_.scale[at];
  return inputs;
}

void Endpointer::remember(std::span<const float> inputs, State& state) const {
  const std::vector<double> given = affine(tables_.input_weight, inputs, tables_.input_bias);
  const std::vector<double> kept = affine(tables_.recurrent_weight, state.hidden, tables_.recurrent_bias);
  const std::size_t units = state.hidden.size();
  for (std::size_t unit = 0; unit < units; ++unit) {
    const double reset = sigmoid(given[unit] + kept[unit]);
    const double update = sigmoid(given[units + unit] + kept[units + unit]);
    const double fresh = std::tanh(given[2 * units + unit] + reset * kept[2 * units + unit]);
    const double before = static_cast<double>(state.hidden[unit]);
    state.hidden[unit] = static_cast<float>(fresh + update * (before - fresh));
  }
}

double Endpointer::pause_ms(const State& state) const {
  // Somebody else may go on as loud as the user.
  const double half_run = static_cast<double>(state.run_frames) / 2;
  return std::max(static_cast<double>(state.hushed_frames), half_run) * frame_ms_;
}

bool Endpointer::speculates(const State& state) const {
  const bool has_paused = pause_ms(state) >= static_cast<double>(point_.least_pause_ms);
  return !state.words.empty() && has_paused && state.probability >= point_.speculative;
}

std::optional<Reason> Endpointer::ends(const State& state) const {
  const double heard_ms = static_cast<double>(state.frames) * frame_ms_, paused_ms = pause_ms(state);
  if (state.words.empty()) {
    return heard_ms >= static_cast<double>(point_.no_speech_ms) ? std::optional(Reason::kNoSpeech) : std::nullopt;
  }
  if (paused_ms >= 2 * static_cast<double>(point_.least_pause_ms) && state.probability >= point_.final) {
    return Reason::kEndpoint;
  }
  const double run_ms = static_cast<double>(state.run_frames) * frame_ms_;
  if (std::min(run_ms, paused_ms) >= static_cast<double>(point_.longest_pause_ms)) return Reason::kPause;
  return heard_ms >= static_cast<double>(point_.longest_ms) ? std::optional(Reason::kTooLong) : std::nullopt;
}

}  // namespace stapes::endpoint
