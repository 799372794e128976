// The golden vectors of spec/golden, on every kernel of this CPU; tests/intmath and tests/codec do the same with NumPy.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "check.h"
#include "error.h"
#include "format/codecs.h"
#include "format/model.h"
#include "format/tensor.h"
#include "golden.h"
#include "kernels/pack.h"
#include "kernels/table.h"
#include "network/convolution.h"
#include "lattice/wire.h"
#include "network/encoder.h"
#include "network/joiner.h"
#include "network/lines.h"
#include "network/norm.h"
#include "network/packed_source.h"
#include "network/requantiser.h"

namespace {

namespace format = stapes::format;
namespace kernels = stapes::kernels;
namespace network = stapes::network;
using golden::bytes_as;
using golden::items;
using golden::member;
using golden::numbers;
using golden::Value;
using Bytes8 = std::vector<std::int8_t>;
using Integers = std::vector<std::int32_t>;

// Fails with the name of the kernels if `same` is false.
void check_same(bool same, const kernels::Table& table, const std::string& what) {
  if (!same) check::fail(__FILE__, __LINE__, std::string(table.name) + ": " + what + " differ from the golden ones");
}

Integers knots(const kernels::Lines& lines) {
  Integers knots;
  for (const std::int32_t line : lines.lines) knots.push_back(line >> 16);
  const std::int32_t last = lines.lines[255];
  knots.push_back((last >> 16) + static_cast<std::int16_t>(last & 0xffff));
  return knots;
}

void check_requantiser(const Value& given) {
  const auto scales = numbers<float>(given, "scales"), biases = numbers<float>(given, "biases");
  const auto bits = numbers<int>(given, "bits");
  const auto bounds = numbers<std::int32_t>(given, "bounds");
  const network::Requantiser made(scales, biases, {bits[0], bits[1]}, {bounds[0], bounds[1]});
  const kernels::Requantiser view = made.view();
  CHECK_EQUAL(view.shift, numbers<int>(given, "shift")[0]);
  CHECK(std::ranges::equal(std::span(view.multipliers, scales.size()), numbers<std::int32_t>(given, "multipliers")));
  const auto offsets = numbers<std::int32_t>(given, "integer_biases");
  CHECK(std::ranges::equal(std::span(view.offsets, scales.size()), offsets, {}, {}, [](int bias) { return bias + 128; }));
  const auto accumulators = numbers<std::int32_t>(given, "accumulators"), outputs = numbers<std::int32_t>(given, "outputs");
  for (const kernels::Table* table : kernels::available()) {
    Integers values;
    for (const std::int32_t accumulator : accumulators) {
      Integers row(scales.size(), accumulator);
      table->requantise({.to = view, .rows = row.size(), .sums = row.data(), .values = row.data()});
      values.insert(values.end(), row.begin(), row.end());
    }
    check_same(values == outputs, *table, "requantised values");
  }
}

void check_convolution(const Value& given, const kernels::Table& table) {
  const auto image = numbers<std::int8_t>(given, "image [time, mel, channel]");
  const auto scales = numbers<float>(given, "scales"), biases = numbers<float>(given, "biases");
  const auto levels = network::axes_swapped(numbers<std::int8_t>(given, "levels [out, in, time, mel]"), 2, 9);
  kernels::Arena arena(kernels::packed_bytes_bound(3, 18));
  const network::Linear kernel({levels, scales, levels, false}, biases, {7, 7}, network::kRelu8, table, arena);
  network::Vectors vectors(4, 3, 18);
  Bytes8 result(2 * 2 * 3);
  network::convolve(kernel, {image, 6, 2}, 2, vectors, result);
  check_same(result == numbers<std::int8_t>(given, "outputs [time, mel, channel]"), table, "convolved places");
}

void check_lstm_step(const Value& given, const kernels::Table& table) {
  const auto gates = numbers<std::int32_t>(given, "gates [i, f, g, o]");
  const Integers ones(gates.size(), 256), halves(gates.size(), 128);
  auto cell = numbers<std::int16_t>(given, "cell"), stream = numbers<std::int16_t>(given, "stream");
  Bytes8 hidden(cell.size());
  // Gates as they are: times 256, and by 256 again.
  table.step({.sums = gates.data(),
              .gates = {ones.data(), halves.data(), 8, -32768, 32767},
              .sigmoid = &network::sigmoid_lines(),
              .tanh = &network::tanh_lines(),
              .units = cell.size(),
              .cell = cell.data(),
              .stream = stream.data(),
              .hidden = hidden.data()});
  check_same(cell == numbers<std::int16_t>(given, "cell_after"), table, "cells");
  check_same(stream == numbers<std::int16_t>(given, "stream_after"), table, "streams");
  check_same(hidden == numbers<std::int8_t>(given, "hidden"), table, "hidden states");
}

void check_network(const golden::File& file, const format::Model& model, const kernels::Table& table) {
  const network::Settings settings = network::read_settings(model);
  const network::PackedSource source(model);
  kernels::Arena arena(network::encoder_bytes_bound(settings) + network::joiner_bytes_bound(settings));
  const network::Encoder encoder(settings, source, table, arena);
  const network::Joiner joiner(settings, source, table, arena);
  auto encoder_work = encoder.make_workspace();
  auto state = encoder.init_state();
  std::vector<std::int16_t> frames;
  encoder.accept(numbers<float>(file["features"]), state, encoder_work, frames);
  check_same(frames == numbers<std::int16_t>(file["frames"]), table, "encoder frames");
  check_same(state.hidden == numbers<std::int8_t>(file["hidden"]), table, "hidden states");
  check_same(state.cell == numbers<std::int16_t>(file["cell"]), table, "cells");
  auto work = joiner.make_workspace();
  const auto contexts = numbers<int>(file["contexts"]);
  const std::size_t joint = joiner.joint(), count = contexts.size() / 2;
  std::vector<std::int16_t> predictions(count * joint);
  for (std::size_t at = 0; at < count; ++at) {
    joiner.predict(contexts[2 * at], contexts[2 * at + 1], std::span(predictions).subspan(at * joint, joint), work);
  }
  check_same(predictions == numbers<std::int16_t>(file["predictions"]), table, "predictor parts");
  std::vector<float> logits;
  for (std::size_t at = 0; at < frames.size(); at += joint) {
    std::vector<float> own(count * joiner.vocabulary());
    joiner.join(std::span(frames).subspan(at, joint), predictions, own, work);
    for (const float logit : own) logits.push_back(logit * 4096.0F);
  }
  check_same(logits == numbers<float>(file["logits"]), table, "logits");
}

format::Codec codec_of(const Value& table) {
  std::vector<format::CodecParameter> parameters;
  for (auto key = table.first(); key; key = key->next()->next()) {
    const std::string name = key->text();
    if (name != "name") parameters.push_back({name, key->next()->integer()});
  }
  return format::codec_by_name(member(table, "name").text(), parameters);
}

void check_codec(const Value& given) {
  const auto shape = numbers<std::int64_t>(given, "shape");
  const format::Codec codec = codec_of(member(given, "codec"));
  std::vector<std::vector<std::uint8_t>> sections;
  for (const format::SectionRule& rule : codec.sections(shape)) {
    sections.push_back(golden::bytes(member(member(given, "sections"), rule.name)));
  }
  const format::Tensor tensor("a", shape, codec, {sections.begin(), sections.end()});
  const format::Integers integers = tensor.integers();
  CHECK(integers.levels == bytes_as<std::int8_t>(member(given, "levels")));
  CHECK(integers.scales == bytes_as<float>(member(given, "scales")));
  tensor.check();
}

}  // namespace

