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

}  // namespace

std::int8_t quantised_feature(float feature, float mean, float scale) {
  // Among numbers that are this large neighbours are 1 apart: the sum is rounded half to even.
  constexpr float kWhole = 0x1.8p23F;
  const float normalised = (feature - mean) * scale;
  return static_cast<std::int8_t>(std::clamp(normalised * 128.0F, -127.0F, 127.0F) + kWhole - kWhole);
}

std::size_t encoder_bytes_bound(const Settings& settings) {
  const std::size_t hidden = settings.hidden, C1 = settings.channels[0], C2 = settings.channels[1];
  return kernels::packed_bytes_bound(C1, 9) + kernels::packed_bytes_bound(C2, 9 * C1) +
         kernels::packed_bytes_bound(hidden, C2 * second_bands(settings)) +
         settings.layers * 2 * kernels::packed_bytes_bound(4 * hidden, hidden) +
         kernels::packed_bytes_bound(settings.frame_width(), hidden);
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
      projection_(source.integers("encoder_projection.weight", {settings.frame_width(), settings.hidden}),
                  source.floats("encoder_projection.bias", {settings.frame_width()}), kToStream, kInt16, table, arena) {
  for (std::size_t layer = 0; layer < settings.layers; ++layer) layers_.push_back(make_layer(layer, source, arena));
}

Encoder::Layer Encoder::make_layer(std::size_t index, const TensorSource& source, kernels::Arena& arena) const {
  const std::size_t hidden = settings_.hidden;
  const std::string number = std::to_string(index);
  const IntegerTensor gates = source.integers("lstms." + number + ".weight", {4 * hidden, 2 * hidden});
  const std::vector<float> biases = source.floats("lstms." + number + ".bias", {4 * hidden});
  return {norm(source, "norms." + number, hidden),
          {gates, 0, hidden, *table_, arena},
          {gates, hidden, hidden, *table_, arena},
          {gates.scales, biases, kToGates, kInt16, largest_sum(gates)}};
}

Encoder::Workspace Encoder::make_workspace() const {
  const std::size_t bands = first_bands(settings_);
  const std::size_t widest = std::max(4 * settings_.hidden, settings_.frame_width());
  const std::size_t longest = std::max(settings_.hidden, subsampling_.columns());
  return {.patches = {bands, std::max(first_.rows(), second_.rows()), std::max(first_.columns(), second_.columns())},
          .wide = {kMostTogether, widest, longest},
          .image = std::vector<std::int8_t>(kFirstTimes * bands * first_.rows()),
          .streams = kernels::Aligned<std::int16_t>(kMostTogether * settings_.hidden),
          .normed = kernels::Aligned<std::int32_t>(settings_.hidden),
          .begins = {}};
}

EncoderState Encoder::init_state() const {
  const std::size_t units = settings_.layers * settings_.hidden;
  return {.features = {}, .hidden = std::vector<std::int8_t>(units), .cell = std::vector<std::int16_t>(units)};
}

void Encoder::quantise(std::span<const float> frames, EncoderState& state) const {
  const std::size_t bins = settings_.mel_bins, before = state.features.size();
  state.features.resize(before + frames.size());
  for (auto to = std::span(state.features).subspan(before); !frames.empty(); to = to.subspan(bins)) {
    for (std::size_t bin = 0; bin < bins; ++bin) to[bin] = quantised_feature(frames[bin], mean_[bin], scale_[bin]);
    frames = frames.subspan(bins);
  }
}

std::size_t Encoder::ready(const EncoderState& state) const {
  const std::size_t frames = state.features.size() / settings_.mel_bins;
  return frames < kReceptiveFrames ? 0 : (frames - kReceptiveFrames) / kSubsampling + 1;
}

void Encoder::lay_out(std::span<const Job> jobs, Workspace& work) const {
  const std::size_t times = jobs.front().frames.size() / width();
  work.begins.assign(1, 0);
  for (std::size_t time = 0; time < times; ++time) {
    const auto longer = [&](const Job& job) { return job.frames.size() > time * width(); };
    work.begins.push_back(work.begins.back() + static_cast<std::size_t>(std::ranges::count_if(jobs, longer)));
  }
}

void Encoder::encode(std::span<const Job> jobs, Workspace& work) const {
  lay_out(jobs, work);
  const std::size_t count = work.begins.back();
  for (std::size_t index = 0; index < jobs.size(); ++index) convolve(jobs[index], index, work);
  subsampling_.apply(work.wide, count, std::span(work.streams));
  for (std::size_t layer = 0; layer < layers_.size(); ++layer) run(layer, jobs, work);
  for (std::size_t frame = 0; frame < count; ++frame) {
    final_norm_.apply(*table_, stream(work, frame), work.normed, work.wide.input(frame, settings_.hidden));
  }
  projection_.multiply(work.wide, count);
  for (std::size_t index = 0; index < jobs.size(); ++index) {
    auto to = jobs[index].frames;
    for (std::size_t time = 0; !to.empty(); ++time, to = to.subspan(width())) {
      projection_.requantise(work.wide, work.begins[time] + index, 1, to);
    }
  }
}

void Encoder::accept(std::span<const float> frames, EncoderState& state, Workspace& work,
                     std::vector<std::int16_t>& encoded) const {
  Feed feed{frames, &state, &encoded};
  accept_together(std::span(&feed, 1), work);
}

std::size_t Encoder::fill(Feed& feed, std::size_t most) const {
  const std::size_t wanted = (kReceptiveFrames + (most - 1) * kSubsampling) * settings_.mel_bins;
  const std::size_t missing = wanted - std::min(wanted, feed.state->features.size());
  const auto now = feed.frames.first(std::min(missing, feed.frames.size()));
  quantise(now, *feed.state);
  feed.frames = feed.frames.subspan(now.size());
  return std::min(most, ready(*feed.state));
}

void Encoder::encode_sorted(std::vector<Job>& jobs, Workspace& work) const {
  if (jobs.empty()) return;
  std::ranges::stable_sort(jobs, [](const Job& one, const Job& other) { return one.frames.size() > other.frames.size(); });
  encode(jobs, work);
  jobs.clear();
}

void Encoder::accept_together(std::span<Feed> feeds, Workspace& work) const {
  const std::size_t share = std::max<std::size_t>(1, kMostTogether / std::max<std::size_t>(1, feeds.size()));
  std::vector<Job> jobs;
  for (bool any = true; any;) {
    any = false;
    std::size_t frames = 0;
    for (Feed& feed : feeds) {
      const std::size_t own = fill(feed, share);
      if (own == 0) continue;
      any = true;
      if (frames + own > kMostTogether) {
        encode_sorted(jobs, work);
        frames = 0;
      }
      frames += own;
      feed.encoded->resize(feed.encoded->size() + own * width());
      jobs.push_back({feed.state, std::span(*feed.encoded).last(own * width())});
    }
    encode_sorted(jobs, work);
  }
}

void Encoder::convolve(const Job& job, std::size_t index, Workspace& work) const {
  auto& features = job.state->features;
  const std::size_t bins = settings_.mel_bins, row = first_bands(settings_) * first_.rows();
  const std::size_t times = job.frames.size() / width();
  for (std::size_t time = 0; time < times; ++time) {
    // What the first convolution gave last for the frame before it gives first for this one.
    const std::size_t known = time == 0 ? 0 : 1;
    std::copy_n(work.image.end() - static_cast<std::ptrdiff_t>(row), known * row, work.image.begin());
    const Image seen{std::span(features).subspan((time * kSubsampling + 2 * known) * bins), bins, 1};
    network::convolve(first_, seen, kFirstTimes - known, work.patches, std::span(work.image).subspan(known * row));
    const Image image{work.image, first_bands(settings_), first_.rows()};
    const auto patches = work.wide.input(work.begins[time] + index, subsampling_.columns());
    network::convolve(second_, image, 1, work.patches, patches);
  }
  features.erase(features.begin(), features.begin() + static_cast<std::ptrdiff_t>(times * kSubsampling * bins));
}

void Encoder::run(std::size_t layer, std::span<const Job> jobs, Workspace& work) const {
  const Layer& own = layers_[layer];
  const std::size_t count = work.begins.back();
  for (std::size_t frame = 0; frame < count; ++frame) {
    own.norm.apply(*table_, stream(work, frame), work.normed, work.wide.input(frame, settings_.hidden));
  }
  own.input.multiply(work.wide, count);
  for (std::size_t time = 0; time + 1 < work.begins.size(); ++time) {
    step(layer, jobs, work.begins[time], work.begins[time + 1] - work.begins[time], work);
  }
}

void Encoder::step(std::size_t layer, std::span<const Job> jobs, std::size_t first, std::size_t count,
                   Workspace& work) const {
  const std::size_t hidden = settings_.hidden;
  const Layer& own = layers_[layer];
  const auto kept = [&](std::size_t job) { return std::span(jobs[job].state->hidden).subspan(layer * hidden, hidden); };
  // The inputs themselves are used up.
  for (std::size_t job = 0; job < count; ++job) {
    std::ranges::copy(kept(job), work.wide.input(first + job, hidden).begin());
  }
  own.recurrent.add(work.wide, first, count);
  for (std::size_t job = 0; job < count; ++job) {
    table_->step({.sums = work.wide.sums(first + job, 4 * hidden).data(),
                  .gates = own.gates.view(),
                  .sigmoid = &sigmoid_lines(),
                  .tanh = &tanh_lines(),
                  .units = hidden,
                  .cell = jobs[job].state->cell.data() + layer * hidden,
                  .stream = stream(work, first + job).data(),
                  .hidden = kept(job).data()});
  }
}

}  // namespace stapes::network
