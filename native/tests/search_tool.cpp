// Searches recorded log-probabilities: search_tool SETTINGS ROWS [MODEL]
//
// SETTINGS is JSON: vocabulary, frames, beam (0 for a greedy search), score_beam (null for infinity),
// histories, and report, after how many frames a result is printed each time. ROWS holds what a model gives:
// frame, older and newer label as int32, then a float32 for each label, again and again. MODEL is a packed
// model with a language model. A result is a line: labels, frames, log-probability, stable labels; then text,
// start, end, confidence, labels of words.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "decode/beam.h"
#include "decode/greedy.h"
#include "engine/language_model.h"
#include "engine/settings.h"
#include "error.h"
#include "format/json.h"
#include "format/model.h"

namespace {

using stapes::decode::Context;

std::string contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Gives the rows of a recording; a frame is its number, a predictor output the two labels.
class Recording final : public stapes::decode::Scorer {
 public:
  Recording(const char* path, std::size_t vocabulary) : vocabulary_(vocabulary) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::int32_t> place(3);
    std::vector<float> row(vocabulary);
    while (file.read(reinterpret_cast<char*>(place.data()), 12)) {
      file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(4 * vocabulary));
      rows_[{place[0], place[1], place[2]}] = row;
    }
  }

  std::size_t joint() const override { return 2; }
  std::size_t vocabulary() const override { return vocabulary_; }
  void predict(const Context& context, std::span<std::int16_t> prediction) override {
    prediction[0] = static_cast<std::int16_t>(context.older);
    prediction[1] = static_cast<std::int16_t>(context.newer);
  }
  void join(std::span<const std::int16_t> frame, std::span<const std::int16_t> predictions,
            std::span<float> log_probs) override {
    for (std::size_t row = 0; row < predictions.size() / 2; ++row) {
      const auto found = rows_.find({frame[0], predictions[2 * row], predictions[2 * row + 1]});
      if (found == rows_.end())
        throw stapes::Error(stapes::Fault::kFormat, "the reference never asked for this row");
      std::copy(found->second.begin(), found->second.end(), log_probs.subspan(row * vocabulary_).begin());
    }
  }

 private:
  std::size_t vocabulary_;
  std::map<std::tuple<int, int, int>, std::vector<float>> rows_;
};

template <typename Number>
void print_list(const std::vector<Number>& numbers) {
  for (const Number number : numbers) std::printf("%d,", static_cast<int>(number));
  std::printf("\t");
}

void print(const stapes::decode::Hypothesis& found) {
  print_list(found.labels);
  print_list(found.frames);
  std::printf("%.17g\t%d", found.log_prob, found.stable_labels);
  for (const auto& word : found.words) {
    std::printf("\t%s %d %d %.17g %d", word.text.c_str(), word.start_frame, word.end_frame, word.confidence,
                word.labels_end);
  }
  std::printf("\n");
}

// Prints the result after every `report` of the `frames`, and after the last.
template <typename Search, typename State>
void run(Search& search, State state, std::int64_t frames, std::int64_t report) {
  for (std::int64_t number = 0; number < frames; ++number) {
    const std::vector<std::int16_t> frame{static_cast<std::int16_t>(number), 0};
    search.advance(frame, state);
    // A copy that goes on alone must not matter.
    State copy = state;
    if ((number + 1) % report == 0 || number + 1 == frames) print(search.result(copy));
  }
}

void search(const char* settings_path, const char* rows_path, const char* model_path) {
  const std::string text = contents(settings_path);
  const stapes::format::Json json(text);
  stapes::engine::Settings settings(json.root(), "settings");
  const stapes::decode::Vocabulary vocabulary(settings.texts("vocabulary"));
  const std::int64_t frames = settings.integer("frames", 0, 1 << 15);
  const std::int64_t report = settings.integer("report", 1, 1 << 15);
  const auto beam = static_cast<std::size_t>(settings.integer("beam", 0, 1 << 15));
  Recording recording(rows_path, vocabulary.size());
  if (beam == 0) {
    stapes::decode::GreedySearch greedy(recording, vocabulary);
    run(greedy, stapes::decode::GreedyState{}, frames, report);
    return;
  }
  const bool all = json.root().find("score_beam")->is(stapes::format::Kind::kNull);
  const double score_beam =
      all ? std::numeric_limits<double>::infinity() : settings.number("score_beam", 0, 1e9);
  const auto histories = static_cast<std::size_t>(settings.integer("histories", 1, 1 << 15));
  std::optional<stapes::decode::NGramTables> tables;
  if (model_path != nullptr) {
    tables = stapes::engine::read_language_model(stapes::format::Model::open(model_path), vocabulary.size());
  }
  std::optional<stapes::decode::NGram> language_model;
  std::vector<stapes::decode::Expectation*> expected;
  if (tables) expected.push_back(&language_model.emplace(*tables));
  stapes::decode::BeamSearch search(recording, vocabulary, expected,
                                    {.beam = beam, .score_beam = score_beam, .histories = histories});
  run(search, search.init_state(), frames, report);
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  try {
    search(arguments[1], arguments[2], argc > 3 ? arguments[3] : nullptr);
  } catch (const stapes::Error& error) {
    std::fprintf(stderr, "%s", error.what());
    return 1;
  }
  return 0;
}
