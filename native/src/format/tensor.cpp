#include "format/tensor.h"

#include <algorithm>
#include <array>
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

template <typename Work>
auto Tensor::named(Work work) const {
  try {
    return work();
  } catch (const Error& error) {
    refuse(sentence("tensor '", name_, "': ", error.sentence()));
  }
}

void Tensor::read_levels(std::span<std::int8_t> levels) const {
  if (codec_.kind == CodecKind::kUniform) {
    check_uniform(sections_[0], weights_of(shape_) / shape_[0]);
    check_scales(codec_.name(), sections_[1]);
    std::transform(sections_[0].begin(), sections_[0].begin() + static_cast<std::ptrdiff_t>(levels.size()),
                   levels.begin(), [](std::uint8_t code) { return static_cast<std::int8_t>(code); });
    return;
  }
  const MatrixSections matrix = matrix_sections(codec_, shape_, sections_);
  codec_.kind == CodecKind::kDense ? read_dense(matrix, levels) : read_sparse(matrix, levels);
}

Bytes Tensor::scales() const {
  return codec_.kind == CodecKind::kUniform ? sections_[1] : matrix_sections(codec_, shape_, sections_).scales;
}

std::vector<std::int8_t> Tensor::alphabet() const {
  std::vector<std::int8_t> alphabet;
  if (codec_.has_codebook()) {
    for (const std::uint8_t level : sections_[0]) alphabet.push_back(static_cast<std::int8_t>(level));
    return alphabet;
  }
  const int most = (1 << (codec_.bits - 1)) - 1;
  for (int level = -most; level <= most; ++level) alphabet.push_back(static_cast<std::int8_t>(level));
  return alphabet;
}

template <typename Take>
void Tensor::for_numbers(Take take) const {
  const Bytes stored = sections_[0];
  const std::size_t packed_bytes = weights() * static_cast<std::size_t>(codec_.bits / 8);
  if (stored.size() == packed_bytes) return take(stored);
  try {
    CodeReader reader(stored, packed_bytes, 8);
    std::array<std::uint8_t, 4096> some;
    for (std::size_t done = 0; done < packed_bytes; done += some.size()) {
      const auto now = std::span(some).first(std::min(some.size(), packed_bytes - done));
      reader.read(now);
      take(Bytes(now));
    }
    reader.finish();
  } catch (const Error& error) {
    refuse(sentence("unsigned: section 'values' is ", error.sentence()));
  }
}

void Tensor::check() const {
  named([this] {
    switch (codec_.kind) {
      case CodecKind::kFloat16:
        return check_halves(sections_[0]);
      case CodecKind::kFloat32:
        return check_floats(sections_[0]);
      case CodecKind::kUnsigned:
        return for_numbers([](Bytes) {});
      default:
        return read_levels({});
    }
  });
}

std::vector<float> Tensor::floats() const {
  std::vector<float> weights(this->weights());
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
    check();
    const bool half = codec_.kind == CodecKind::kFloat16;
    for (std::size_t index = 0; index < weights.size(); ++index) {
      weights[index] = half ? from_half(u16_at(sections_[0], index)) : float_at(sections_[0], index);
    }
  }
  return weights;
}

Integers Tensor::integers() const {
  Integers integers{.levels = std::vector<std::int8_t>(weights()), .scales = {}, .alphabet = alphabet()};
  named([&] { read_levels(integers.levels); });
  const Bytes scales = this->scales();
  for (std::size_t row = 0; row < scales.size() / 4; ++row) integers.scales.push_back(float_at(scales, row));
  return integers;
}

std::vector<std::uint16_t> Tensor::numbers() const {
  std::vector<std::uint16_t> numbers;
  numbers.reserve(weights());
  const std::size_t width = static_cast<std::size_t>(codec_.bits / 8);
  named([&] {
    for_numbers([&](Bytes some) {
      if (width == 1) {
        numbers.insert(numbers.end(), some.begin(), some.end());
        return;
      }
      for (std::size_t at = 0; at < some.size() / width; ++at) numbers.push_back(u16_at(some, at));
    });
  });
  return numbers;
}

}  // namespace stapes::format
