// The encoder: section 7, steps 1 to 5, of spec/numerics.md.
//
// Letters: B streams, F feature frames, T encoder frames, M mel bins, C1 and C2 channels, H hidden, L layers, J joint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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
  // Streams that share one pass over the weights.
  static constexpr std::size_t kMostTogether = 8;

  // Throws Error (kFormat) if a tensor is missing or cannot be used. `arena` holds the weights and outlives the encoder.
  Encoder(const Settings& settings, const TensorSource& source, const kernels::Table& table, kernels::Arena& arena);

  // Room for computing; for one thread at a time.
  struct Workspace {
    Vectors first, second, wide;        // of the convolutions, and of all else
    std::vector<std::int8_t> images;    // [B, time, bands, C1], then [B, bands, C2]
    std::vector<std::int16_t> streams;  // [B, H]
    std::vector<std::int32_t> normed;   // [H]
  };
  Workspace make_workspace() const;

  EncoderState init_state() const;

  // Log-mel frames [F, M] to int8, behind those that `state` holds.
  void quantise(std::span<const float> frames, EncoderState& state) const;
  // Whether `state` holds the features of another encoder frame.
  bool ready(const EncoderState& state) const;

  // One encoder frame for each of up to kMostTogether streams that are ready.
  struct Job {
    EncoderState* state;
    std::span<std::int16_t> frame;  // [J] Q5.10
  };
  void encode(std::span<const Job> jobs, Workspace& work) const;

  // Appends the encoder frames [T, J] that further log-mel frames [F, M] of one stream complete to `encoded`.
  void accept(std::span<const float> frames, EncoderState& state, Workspace& work,
              std::vector<std::int16_t>& encoded) const;

  // The same for several streams, which share the passes over the weights; `encoded` is appended to.
  struct Feed {
    std::span<const float> frames;
    EncoderState* state;
    std::vector<std::int16_t>* encoded;
  };
  void accept_together(std::span<Feed> feeds, Workspace& work) const;

  std::size_t joint() const { return projection_.rows(); }

 private:
  // Quantises frames of `feed` until the next encoder frame is ready; whether it is.
  bool fill(Feed& feed) const;
  struct Layer {
    LayerNorm norm;
    Linear gates;
  };
  Layer make_layer(std::size_t index, const TensorSource& source, kernels::Arena& arena) const;
  void convolve(std::span<const Job> jobs, Workspace& work) const;
  void step(std::size_t layer, std::span<const Job> jobs, Workspace& work) const;
  std::span<std::int16_t> stream(Workspace& work, std::size_t job) const {
    return std::span(work.streams).subspan(job * settings_.hidden, settings_.hidden);
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
