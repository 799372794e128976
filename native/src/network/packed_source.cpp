#include "network/packed_source.h"

#include <utility>

#include "error.h"
#include "sentence.h"

namespace stapes::network {
namespace {

constexpr std::int64_t kMost = 4096;
constexpr const char* kNetwork = "packed model: metadata: network: ";

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

std::size_t checked(const std::string& name, std::int64_t least, std::int64_t most, const format::Value& value) {
  if (!value.is(format::Kind::kInteger)) {
    refuse(sentence(kNetwork, name, ": a value of type int is expected, got ", value.kind_name()));
  }
  const std::int64_t size = value.integer();
  if (size < least || size > most) {
    refuse(sentence(kNetwork, name, ": ", least, " to ", most, " is expected, got ", size));
  }
  return static_cast<std::size_t>(size);
}

format::Value member(const format::Value& table, const std::string& name) {
  const auto value = table.find(name);
  if (!value) refuse(sentence(kNetwork, "setting '", name, "' is missing"));
  return *value;
}

std::size_t size_of(const format::Value& table, const std::string& name) {
  return checked(name, 1, kMost, member(table, name));
}

void check_integer(const format::Value& metadata) {
  const auto integer = metadata.find("integer");
  if (!integer || !integer->is(format::Kind::kObject)) {
    refuse("packed model: metadata holds no table 'integer'; a model of stapes compress is expected");
  }
  const auto kind = integer->find("kind");
  if (!kind || !kind->is(format::Kind::kString) || kind->text() != "q7") {
    refuse("packed model: metadata: integer: kind: 'q7' is expected");
  }
}

void read_channels(const format::Value& table, Settings& settings) {
  const format::Value channels = member(table, "channels");
  if (!channels.is(format::Kind::kList) || channels.size() != 2) {
    refuse(sentence(kNetwork, "channels: two numbers are expected"));
  }
  const format::Value first = *channels.first();
  settings.channels[0] = checked("channels[0]", 1, kMost, first);
  settings.channels[1] = checked("channels[1]", 1, kMost, *first.next());
}

std::size_t read_mel_bins(const format::Value& table) {
  constexpr std::size_t kDefault = 80;
  const auto features = table.find("features");
  if (!features || !features->is(format::Kind::kObject)) return kDefault;
  const auto bins = features->find("mel_bins");
  // Two convolutions of stride 2 need seven bands.
  return bins ? checked("features: mel_bins", 7, kMost, *bins) : kDefault;
}

const format::Tensor& tensor_of(const format::Model& model, const std::string& name, const TensorShape& shape) {
  const format::Tensor* tensor = model.find(name);
  if (tensor == nullptr) refuse(sentence("packed model: tensor '", name, "' is missing"));
  const format::Shape expected(shape.begin(), shape.end());
  if (tensor->shape() != expected) {
    refuse(sentence("packed model: tensor '", name, "': shape ", listed(expected), " is expected, got ",
                    listed(tensor->shape())));
  }
  return *tensor;
}

void read_ctc(const format::Value& table, Settings& settings) {
  constexpr double kMostScale = 10;
  if (const auto scale = table.find("ctc_scale")) {
    if (!scale->is(format::Kind::kFloat) && !scale->is(format::Kind::kInteger)) {
      refuse(sentence(kNetwork, "ctc_scale: a value of type float is expected, got ", scale->kind_name()));
    }
    settings.ctc_scale = scale->number();
    if (!(settings.ctc_scale >= 0 && settings.ctc_scale <= kMostScale)) {
      refuse(sentence(kNetwork, "ctc_scale: 0 to 10 is expected, got ", shown(settings.ctc_scale)));
    }
  }
  if (const auto frames = table.find("ctc_frames")) {
    settings.ctc_frames = static_cast<std::int32_t>(checked("ctc_frames", 0, 100, *frames));
  }
}

// Room for the weights is asked for by these sizes: they must be those of tensors that are there.
void check_layers(const format::Model& model, const Settings& settings) {
  for (std::size_t layer = 0; layer < settings.layers; ++layer) {
    tensor_of(model, sentence("lstms.", layer, ".weight"), {4 * settings.hidden, 2 * settings.hidden});
  }
}

}  // namespace

Settings read_settings(const format::Model& model) {
  const format::Value metadata = model.metadata();
  const auto table = metadata.find("network");
  if (!table || !table->is(format::Kind::kObject)) {
    refuse("packed model: metadata holds no table 'network'; a model of stapes pack is expected");
  }
  check_integer(metadata);
  const format::Value vocabulary = member(*table, "vocabulary");
  const bool pieces = vocabulary.is(format::Kind::kList) && vocabulary.size() >= 2 && vocabulary.size() <= kMost;
  if (!pieces) refuse(sentence(kNetwork, "vocabulary: 2 to ", kMost, " pieces are expected"));
  Settings settings;
  settings.mel_bins = read_mel_bins(*table);
  read_channels(*table, settings);
  settings.hidden = size_of(*table, "hidden");
  settings.layers = size_of(*table, "layers");
  settings.embedding = size_of(*table, "embedding");
  settings.joint = size_of(*table, "joint");
  settings.vocabulary = vocabulary.size();
  read_ctc(*table, settings);
  check_layers(model, settings);
  return settings;
}

std::vector<float> PackedSource::floats(const std::string& name, const TensorShape& shape) const {
  return tensor_of(model_, name, shape).floats();
}

IntegerTensor PackedSource::integers(const std::string& name, const TensorShape& shape) const {
  const format::Tensor& tensor = tensor_of(model_, name, shape);
  if (!tensor.codec().holds_integers()) {
    refuse(sentence("packed model: tensor '", name, "': a codec of integers is expected for integer arithmetic"));
  }
  format::Integers integers = tensor.integers();
  model_.release();
  return {std::move(integers.levels), std::move(integers.scales), std::move(integers.alphabet),
          tensor.codec().kind == format::CodecKind::kSparse};
}

}  // namespace stapes::network
