#include "search.h"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "decode/beam.h"
#include "decode/biasing.h"
#include "decode/certainty.h"
#include "decode/greedy.h"
#include "decode/internal.h"
#include "decode/ngram.h"
#include "engine/network_scorer.h"
#include "network.h"

namespace nb = nanobind;
using namespace nb::literals;

// Letters: T encoder frames, E their width, L labels, W words, A arcs.
namespace stapes::bindings {
namespace {

using Word = std::tuple<std::string, std::int32_t, std::int32_t, double, std::int32_t>;
using Hypothesis =
    std::tuple<std::vector<std::int32_t>, std::vector<std::int32_t>, double, std::vector<Word>, std::int32_t>;
using Arc = std::tuple<std::uint32_t, std::uint32_t, std::string, std::int32_t, std::int32_t, double, double>;
using Lattice = std::tuple<std::vector<std::int32_t>, std::vector<Arc>>;
using Spelled = std::vector<std::tuple<std::string, double>>;

// Encoder frames between two looks at pending signals: a second of sound.
constexpr std::size_t kUntilSignals = 25;

Hypothesis translated(const decode::Hypothesis& found) {
  std::vector<Word> words;
  for (const decode::Word& word : found.words) {
    words.emplace_back(word.text, word.start_frame, word.end_frame, word.confidence, word.labels_end);
  }
  return {found.labels, found.frames, found.log_prob, std::move(words), found.stable_labels};
}

Lattice translated(const lattice::Lattice& lattice) {
  std::vector<Arc> arcs;
  for (const lattice::Arc& arc : lattice.arcs) {
    arcs.emplace_back(arc.source, arc.target, arc.word, arc.start_frame, arc.end_frame, arc.acoustic, arc.context);
  }
  return {lattice.frames, std::move(arcs)};
}

std::vector<decode::Phrase> phrases(const Spelled& spelled) {
  std::vector<decode::Phrase> phrases;
  for (const auto& [letters, weight] : spelled) phrases.push_back({decode::to_letters(letters), weight});
  return phrases;
}

std::shared_ptr<decode::PhraseLists> make_lists(const std::vector<std::string>& pieces, const Spelled& templates,
                                                const std::vector<Spelled>& classes, double rarity, double common,
                                                double size, double few) {
  const nb::gil_scoped_release released;
  std::vector<std::vector<decode::Phrase>> members;
  for (const Spelled& own : classes) members.push_back(phrases(own));
  return std::make_shared<decode::PhraseLists>(
      pieces, phrases(templates), std::move(members),
      decode::BonusConfig{.rarity = rarity, .common = common, .size = size, .few = few});
}

// Encoder frames, multiples of 2^-10, as integers.
std::vector<std::int16_t> to_integers(std::span<const float> frames) {
  std::vector<std::int16_t> integers;
  integers.reserve(frames.size());
  for (const float value : frames) {
    // Not a number and what is out of range has no integer.
    const float scaled = value * 1024.0F;
    integers.push_back(scaled >= -32768.0F && scaled < 32768.0F ? static_cast<std::int16_t>(scaled) : std::int16_t{0});
  }
  return integers;
}

// A greedy search and what it needs.
struct Greedy {
  using State = decode::GreedyState;

  explicit Greedy(const Network& network) : scorer(network.joiner(), network.settings()), search(scorer, network.vocabulary()) {}

  engine::NetworkScorer scorer;
  decode::GreedySearch search;
};

using Lists = std::vector<std::shared_ptr<decode::PhraseLists>>;

// Besides the language model of the network and what the transducer itself expects.
constexpr std::size_t kMostLists = decode::kMostExpectations - 2;

// A beam search and what it needs.
struct Beam {
  using State = decode::BeamState;

  Beam(const Network& network, const Lists& lists, const decode::BeamConfig& config)
      : scorer(network.joiner(), network.settings()), search(scorer, network.vocabulary(), expectations(network, lists), config) {}

