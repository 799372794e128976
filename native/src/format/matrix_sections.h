// The sections of the codecs `dense` and `sparse`, packed: checks, and levels.
//
// Letters: R rows, C columns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/codecs.h"

namespace stapes::format {

// The sections of a matrix [R, C] by name; empty where the codec has none of that name.
struct MatrixSections {
  Codec codec;
  std::size_t rows;
  std::size_t columns;
  Bytes codebook, codes, masks, offsets, order, scales, values;
};

// `sections` are those that the codec asks for, in the order of their names.
MatrixSections matrix_sections(const Codec& codec, const Shape& shape, const std::vector<Bytes>& sections);

// Decodes the coded ones among the sections, whose places in `matrix` and `sections` are put right, into
// `decoded`. Throws Error (kFormat) if one has a wrong length or is no coded form.
void decode_sections(MatrixSections& matrix, std::vector<Bytes>& sections,
                     std::vector<std::vector<std::uint8_t>>& decoded);

// Throws Error (kFormat) at a value that no writer writes.
void check_matrix(const MatrixSections& matrix);

// Throws Error (kFormat) if a scale of `name` is neither +0 nor from 2^-126 to 2^121.
void check_scales(std::string_view name, Bytes scales);

// [R, C] the levels of a checked matrix, to `levels`.
void read_levels(const MatrixSections& matrix, std::span<std::int8_t> levels);

}  // namespace stapes::format
