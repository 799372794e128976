#include "network.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <utility>

#include "engine/hearing.h"
#include "engine/language_model.h"
#include "error.h"
#include "network/packed_source.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace stapes::bindings {
namespace {

// Feature frames between two looks at pending signals: ten seconds of sound, some milliseconds of computing.
constexpr std::size_t kUntilSignals = 1000;

const kernels::Table& table_named(const std::string& name) {
  if (name.empty()) return kernels::best();
  const kernels::Table* table = kernels::named(name.c_str());
  if (table == nullptr) throw Error(Fault::kConfig, "kernels '" + name + "' do not run on this CPU");
  return *table;
}

}  // namespace

Network::Network(const std::string& path, const std::string& kernels_name)
    : Network(format::Model::open(path), table_named(kernels_name)) {}

Network::Network(format::Model model, const kernels::Table& table)
    : model_(std::move(model)),
      settings_(network::read_settings(model_)),
      pieces_(engine::read_hearing(model_).vocabulary),
      vocabulary_(pieces_),
      language_model_(engine::read_language_model(model_, pieces_.size())),
      table_(&table),
      arena_(network::encoder_bytes_bound(settings_) + network::joiner_bytes_bound(settings_)),
      encoder_(settings_, network::PackedSource(model_), table, arena_),
      joiner_(settings_, network::PackedSource(model_), table, arena_) {}

Made<float> Network::tensor(const std::string& name) const {
  const format::Tensor* const found = model_.find(name);
  if (found == nullptr) throw nb::key_error(name.c_str());
  std::vector<float> weights = found->floats();
  const std::size_t count = weights.size();
  return to_array(std::move(weights), 1, count);
}

nb::tuple Network::encode(Rows<float> frames, const network::EncoderState& before) const {
  if (frames.shape(1) != settings_.mel_bins) {
    throw nb::value_error("encode: frames of another width than the model has mel bins");
  }
  network::EncoderState state = before;
  std::vector<std::int16_t> encoded;
  {
    const nb::gil_scoped_release released;
    run(span_of<float>(frames), state, encoded);
  }
  const std::size_t count = encoded.size() / encoder_.width();
  return nb::make_tuple(to_array(std::move(encoded), count, encoder_.width()), std::move(state));
}

Made<std::int16_t> Network::predict(Rows<std::int32_t> contexts) const {
  if (contexts.shape(1) != 2) throw nb::value_error("predict: contexts [N, 2] are accepted");
  const std::size_t count = contexts.shape(0), joint = joiner_.joint();
  std::vector<std::int16_t> predictions(count * joint);
  {
    const nb::gil_scoped_release released;
    const auto labels = span_of<std::int32_t>(contexts);
    check_labels(labels);
    auto work = joiner_.make_workspace();
    for (std::size_t at = 0; at < count; ++at) {
      joiner_.predict(labels[2 * at], labels[2 * at + 1], std::span(predictions).subspan(at * joint, joint), work);
    }
  }
  return to_array(std::move(predictions), count, joint);
}

Made<float> Network::logits(Row<std::int16_t> frame, Rows<std::int16_t> predictions) const {
  const std::size_t count = predictions.shape(0), vocabulary = joiner_.vocabulary();
  if (frame.shape(0) != joiner_.joint() || predictions.shape(1) != joiner_.joint()) {
    throw nb::value_error("logits: parts of another width than the joint of the model");
  }
  std::vector<float> values(count * vocabulary);
  {
    const nb::gil_scoped_release released;
    auto work = joiner_.make_workspace();
    joiner_.join(span_of<std::int16_t>(frame), span_of<std::int16_t>(predictions), values, work);
  }
  return to_array(std::move(values), count, vocabulary);
}

void Network::run(std::span<const float> frames, network::EncoderState& state,
                  std::vector<std::int16_t>& encoded) const {
  auto work = encoder_.make_workspace();
  const std::size_t some = kUntilSignals * settings_.mel_bins;
  for (; !frames.empty(); frames = frames.subspan(std::min(some, frames.size()))) {
    encoder_.accept(frames.first(std::min(some, frames.size())), state, work, encoded);
    look_at_signals();
  }
}

void Network::check_labels(std::span<const std::int32_t> labels) const {
  const auto most = static_cast<std::int32_t>(settings_.vocabulary);
  const bool known = std::ranges::all_of(labels, [&](std::int32_t label) { return label >= -1 && label < most; });
  if (!known) throw Error(Fault::kConfig, "predict: labels from -1 to the last of the vocabulary are accepted");
}

void bind_network(nb::module_& module) {
  nb::class_<network::EncoderState>(module, "State", "Where a stream stands; a value.")
      .def("__eq__", [](const network::EncoderState& one, const network::EncoderState& other) { return one == other; },
           nb::is_operator(), nb::sig("def __eq__(self, other: object, /) -> bool"))
      .def("__copy__", [](const network::EncoderState& state) { return state; })
      .def("__deepcopy__", [](const network::EncoderState& state, nb::dict) { return state; },
           nb::sig("def __deepcopy__(self, memo: dict[int, object], /) -> State"));
  nb::class_<Network>(module, "Network", "A packed model, ready to be run in integers.")
      .def(nb::init<const std::string&, const std::string&>(), "path"_a, "kernels"_a = "",
           "Raises FormatError as the reader of packed models does, ConfigError if `kernels` do not run here.")
      .def_prop_ro("kernels", &Network::kernels_name, "Name of the kernels that run it.")
      .def("tensor", &Network::tensor, "name"_a,
           nb::sig("def tensor(self, name: str) -> numpy.typing.NDArray[numpy.float32]"),
           "All weights [1, N] of the tensor of that name, in C order; raises KeyError if there is none.")
      .def("init_state", &Network::init_state, "The state before the first frame.")
      .def("encode", &Network::encode, "frames"_a, "state"_a,
           nb::sig("def encode(self, frames: numpy.typing.NDArray[numpy.float32], state: State)"
                   " -> tuple[numpy.typing.NDArray[numpy.int16], State]"),
           "Encoder frames [T, E] (Q5.10) that further log-mel frames [F, M] complete, and the state after them.")
      .def("predict", &Network::predict, "contexts"_a,
           nb::sig("def predict(self, contexts: numpy.typing.NDArray[numpy.int32])"
                   " -> numpy.typing.NDArray[numpy.int16]"),
           "Predictor parts [N, J] (Q5.10) after the last two labels [N, 2], -1 for none.")
      .def("logits", &Network::logits, "frame"_a, "predictions"_a,
           nb::sig("def logits(self, frame: numpy.typing.NDArray[numpy.int16],"
                   " predictions: numpy.typing.NDArray[numpy.int16]) -> numpy.typing.NDArray[numpy.float32]"),
           "Logits [N, V], exact, of an encoder frame [J] with predictor parts [N, J].");
}

}  // namespace stapes::bindings