TEST(tables) {
  const golden::File file("numerics/tables.json");
  CHECK(knots(network::sigmoid_lines()) == numbers<std::int32_t>(file["sigmoid"]));
  CHECK(knots(network::tanh_lines()) == numbers<std::int32_t>(file["tanh"]));
  const auto x = numbers<std::int32_t>(file["look_up"], "x");
  const auto sigmoid = numbers<std::int32_t>(file["look_up"], "sigmoid");
  const auto tanh = numbers<std::int32_t>(file["look_up"], "tanh");
  CHECK(!x.empty());
  for (std::size_t at = 0; at < x.size(); ++at) {
    CHECK_EQUAL(network::look_up(network::sigmoid_lines(), x[at]), sigmoid[at]);
    CHECK_EQUAL(network::look_up(network::tanh_lines(), x[at]), tanh[at]);
  }
}

TEST(requantisation) {
  const golden::File file("numerics/operations.json");
  for (const Value& given : items(file["requantise"])) check_requantiser(given);
}

TEST(features) {
  const golden::File file("numerics/operations.json");
  const Value given = file["quantise_features"];
  const auto mean = numbers<float>(given, "mean"), scale = numbers<float>(given, "scale");
  Bytes8 quantised;
  for (const float feature : numbers<float>(given, "frames")) {
    const std::size_t bin = quantised.size() % mean.size();
    quantised.push_back(network::quantised_feature(feature, mean[bin], scale[bin]));
  }
  CHECK(quantised == numbers<std::int8_t>(given, "outputs"));
}

