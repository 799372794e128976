// The encoder: section 7, steps 1 to 5, of spec/numerics.md.
//
// Layer after layer is run over all encoder frames that are there: what does not depend on the frame before is one product
// for all of them, and the recurrent weights of a layer stay in a near cache from frame to frame.
//
// Letters: N frames of all streams, F feature frames, T encoder frames, M mel bins, C1 and C2 channels, H hidden, L layers,
// E width of an encoder frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.h"
#include "kernels/arena.h"
#include "kernels/table.h"
#include "network/linear.h"
#include "network/norm.h"
#include "network/settings.h"
#include "network/tensors.h"

namespace stapes::network {

inline constexpr std::size_t kReceptiveFrames = 7;
inline constexpr std::size_t kSubsampling = 4;

// Where a stream stands; a value.
struct EncoderState {
  std::vector<std::int8_t> features;  // [< 7, M] Q0.7, of which a part was used already
  std::vector<std::int8_t> hidden;    // [L, H] Q0.7
  std::vector<std::int16_t> cell;     // [L, H] Q4.11

  bool operator==(const EncoderState&) const = default;
};

// A feature as an int8, Q0.7.
std::int8_t quantised_feature(float feature, float mean, float scale);

// Bytes that the packed matrices of an encoder take at most.
std::size_t encoder_bytes_bound(const Settings& settings);

class Encoder {
 public:
  // Encoder frames, of one stream or several, that share the passes over the weights.
  static constexpr std::size_t kMostTogether = 16;

  // Throws Error (kFormat) if a tensor is missing or cannot be used. `arena` holds the weights and outlives the encoder.
  Encoder(const Settings& settings, const TensorSource& source, const kernels::Table& table, kernels::Arena& arena);

  // Room for computing; for one thread at a time.
  struct Workspace {
    Vectors patches, wide;                   // of the convolutions, and of all else
    std::vector<std::int8_t> image;          // [time, bands, C1]
    kernels::Aligned<std::int16_t> streams;  // [N, H]
    kernels::Aligned<std::int32_t> normed;   // [H]
    // The frames of each time follow each other, in the order of the jobs: where they begin, and where the last ones end.
    std::vector<std::size_t> begins;
  };
  Workspace make_workspace() const;

  EncoderState init_state() const;

  // Log-mel frames [F, M] to int8, behind those that `state` holds.
  void quantise(std::span<const float> frames, EncoderState& state) const;
  // Encoder frames whose features `state` holds.
  std::size_t ready(const EncoderState& state) const;

  // Encoder frames of a stream that are ready, at least one.
  struct Job {
    EncoderState* state;
    std::span<std::int16_t> frames;  // [T, E] Q5.10
  };
  // Up to kMostTogether frames of different streams; no job has more of them than the one before.
  void encode(std::span<const Job> jobs, Workspace& work) const;

  // Appends the encoder frames [T, E] that further log-mel frames [F, M] of one stream complete to `encoded`.
  void accept(std::span<const float> frames, EncoderState& state, Workspace& work,
              std::vector<std::int16_t>& encoded) const;

  // The same for several streams, which share the passes over the weights; `encoded` is appended to.
  struct Feed {
    std::span<const float> frames;
    EncoderState* state;
    std::vector<std::int16_t>* encoded;
  };
  void accept_together(std::span<Feed> feeds, Workspace& work) const;

  // Of an encoder frame, E.
  std::size_t width() const { return projection_.rows(); }

 private:
  // Quantises frames of `feed` until `most` encoder frames are ready, or as many as there are; their number.
  std::size_t fill(Feed& feed, std::size_t most) const;
  void encode_sorted(std::vector<Job>& jobs, Workspace& work) const;
  struct Layer {
    LayerNorm norm;
    Product input, recurrent;
    Requantiser gates;
  };
  Layer make_layer(std::size_t index, const TensorSource& source, kernels::Arena& arena) const;
  void lay_out(std::span<const Job> jobs, Workspace& work) const;
  // The frames of job number `index`.
  void convolve(const Job& job, std::size_t index, Workspace& work) const;
  void run(std::size_t layer, std::span<const Job> jobs, Workspace& work) const;
  // One frame of each of the first `count` jobs, whose products with the input stand from `first` on.
  void step(std::size_t layer, std::span<const Job> jobs, std::size_t first, std::size_t count, Workspace& work) const;
  std::span<std::int16_t> stream(Workspace& work, std::size_t frame) const {
    return std::span(work.streams).subspan(frame * settings_.hidden, settings_.hidden);
  }

  Settings settings_;
  const kernels::Table* table_;
  std::vector<float> mean_, scale_;
  Linear first_, second_, subsampling_;
  std::vector<Layer> layers_;
  LayerNorm final_norm_;
  Linear projection_;
};

}  // namespace stapes::network
