#include "format/tensor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "error.h"
#include "format/code_stream.h"
#include "format/little_endian.h"
#include "format/matrix_sections.h"
#include "sentence.h"

namespace stapes::format {
namespace {

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

float from_half(std::uint16_t half) {
  const auto fraction = static_cast<float>(half & 0x3ff);
  const int exponent = half >> 10 & 0x1f;
  const float magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024.0f, exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

[[noreturn]] void refuse_value(std::string_view name, std::size_t index) {
  refuse(
      sentence(name, ": value ", index, " of section 'values' is not finite; finite weights are accepted"));
}

void check_halves(Bytes values) {
  for (std::size_t index = 0; index < values.size() / 2; ++index) {
    if ((u16_at(values, index) & 0x7c00) == 0x7c00) refuse_value("float16", index);
  }
}

void check_floats(Bytes values) {
  for (std::size_t index = 0; index < values.size() / 4; ++index) {
    if (!std::isfinite(float_at(values, index))) refuse_value("float32", index);
  }
}

void check_uniform(Bytes codes, std::int64_t columns) {
  const auto lowest = std::find(codes.begin(), codes.end(), 0x80);
  if (lowest == codes.end()) return;
  const std::int64_t index = lowest - codes.begin();
  refuse(sentence("uniform: level [", index / columns, ", ", index % columns,
                  "] is -128; -127 to 127 are accepted"));
}

}  // namespace

Tensor::Tensor(std::string name, Shape shape, Codec codec, std::vector<Bytes> sections)
    : name_(std::move(name)), shape_(std::move(shape)), codec_(codec), sections_(std::move(sections)) {
  check();
}

void Tensor::check() {
  switch (codec_.kind) {
    case CodecKind::kFloat16:
      return check_halves(sections_[0]);
    case CodecKind::kFloat32:
      return check_floats(sections_[0]);
    case CodecKind::kUnsigned:
      return decode_numbers();
    case CodecKind::kUniform:
      check_uniform(sections_[0], weights_of(shape_) / shape_[0]);
      return check_scales(codec_.name(), sections_[1]);
    default:
      MatrixSections matrix = matrix_sections(codec_, shape_, sections_);
      decode_sections(matrix, sections_, decoded_);
      check_matrix(matrix);
  }
}

void Tensor::decode_numbers() {
  const auto packed_bytes = static_cast<std::size_t>(weights_of(shape_) * (codec_.bits / 8));
  if (sections_[0].size() == packed_bytes) return;
  const RunLengths lengths = [=](const std::function<void(std::size_t)>& visit) { visit(packed_bytes); };
  decoded_.push_back(decoded(sections_[0], lengths, 8, "unsigned: section 'values'"));
  sections_[0] = decoded_.back();
}

std::vector<float> Tensor::floats() const {
  std::vector<float> weights(static_cast<std::size_t>(weights_of(shape_)));
  if (codec_.holds_integers()) {
    const Integers own = integers();
    const std::size_t columns = weights.size() / own.scales.size();
    for (std::size_t index = 0; index < weights.size(); ++index) {
      weights[index] = static_cast<float>(own.levels[index]) * own.scales[index / columns];
    }
  } else if (codec_.kind == CodecKind::kUnsigned) {
    const std::vector<std::uint16_t> own = numbers();
    std::copy(own.begin(), own.end(), weights.begin());
  } else {
    const bool half = codec_.kind == CodecKind::kFloat16;
    for (std::size_t index = 0; index < weights.size(); ++index) {
      weights[index] = half ? from_half(u16_at(sections_[0], index)) : float_at(sections_[0], index);
    }
  }
  return weights;
}

Integers Tensor::integers() const {
  Integers integers;
  integers.levels.resize(static_cast<std::size_t>(weights_of(shape_)));
  Bytes scales;
  if (codec_.kind == CodecKind::kUniform) {
    std::transform(sections_[0].begin(), sections_[0].end(), integers.levels.begin(),
                   [](std::uint8_t code) { return static_cast<std::int8_t>(code); });
    scales = sections_[1];
  } else {
    const MatrixSections matrix = matrix_sections(codec_, shape_, sections_);
    read_levels(matrix, integers.levels);
    scales = matrix.scales;
  }
  for (std::size_t row = 0; row < scales.size() / 4; ++row) integers.scales.push_back(float_at(scales, row));
  return integers;
}

std::vector<std::uint16_t> Tensor::numbers() const {
  std::vector<std::uint16_t> numbers(static_cast<std::size_t>(weights_of(shape_)));
  for (std::size_t index = 0; index < numbers.size(); ++index) {
    numbers[index] = codec_.bits == 8 ? std::uint16_t{sections_[0][index]} : u16_at(sections_[0], index);
  }
  return numbers;
}

}  // namespace stapes::format
