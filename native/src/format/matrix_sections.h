// The sections of the codecs `dense` and `sparse`: checks, and levels.
//
// Letters: R rows, C columns.
#pragma once

#include <array>
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

// Checks all values of a matrix [R, C], and puts its levels into `levels`, unless that is empty. Throws Error
// (kFormat) if a section is no coded form, or at a value that no writer writes.
void read_dense(const MatrixSections& matrix, std::span<std::int8_t> levels);
void read_sparse(MatrixSections matrix, std::span<std::int8_t> levels);

// Throws Error (kFormat) if a scale of `name` is neither +0 nor from 2^-126 to 2^121.
void check_scales(std::string_view name, Bytes scales);
// The same of the scales of a matrix, and of its code book if it has one.
void check_side(const MatrixSections& matrix);

// What codes of the most bits stand for.
using LevelOfCode = std::array<std::int8_t, 256>;
LevelOfCode level_of_code(const MatrixSections& matrix);

// Throws Error (kFormat): the level at `index` of a matrix of 6 or 8 bits is the most negative one.
[[noreturn]] void refuse_lowest(const MatrixSections& matrix, std::size_t index);

}  // namespace stapes::format
