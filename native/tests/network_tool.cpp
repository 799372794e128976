// Runs packed models on the inputs of cases (tests/agreement/integer_models.py) and compares what comes out, bit for bit.
// network_tool KERNELS NAME...: NAME.stapes and NAME.case; the status tells whether all agree.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "error.h"
#include "format/model.h"
#include "kernels/table.h"
#include "network/encoder.h"
#include "network/joiner.h"
#include "network/packed_source.h"

namespace {

using namespace stapes;

class Reader {
 public:
  explicit Reader(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
  }
  template <typename T>
  std::vector<T> take(std::size_t count) {
    std::vector<T> values(count);
    if (at_ + count * sizeof(T) > bytes_.size()) throw Error(Fault::kFormat, "a case is cut off");
    if (count != 0) std::memcpy(values.data(), bytes_.data() + at_, count * sizeof(T));
    at_ += count * sizeof(T);
    return values;
  }

 private:
  std::vector<char> bytes_;
  std::size_t at_ = 0;
};

// Letters: F feature frames, M mel bins, T encoder frames, J joint, N contexts, V vocabulary, L layers, H hidden.
struct Case {
  std::size_t F, M, T, J, N, V, L, H;
  std::vector<float> features;
  std::vector<std::int32_t> contexts;
  std::vector<std::int16_t> frames, predictions;
  std::vector<std::int32_t> logits;
  std::vector<std::int8_t> hidden;
  std::vector<std::int16_t> cell;

  explicit Case(Reader reader) {
    const auto sizes = reader.take<std::uint32_t>(8);
    F = sizes[0], M = sizes[1], T = sizes[2], J = sizes[3], N = sizes[4], V = sizes[5], L = sizes[6], H = sizes[7];
    features = reader.take<float>(F * M);
    contexts = reader.take<std::int32_t>(2 * N);
    frames = reader.take<std::int16_t>(T * J);
    predictions = reader.take<std::int16_t>(N * J);
    logits = reader.take<std::int32_t>(T * N * V);
    hidden = reader.take<std::int8_t>(L * H);
    cell = reader.take<std::int16_t>(L * H);
  }
};

struct Network {
  kernels::Arena arena;
  network::Encoder encoder;
  network::Joiner joiner;

