// From levels to packed matrices, once, when a model is loaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kernels/arena.h"
#include "kernels/matrix.h"
#include "kernels/table.h"

namespace stapes::kernels {

// The smallest layout that holds these levels exactly and that these kernels run; each may be given any number of times.
// `masked`: whether the model stores the matrix as masks and values, which is run so where kernels can.
Layout choose_layout(std::span<const std::int8_t> alphabet, bool masked, const Table& table);

// An upper bound on what `pack` takes from an arena.
std::size_t packed_bytes_bound(std::size_t rows, std::size_t columns);

// Packs levels [R, C] (-127 to 127), all of which are in `alphabet`, into `arena`; nothing when it is full, or when the
// layout has too few codes. Rows begin `stride` apart; 0: one behind another. The kernels of `table` help if it is given.
std::optional<Matrix> pack(std::span<const std::int8_t> levels, std::size_t rows, std::size_t columns,
                           std::span<const std::int8_t> alphabet, Layout layout, Arena& arena, std::size_t stride = 0,
                           const Table* table = nullptr);

// Levels [R, C] of a packed matrix.
std::vector<std::int8_t> unpack(const Matrix& matrix);

}  // namespace stapes::kernels
