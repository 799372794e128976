#include "network/encoder.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/pack.h"
#include "network/convolution.h"
#include "network/lines.h"

namespace stapes::network {
namespace {

constexpr FractionBits kToActivation{kActivationBits, kActivationBits};
constexpr FractionBits kToStream{kActivationBits, kStreamBits};
constexpr FractionBits kToGates{kActivationBits, kGateBits};

constexpr std::size_t kFirstTimes = halved(kReceptiveFrames);  // 3: the second convolution leaves one

std::size_t first_bands(const Settings& settings) { return halved(settings.mel_bins); }
std::size_t second_bands(const Settings& settings) { return halved(first_bands(settings)); }

// A matrix whose columns are [outer, inner] in the file, and [inner, outer] here.
Linear swapped_linear(const TensorSource& source, const std::string& name, const TensorShape& shape, std::size_t outer,
                      FractionBits bits, Bounds bounds, const kernels::Table& table, kernels::Arena& arena) {
  IntegerTensor tensor = source.integers(name + ".weight", shape);
  tensor.levels = axes_swapped(tensor.levels, outer, tensor.levels.size() / (shape[0] * outer));
  return {tensor, source.floats(name + ".bias", {shape[0]}), bits, bounds, table, arena};
}

LayerNorm norm(const TensorSource& source, const std::string& name, std::size_t width) {
  return {source.floats(name + ".weight", {width}), source.floats(name + ".bias", {width})};
}

template <typename Narrow>
void narrow(std::span<const std::int32_t> from, std::span<Narrow> to) {
  for (std::size_t at = 0; at < from.size(); ++at) to[at] = static_cast<Narrow>(from[at]);
}

}  // namespace

std::int8_t quantised_feature(float feature, float mean, float scale) {
  const float normalised = (feature - mean) * scale;
  return static_cast<std::int8_t>(std::clamp(std::rint(normalised * 128.0F), -127.0F, 127.0F));
}

std::size_t encoder_bytes_bound(const Settings& settings) {
  const std::size_t hidden = settings.hidden, C1 = settings.channels[0], C2 = settings.channels[1];
  return kernels::packed_bytes_bound(C1, 9) + kernels::packed_bytes_bound(C2, 9 * C1) +
         kernels::packed_bytes_bound(hidden, C2 * second_bands(settings)) +
         settings.layers * kernels::packed_bytes_bound(4 * hidden, 2 * hidden) +
         kernels::packed_bytes_bound(settings.joint, hidden);
}

Encoder::Encoder(const Settings& settings, const TensorSource& source, const kernels::Table& table,
                 kernels::Arena& arena)
    : settings_(settings),
      table_(&table),
      mean_(source.floats("feature_mean", {settings.mel_bins})),
      scale_(source.floats("feature_scale", {settings.mel_bins})),
      first_(swapped_linear(source, "subsampling.conv1", {settings.channels[0], 1, kPatch, kPatch}, 1, kToActivation,
                            kRelu8, table, arena)),
      second_(swapped_linear(source, "subsampling.conv2", {settings.channels[1], settings.channels[0], kPatch, kPatch},
                             settings.channels[0], kToActivation, kRelu8, table, arena)),
      subsampling_(swapped_linear(source, "subsampling.linear",
                                  {settings.hidden, settings.channels[1] * second_bands(settings)},
                                  settings.channels[1], kToStream, kInt16, table, arena)),
      final_norm_(norm(source, "final_norm", settings.hidden)),
      projection_(source.integers("encoder_projection.weight", {settings.joint, settings.hidden}),
                  source.floats("encoder_projection.bias", {settings.joint}), kToStream, kInt16, table, arena) {
  for (std::size_t layer = 0; layer < settings.layers; ++layer) layers_.push_back(make_layer(layer, source, arena));
}

Encoder::Layer Encoder::make_layer(std::size_t index, const TensorSource& source, kernels::Arena& arena) const {
  const std::size_t hidden = settings_.hidden;
  const std::string number = std::to_string(index);
  return {norm(source, "norms." + number, hidden),
          {source.integers("lstms." + number + ".weight", {4 * hidden, 2 * hidden}),
           source.floats("lstms." + number + ".bias", {4 * hidden}), kToGates, kInt16, *table_, arena}};
}

Encoder::Workspace Encoder::make_workspace() const {
  const std::size_t places = kFirstTimes * first_bands(settings_), bands = second_bands(settings_);
  const std::size_t widest = std::max({4 * settings_.hidden, settings_.joint});
  const std::size_t longest = std::max(2 * settings_.hidden, subsampling_.columns());
  return {.first = {places, first_.rows(), first_.columns()},
          .second = {bands, second_.rows(), second_.columns()},
          .wide = {kMostTogether, widest, longest},
          .images = std::vector<std::int8_t>(places * first_.rows()),
          .streams = std::vector<std::int16_t>(kMostTogether * settings_.hidden),
          .normed = std::vector<std::int32_t>(settings_.hidden)};
}

EncoderState Encoder::init_state() const {
  const std::size_t units = settings_.layers * settings_.hidden;
  return {.features = {}, .hidden = std::vector<std::int8_t>(units), .cell = std::vector<std::int16_t>(units)};
}

void Encoder::quantise(std::span<const float> frames, EncoderState& state) const {
  for (std::size_t at = 0; at < frames.size(); ++at) {
    const std::size_t bin = at % settings_.mel_bins;
    state.features.push_back(quantised_feature(frames[at], mean_[bin], scale_[bin]));
  }
}

bool Encoder::ready(const EncoderState& state) const {
  return state.features.size() >= kReceptiveFrames * settings_.mel_bins;
}

void Encoder::encode(std::span<const Job> jobs, Workspace& work) const {
  convolve(jobs, work);
  subsampling_.apply(work.wide, jobs.size());
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    narrow(std::span<const std::int32_t>(work.wide.sums(job, settings_.hidden)), stream(work, job));
  }
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) step(layer, jobs, work);
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    final_norm_.apply(*table_, stream(work, job), work.normed, work.wide.input(job, settings_.hidden));
  }
  projection_.apply(work.wide, jobs.size());
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    narrow(std::span<const std::int32_t>(work.wide.sums(job, projection_.rows())), jobs[job].frame);
    auto& features = jobs[job].state->features;
    features.erase(features.begin(), features.begin() + static_cast<std::ptrdiff_t>(kSubsampling * settings_.mel_bins));
  }
}

