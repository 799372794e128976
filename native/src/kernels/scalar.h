// Requantisation, LSTM cell, norm and search for single values: the reference, and what is left over at the end of vectors.
// Everything here is private to the file that includes it, so that each instruction set compiles its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.h"

namespace stapes::kernels {
namespace {

template <typename T>
inline T clamp(T value, T least, T most) {
  return value < least ? least : value > most ? most : value;
}

inline std::int32_t saturated16(std::int32_t value) { return clamp<std::int32_t>(value, -32768, 32767); }

inline std::int32_t requantised(const Requantiser& to, std::int32_t sum, std::size_t row) {
  const std::int64_t offset = std::int64_t{to.offsets[row]} * (std::int64_t{1} << (to.shift - 8));
  const std::int64_t scaled = std::int64_t{sum} * to.multipliers[row] + offset;
  return static_cast<std::int32_t>(clamp<std::int64_t>(scaled >> to.shift, to.least, to.most));
}

inline std::int32_t look_up(const Lines& lines, std::int32_t x) {
  const std::int32_t place = x + 32768;
  const std::int32_t line = lines.lines[place >> 8];
  const std::int32_t rise = static_cast<std::int16_t>(line & 0xffff);
  return (line >> 16) + ((rise * (place & 255) + 128) >> 8);
}

// One vector, from row `begin` on.
template <typename Value>
inline void requantise_from(const Requantising<Value>& given, std::size_t begin, const std::int32_t* sums, Value* values) {
  for (std::size_t row = begin; row < given.rows; ++row) {
    values[row] = static_cast<Value>(requantised(given.to, sums[row], row));
  }
}

template <typename Value>
inline void requantise_all(const Requantising<Value>& given) {
  for (std::size_t at = 0; at < given.count; ++at) {
    requantise_from(given, 0, given.sums + at * given.sum_stride, given.values + at * given.value_stride);
  }
}

inline void step_unit(const CellStep& step, std::size_t unit) {
  const auto gate = [&](std::size_t which) {
    const std::size_t row = which * step.units + unit;
    return requantised(step.gates, step.sums[row], row);
  };
  const std::int32_t in = look_up(*step.sigmoid, gate(0)), forget = look_up(*step.sigmoid, gate(1));
  const std::int32_t fresh = look_up(*step.tanh, gate(2)), out = look_up(*step.sigmoid, gate(3));
  const std::int32_t cell = saturated16((forget * step.cell[unit] + ((in * fresh) >> 4) + (1 << 14)) >> 15);
  const std::int32_t hidden = (out * look_up(*step.tanh, saturated16(2 * cell)) + (1 << 14)) >> 15;
  step.cell[unit] = static_cast<std::int16_t>(cell);
  step.stream[unit] = static_cast<std::int16_t>(saturated16(step.stream[unit] + ((hidden + 16) >> 5)));
  step.hidden[unit] = static_cast<std::int8_t>(clamp<std::int32_t>((hidden + 128) >> 8, -127, 127));
}

inline void step_from(const CellStep& step, std::size_t begin) {
  for (std::size_t unit = begin; unit < step.units; ++unit) step_unit(step, unit);
}

inline std::int8_t joint_activation(const Lines& tanh, std::int32_t sum) {
  const std::int32_t bent = look_up(tanh, saturated16(4 * sum));
  return static_cast<std::int8_t>(clamp<std::int32_t>((bent + 128) >> 8, -127, 127));
}

inline void join_from(const Joining& joining, std::size_t begin) {
  for (std::size_t at = begin; at < joining.count; ++at) {
    joining.activations[at] = joint_activation(*joining.tanh, joining.frame[at] + joining.prediction[at]);
  }
}

inline Moments moments_of(const std::int16_t* stream, std::size_t count) {
  Moments moments;
  for (std::size_t at = 0; at < count; ++at) {
    moments.total += stream[at];
    moments.squares += std::int32_t{stream[at]} * std::int32_t{stream[at]};
  }
  return moments;
}

inline void centre_from(const Centring& centring, std::size_t begin) {
  const auto width = static_cast<std::int64_t>(centring.count), half = std::int64_t{1} << (centring.shift - 1);
  for (std::size_t at = begin; at < centring.count; ++at) {
    const std::int64_t centred = width * centring.stream[at] - centring.total;
    centring.normed[at] = static_cast<std::int32_t>((centred * centring.root + half) >> centring.shift);
  }
}

inline void normalise_all(const Normalising& normalising) {
  float* const logits = normalising.logits;
  float most = logits[0];
  for (std::size_t at = 1; at < normalising.count; ++at) most = logits[at] > most ? logits[at] : most;
  double sums[4] = {};
  for (std::size_t at = 0; at < normalising.count; ++at) {
    const auto all = static_cast<std::uint32_t>((most - logits[at]) * 4096), steps = all < kMostSteps ? all : kMostSteps;
    sums[at % 4] += normalising.coarse[steps / kFineSteps] * normalising.fine[steps % kFineSteps];
  }
  const double log_sum = __builtin_log((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (std::size_t at = 0; at < normalising.count; ++at) {
    logits[at] = static_cast<float>(static_cast<double>(logits[at]) - static_cast<double>(most) - log_sum);
  }
}

// The largest ones, four at a time: none waits for the other.
inline double extend_all(const Extending& given) {
  const Extending extending = given;
  double most[4];
  for (double& own : most) own = -__builtin_inf();
  for (std::size_t at = 0; at < extending.count; ++at) {
    const double sound = extending.before + static_cast<double>(extending.heard[at]);
    const double extended = sound + static_cast<double>(extending.expected[at]) + extending.hoped[at];
    extending.extended[at] = extended;
    most[at % 4] = most[at % 4] < extended ? extended : most[at % 4];
  }
  for (const double own : most) most[0] = most[0] < own ? own : most[0];
  return most[0];
}

}  // namespace
}  // namespace stapes::kernels
