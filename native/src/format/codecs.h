// The codecs of spec/codecs.md: which sections a tensor has, which values are refused, and what they hold.
//
// Letters: R rows (first axis), C columns (all other axes flattened).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/layout.h"

namespace stapes::format {

using Shape = std::vector<std::int64_t>;

// The number of weights of a sound shape, 1 for a scalar.
std::int64_t weights_of(const Shape& shape);

// A section that a codec asks for, and the lengths that it may have.
struct SectionRule {
  std::string_view name;
  std::uint64_t least_bytes;
  std::uint64_t most_bytes;
};

enum class CodecKind : std::uint8_t { kDense, kFloat16, kFloat32, kSparse, kUniform, kUnsigned };

struct Codec {
  CodecKind kind = CodecKind::kFloat32;
  // Of a code or number, where the codec has a choice; 8 for `uniform`.
  int bits = 8;
  // Whether sections may be entropy-coded.
  bool coded = false;
  // Whether rows lie in another order.
  bool permuted = false;

  std::string_view name() const;
  // Whether weights are stored as integers with a scale per row.
  bool holds_integers() const {
    return kind == CodecKind::kDense || kind == CodecKind::kSparse || kind == CodecKind::kUniform;
  }
  bool has_codebook() const { return kind != CodecKind::kUniform && holds_integers() && bits <= 4; }
  // Sorted by name; throws Error (kFormat) if the codec cannot hold a tensor of `shape`.
  std::vector<SectionRule> sections(const Shape& shape) const;
};

struct CodecParameter {
  std::string name;
  std::int64_t value;
};

// Throws Error (kFormat) if there is no such codec or it does not take these parameters.
Codec codec_by_name(std::string_view name, const std::vector<CodecParameter>& parameters);

}  // namespace stapes::format