void Encoder::accept(std::span<const float> frames, EncoderState& state, Workspace& work,
                     std::vector<std::int16_t>& encoded) const {
  Feed feed{frames, &state, &encoded};
  accept_together(std::span(&feed, 1), work);
}

bool Encoder::fill(Feed& feed) const {
  while (!ready(*feed.state) && !feed.frames.empty()) {
    quantise(feed.frames.first(settings_.mel_bins), *feed.state);
    feed.frames = feed.frames.subspan(settings_.mel_bins);
  }
  return ready(*feed.state);
}

void Encoder::accept_together(std::span<Feed> feeds, Workspace& work) const {
  std::vector<Job> jobs;
  bool any = true;
  while (any) {
    any = false;
    for (Feed& feed : feeds) {
      if (!fill(feed)) continue;
      any = true;
      feed.encoded->resize(feed.encoded->size() + joint());
      jobs.push_back({feed.state, std::span(*feed.encoded).last(joint())});
      if (jobs.size() < kMostTogether) continue;
      encode(jobs, work);
      jobs.clear();
    }
    if (!jobs.empty()) encode(jobs, work);
    jobs.clear();
  }
}

void Encoder::convolve(std::span<const Job> jobs, Workspace& work) const {
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    const Image features{jobs[job].state->features, settings_.mel_bins, 1};
    network::convolve(first_, features, kFirstTimes, work.first, work.images);
    const Image image{work.images, first_bands(settings_), first_.rows()};
    network::convolve(second_, image, 1, work.second, work.wide.input(job, subsampling_.columns()));
  }
}

void Encoder::step(std::size_t layer, std::span<const Job> jobs, Workspace& work) const {
  const std::size_t hidden = settings_.hidden;
  const Layer& own = layers_[layer];
  const auto kept = [&](std::size_t job) { return std::span(jobs[job].state->hidden).subspan(layer * hidden, hidden); };
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    const auto input = work.wide.input(job, 2 * hidden);
    own.norm.apply(*table_, stream(work, job), work.normed, input.first(hidden));
    std::ranges::copy(kept(job), input.subspan(hidden).begin());
  }
  own.gates.multiply(work.wide, jobs.size());
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    table_->step({.sums = work.wide.sums(job, 4 * hidden).data(),
                  .gates = own.gates.requantiser().view(),
                  .sigmoid = &sigmoid_lines(),
                  .tanh = &tanh_lines(),
                  .units = hidden,
                  .cell = jobs[job].state->cell.data() + layer * hidden,
                  .stream = stream(work, job).data(),
                  .hidden = kept(job).data()});
  }
}

}  // namespace stapes::network