  std::vector<decode::Expectation*> expectations(const Network& network, const Lists& lists) {
    if (const auto& tables = network.language_model()) {
      parts.push_back(std::make_unique<decode::NGram>(*tables));
      if (tables->internal_scale > 0) {
        parts.push_back(std::make_unique<decode::InternalLanguageModel>(scorer, tables->internal_scale));
      }
    }
    for (const auto& own : lists) {
      if (own->vocabulary() != network.pieces().size()) throw nb::value_error("BeamSearch: lists of another vocabulary");
      parts.push_back(std::make_unique<decode::Biasing>(own));
    }
    if (lists.size() > kMostLists) throw nb::value_error("BeamSearch: more than 6 lists");
    std::vector<decode::Expectation*> expected;
    for (const auto& part : parts) expected.push_back(part.get());
    return expected;
  }

  engine::NetworkScorer scorer;
  std::vector<std::unique_ptr<decode::Expectation>> parts;
  decode::BeamSearch search;
};

// A search as Python has it: any thread may use it, one at a time gets its turn.
template <typename Owned>
class Shared {
 public:
  using State = typename Owned::State;

  template <typename... Arguments>
  explicit Shared(const Network& network, const Arguments&... arguments)
      : width_(network.settings().frame_width()), owned_(network, arguments...) {}

  State advance(Rows<float> frames, const State& before) {
    if (frames.shape(1) != width_) throw nb::value_error("advance: frames of another width than those of the model");
    return use([&](auto& search) {
      State state = before;
      const std::vector<std::int16_t> integers = to_integers(span_of<float>(frames));
      for (std::span<const std::int16_t> rest(integers); !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), kUntilSignals * width_));
        search.advance(some, state);
        rest = rest.subspan(some.size());
        look_at_signals();
      }
      return state;
    });
  }

  Hypothesis result(const State& state) {
    return translated(use([&](auto& search) { return search.result(state); }));
  }

  std::size_t width() const { return width_; }

  // What `work` makes of the search, without the interpreter.
  template <typename Work>
  auto use(Work work) {
    const nb::gil_scoped_release released;
    const std::lock_guard turn(turn_);
    return work(owned_.search);
  }

 private:
  std::size_t width_;
  std::mutex turn_;
  Owned owned_;
};

using GreedySearch = Shared<Greedy>;
using BeamSearch = Shared<Beam>;

Lattice lattice_of(BeamSearch& shared, const decode::BeamState& state, double posterior, std::size_t most_arcs) {
  return translated(shared.use([&](decode::BeamSearch& search) {
    return search.lattice(state, {.posterior = posterior, .most_arcs = most_arcs});
  }));
}

std::vector<double> certainties_of(BeamSearch& shared, const decode::BeamState& state) {
  return shared.use([&](decode::BeamSearch& search) {
    return decode::certainties(search.result(state), search.lattice(state, {}));
  });
}

double log_blank_of(BeamSearch& shared, Row<float> frame, const decode::BeamState& state) {
  if (frame.shape(0) != shared.width()) throw nb::value_error("log_blank: a frame of another width than those of the model");
  return shared.use([&](decode::BeamSearch& search) { return search.log_blank(to_integers(span_of<float>(frame)), state); });
}

// The end of the most probable history.
struct Ending {
  std::uint64_t key;
  std::int32_t frame;
  std::vector<std::int32_t> labels;
};

Ending ending_of(const decode::BeamState& state) {
  const decode::NodeIndex last = decode::ending(state);
  Ending ending{state.trace[last].key.low, state.trace[last].frame, {}};
  for (const decode::NodeIndex node : state.trace.emissions(last)) ending.labels.push_back(state.trace[node].label);
  return ending;
}

void bind_lists(nb::module_& module) {
  nb::class_<decode::PhraseLists>(module, "PhraseLists", "Phrases and classes made ready for a vocabulary.")
      .def(nb::new_(&make_lists), "pieces"_a, "templates"_a, "classes"_a, "rarity"_a, "common"_a, "size"_a, "few"_a,
           "Letters and weight of each phrase and each name, as `stapes.decode.biasing` spells them; its constants.");
}

