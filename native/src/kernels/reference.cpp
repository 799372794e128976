// The kernels in plain C++: what the others are compared with, and what runs where none of them can.
#include <algorithm>

#include "kernels/planes.h"
#include "kernels/scalar.h"
#include "kernels/spectrum.h"
#include "kernels/tables.h"

namespace stapes::kernels {
namespace {

void multiply(const Matrix& matrix, const Batch& batch) {
  for (std::size_t vector = 0; vector < batch.count && !batch.onto; ++vector) {
    std::fill_n(batch.sums + vector * batch.sum_stride, padded_rows(matrix.rows), 0);
  }
  PlaneReader reader(matrix);
  for (std::size_t which = 0; which < plane_count(matrix.rows, matrix.columns); ++which) {
    std::array<std::int8_t, kPlane> levels{};
    reader.next(levels);
    const PlanePlace place = plane_place(which, matrix.columns);
    for (std::size_t vector = 0; vector < batch.count; ++vector) {
      const std::int8_t* inputs = batch.inputs + vector * batch.input_stride + place.column;
      std::int32_t* sums = batch.sums + vector * batch.sum_stride + place.row;
      for (std::size_t index = 0; index < kPlane; ++index) {
        sums[index / kQuad] += std::int32_t{levels[index]} * std::int32_t{inputs[index % kQuad]};
      }
    }
  }
}

void step(const CellStep& cell_step) { step_from(cell_step, 0); }

void centre(const Centring& centring) { centre_from(centring, 0); }

void join(const Joining& joining) { join_from(joining, 0); }

}  // namespace

const Table kReference{.name = "reference",
                       .multiply = {multiply, multiply, multiply, multiply, multiply, multiply, multiply},
                       .requantise = requantise_all<std::int32_t>,
                       .requantise16 = requantise_all<std::int16_t>,
                       .requantise8 = requantise_all<std::int8_t>,
                       .step = step,
                       .measure = moments_of,
                       .centre = centre,
                       .join = join,
                       .signals = Four::kSignals,
                       .window = window_of<Four>,
                       .transform = transform_of<Four>,
                       .powers = powers_of<Four>,
                       .filter = filter_of<Four>,
                       .normalise = normalise_all,
                       .extend = extend_all};

}  // namespace stapes::kernels