  Network(const network::Settings& settings, const network::TensorSource& source, const kernels::Table& table)
      : arena(network::encoder_bytes_bound(settings) + network::joiner_bytes_bound(settings)),
        encoder(settings, source, table, arena),
        joiner(settings, source, table, arena) {}
};

// `streams` streams that hear the same, their frames in steps of `step`; whether all give the frames and the state.
bool same_frames(const network::Encoder& encoder, const Case& expected, std::size_t streams, std::size_t step) {
  auto work = encoder.make_workspace();
  std::vector<network::EncoderState> states(streams, encoder.init_state());
  std::vector<std::vector<std::int16_t>> encoded(streams);
  for (std::size_t done = 0; done < expected.F; done += step) {
    const std::size_t now = std::min(step, expected.F - done);
    const auto frames = std::span(expected.features).subspan(done * expected.M, now * expected.M);
    for (auto& state : states) encoder.quantise(frames, state);
    const std::size_t ready = encoder.ready(states[0]) * expected.J;
    if (ready == 0) continue;
    std::vector<network::Encoder::Job> jobs;
    for (std::size_t stream = 0; stream < streams; ++stream) {
      auto& own = encoded[stream];
      own.resize(own.size() + ready);
      jobs.push_back({&states[stream], std::span(own).last(ready)});
    }
    encoder.encode(jobs, work);
  }
  bool same = true;
  for (std::size_t stream = 0; stream < streams; ++stream) {
    same = same && encoded[stream] == expected.frames && states[stream].hidden == expected.hidden &&
           states[stream].cell == expected.cell;
  }
  return same;
}

// The same for one stream that hears all at once.
bool same_accepted(const network::Encoder& encoder, const Case& expected) {
  auto work = encoder.make_workspace();
  auto state = encoder.init_state();
  std::vector<std::int16_t> encoded;
  encoder.accept(expected.features, state, work, encoded);
  return encoded == expected.frames && state.hidden == expected.hidden && state.cell == expected.cell;
}

// The same for several streams, of which each hears pieces that are longer by `step` than those of the one before.
bool same_together(const network::Encoder& encoder, const Case& expected, std::size_t streams, std::size_t step) {
  auto work = encoder.make_workspace();
  std::vector<network::EncoderState> states(streams, encoder.init_state());
  std::vector<std::vector<std::int16_t>> encoded(streams);
  std::vector<std::span<const float>> rest(streams, expected.features);
  while (std::ranges::any_of(rest, [](auto frames) { return !frames.empty(); })) {
    std::vector<network::Encoder::Feed> feeds;
    for (std::size_t stream = 0; stream < streams; ++stream) {
      const std::size_t now = std::min((stream + 1) * step * expected.M, rest[stream].size());
      feeds.push_back({rest[stream].first(now), &states[stream], &encoded[stream]});
      rest[stream] = rest[stream].subspan(now);
    }
    encoder.accept_together(feeds, work);
  }
  return std::ranges::all_of(encoded, [&](const auto& frames) { return frames == expected.frames; }) &&
         std::ranges::all_of(states, [&](const auto& state) { return state == states[0]; }) &&
         states[0].cell == expected.cell;
}

bool same_predictions(const network::Joiner& joiner, const Case& expected) {
  auto work = joiner.make_workspace();
  std::vector<std::int16_t> predictions(expected.N * expected.J);
  for (std::size_t context = 0; context < expected.N; ++context) {
    joiner.predict(expected.contexts[2 * context], expected.contexts[2 * context + 1],
                   std::span(predictions).subspan(context * expected.J, expected.J), work);
  }
  return predictions == expected.predictions;
}

bool same_logits(const network::Joiner& joiner, const Case& expected) {
  auto work = joiner.make_workspace();
  std::vector<float> logits(expected.N * expected.V);
  for (std::size_t frame = 0; frame < expected.T; ++frame) {
    joiner.join(std::span(expected.frames).subspan(frame * expected.J, expected.J), expected.predictions, logits, work);
    for (std::size_t at = 0; at < logits.size(); ++at) {
      if (logits[at] * 4096.0F != static_cast<float>(expected.logits[frame * logits.size() + at])) return false;
    }
  }
  return true;
}

bool agrees(const std::string& name, const kernels::Table& table) {
  const format::Model model = format::Model::open(name + ".stapes");
  const network::PackedSource source(model);
  const Network network(network::read_settings(model), source, table);
  const Case expected(Reader(name + ".case"));
  const struct {
    const char* what;
    bool same;
  } checks[] = {{"frames", same_accepted(network.encoder, expected)},
                {"frames of three streams in steps of five", same_frames(network.encoder, expected, 3, 5)},
                {"frames of three streams in steps of twenty", same_frames(network.encoder, expected, 3, 20)},
                {"frames of eleven streams together", same_together(network.encoder, expected, 11, 1)},
                {"frames of three streams together", same_together(network.encoder, expected, 3, 7)},
                {"predictions", same_predictions(network.joiner, expected)},
                {"logits", same_logits(network.joiner, expected)}};
  bool all = true;
  for (const auto& check : checks) {
    if (!check.same) std::printf("%s: %s: %s differ\n", name.c_str(), table.name, check.what);
    all = all && check.same;
  }
  return all;
}

int run(int argc, char** argv) {
  const kernels::Table* table = argc > 1 ? kernels::named(argv[1]) : nullptr;
  if (table == nullptr) {
    for (const kernels::Table* each : kernels::available()) std::printf("%s\n", each->name);
    return argc > 1 ? 2 : 0;
  }
  int different = 0;
  for (int at = 2; at < argc; ++at) different += agrees(argv[at], *table) ? 0 : 1;
  std::printf("%d of %d differ\n", different, argc - 2);
  return different == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    return 2;
  }
}