// A state never changes, so a copy is the same.
template <typename State>
nb::class_<State> bind_state(nb::module_& module, const char* name, const char* text) {
  return nb::class_<State>(module, name, text)
      .def("__copy__", [](nb::handle state) { return nb::borrow(state); },
           nb::sig((std::string("def __copy__(self) -> ") + name).c_str()))
      .def("__deepcopy__", [](nb::handle state, nb::handle) { return nb::borrow(state); },
           nb::sig((std::string("def __deepcopy__(self, memo: dict[int, object], /) -> ") + name).c_str()))
      .def_prop_ro("frames", [](const State& state) { return state.frames; }, "Encoder frames consumed.");
}

void bind_greedy(nb::module_& module) {
  bind_state<decode::GreedyState>(module, "GreedyState", "Where a greedy search stands; a value.");
  nb::class_<GreedySearch>(module, "GreedySearch", "The most probable symbol of every frame.")
      .def(nb::init<const Network&>(), "network"_a, nb::keep_alive<1, 2>())
      .def("init_state", [](const GreedySearch&) { return decode::GreedyState{}; }, "The state before the first frame.")
      .def("advance", &GreedySearch::advance, "frames"_a, "state"_a,
           nb::sig("def advance(self, frames: numpy.typing.NDArray[numpy.float32], state: GreedyState) -> GreedyState"),
           "The state after encoder frames [T, E]; FormatError if none of the symbols of a frame is probable.")
      .def("result", &GreedySearch::result, "state"_a, "The fields of `stapes.decode.Hypothesis` and its words.")
      .def("lattice", [](GreedySearch& shared, const decode::GreedyState& state) {
             return translated(shared.use([&](decode::GreedySearch& search) { return search.lattice(state); }));
           }, "state"_a, "Frames of the nodes of a `stapes.lattice.Lattice` with one path, and the fields of its arcs.");
}

void bind_beam(nb::module_& module) {
  nb::class_<Ending>(module, "Ending", "Where a history ends.")
      .def_ro("key", &Ending::key, "Identity of its labels.")
      .def_ro("frame", &Ending::frame, "Of its last label; -1 without one.")
      .def_ro("labels", &Ending::labels);
  bind_state<decode::BeamState>(module, "BeamState", "Where a beam search stands; a value.")
      .def_prop_ro("changes", [](const decode::BeamState& state) { return state.changes; },
                   "Frames at which a history came or went.")
      .def_prop_ro("ending", &ending_of, "End of the most probable history.");
  nb::class_<BeamSearch>(module, "BeamSearch", "The most probable label sequences.")
      .def("__init__", [](BeamSearch* self, const Network& network, const Lists& lists, std::size_t beam,
                          double score_beam, std::size_t histories) {
             new (self) BeamSearch(network, lists,
                                   decode::BeamConfig{.beam = beam, .score_beam = score_beam, .histories = histories});
           }, "network"_a, "lists"_a, "beam"_a, "score_beam"_a, "histories"_a, nb::keep_alive<1, 2>(),
           "What the network expects, and up to 6 lists. Raises ConfigError if a setting is out of range.")
      .def("init_state", [](BeamSearch& shared) {
             return shared.use([](decode::BeamSearch& search) { return search.init_state(); });
           }, "The state before the first frame.")
      .def("advance", &BeamSearch::advance, "frames"_a, "state"_a,
           nb::sig("def advance(self, frames: numpy.typing.NDArray[numpy.float32], state: BeamState) -> BeamState"),
           "The state after encoder frames [T, E]; FormatError if no hypothesis of a frame is probable.")
      .def("result", &BeamSearch::result, "state"_a, "The fields of `stapes.decode.Hypothesis` and its words.")
      .def("lattice", &lattice_of, "state"_a, "posterior"_a, "most_arcs"_a,
           "Frames of the nodes of a `stapes.lattice.Lattice`, and the fields of its arcs.")
      .def("certainties", &certainties_of, "state"_a, "Posterior of each word of the result in the lattice.")
      .def("log_blank", &log_blank_of, "frame"_a, "state"_a,
           nb::sig("def log_blank(self, frame: numpy.typing.NDArray[numpy.float32], state: BeamState) -> float"),
           "Log-probability of blank at an encoder frame [J] after the most probable history.");
}

}  // namespace

void bind_searches(nb::module_& module) {
  bind_lists(module);
  bind_greedy(module);
  bind_beam(module);
}

}  // namespace stapes::bindings