TEST(norms) {
  const golden::File file("numerics/operations.json");
  for (const Value& given : items(file["normed"])) {
    const auto stream = numbers<std::int16_t>(given, "stream");
    for (const kernels::Table* table : kernels::available()) {
      Integers normed(stream.size());
      network::normalise(*table, stream, normed);
      check_same(normed == numbers<std::int32_t>(given, "outputs"), *table, "normed streams");
    }
  }
  const Value given = file["layer_norm"];
  const auto stream = numbers<std::int16_t>(given, "stream");
  const network::LayerNorm norm(numbers<float>(given, "gains"), numbers<float>(given, "biases"));
  for (const kernels::Table* table : kernels::available()) {
    Integers normed(stream.size());
    Bytes8 outputs(stream.size());
    norm.apply(*table, stream, normed, outputs);
    check_same(outputs == numbers<std::int8_t>(given, "outputs"), *table, "norms");
  }
}

TEST(convolution_lstm_step_and_joint) {
  const golden::File file("numerics/operations.json");
  for (const kernels::Table* table : kernels::available()) {
    check_convolution(file["convolution"], *table);
    check_lstm_step(file["lstm_step"], *table);
  }
  const auto frame = numbers<std::int16_t>(file["joint_activation"], "frame");
  const auto prediction = numbers<std::int16_t>(file["joint_activation"], "prediction");
  for (const kernels::Table* table : kernels::available()) {
    Bytes8 activations(frame.size());
    table->join({frame.data(), prediction.data(), frame.size(), &network::tanh_lines(), activations.data()});
    check_same(activations == numbers<std::int8_t>(file["joint_activation"], "outputs"), *table, "joint activations");
  }
}

TEST(a_whole_network) {
  const golden::File file("numerics/network.json");
  const std::vector<std::uint8_t> packed = golden::bytes(file["model"]);
  const format::Model model = format::Model::parse(packed);
  for (const kernels::Table* table : kernels::available()) check_network(file, model, *table);
}

TEST(codecs) {
  for (const char* const name : {"codec/dense.json", "codec/sparse.json", "codec/coded.json"}) {
    const golden::File file(name);
    CHECK(!items(file["tensors"]).empty());
    for (const Value& given : items(file["tensors"])) check_codec(given);
  }
}

TEST(the_lattice) {
  const golden::File file("lattice-v1.json");
  const Value given = file["lattice"];
  stapes::lattice::Lattice made{.frames = numbers<std::int32_t>(given, "frames"), .arcs = {}};
  for (const Value& arc : items(member(given, "arcs"))) {
    const auto integer = [&](const char* key) { return static_cast<std::int32_t>(member(arc, key).integer()); };
    made.arcs.push_back({.source = static_cast<stapes::lattice::Node>(integer("source")),
                         .target = static_cast<stapes::lattice::Node>(integer("target")),
                         .word = std::string(member(arc, "word").text()),
                         .start_frame = integer("start_frame"),
                         .end_frame = integer("end_frame"),
                         .acoustic = member(arc, "acoustic").number(),
                         .context = member(arc, "context").number()});
  }
  CHECK_EQUAL(made.arcs.size(), std::size_t{5});
  CHECK(stapes::lattice::to_bytes(made, 20) == golden::bytes(file["message"]));
}

TEST(a_lattice_that_is_too_long_is_refused) {
  stapes::lattice::Lattice made{.frames = {0, 1, 2}, .arcs = {}};
  for (std::size_t at = 0; at < 5000; ++at) {
    const std::string number = std::to_string(10'000 + at);
    made.arcs.push_back({0, 1, std::string(250, 'a') + number, 0, 1, -1.0 * static_cast<double>(at), 0});
  }
  made.arcs.push_back({1, 2, "", 1, 2, 0, 0});
  std::string told;
  try {
    stapes::lattice::to_bytes(made, 40);
  } catch (const stapes::Error& error) {
    told = error.sentence();
  }
  CHECK(told.starts_with("lattice: 1"));
  CHECK(told.ends_with(" bytes on the wire, accepted are at most 1048576; prune more"));
}

TEST(the_container) {
  const golden::File file("format-v1.json");
  const std::vector<std::uint8_t> packed = golden::bytes(file["file"]);
  const format::Model model = format::Model::parse(packed);
  CHECK_EQUAL(model.tensors().size(), file["tensors"].size());
  for (const format::Tensor& tensor : model.tensors()) {
    CHECK(tensor.floats() == numbers<float>(member(file["tensors"], tensor.name()), "decoded"));
  }
}

CHECK_MAIN();
