// NEON with the dot product of Armv8.2: 4 rows and 4 inputs in one sdot.
#include <arm_neon.h>

#include "kernels/scalar.h"
#include "kernels/spectrum.h"
#include "kernels/tables.h"

namespace stapes::kernels {
namespace {

constexpr std::size_t kPrefetch = 1024;  // bytes ahead
constexpr std::size_t kQuarter = kPlane / 4;

// Sums of a tile: four vectors of 4 rows for each group of 16.
struct Sums {
  int32x4_t sums[4 * kGroups];

  // What the product is added to, null for nothing.
  explicit Sums(const std::int32_t* from) {
    for (std::size_t at = 0; at < 16; ++at) sums[at] = from == nullptr ? vdupq_n_s32(0) : vld1q_s32(from + 4 * at);
  }
  void store(std::int32_t* target) const {
    for (std::size_t at = 0; at < 16; ++at) vst1q_s32(target + 4 * at, sums[at]);
  }
};

inline void add_quad8(Sums& sums, const std::uint8_t* planes, int8x16_t, int8x16_t inputs) {
  for (std::size_t at = 0; at < 16; ++at) {
    const int8x16_t levels = vreinterpretq_s8_u8(vld1q_u8(planes + at * kQuarter));
    sums.sums[at] = vdotq_s32(sums.sums[at], levels, inputs);
  }
}

inline void add_quad4(Sums& sums, const std::uint8_t* planes, int8x16_t table, int8x16_t inputs) {
  for (std::size_t at = 0; at < 8; ++at) {  // quarters of two planes: 4 rows of two groups
    const uint8x16_t codes = vld1q_u8(planes + at * kQuarter);
    const int8x16_t low = vqtbl1q_s8(table, vandq_u8(codes, vdupq_n_u8(15)));
    const int8x16_t high = vqtbl1q_s8(table, vshrq_n_u8(codes, 4));
    const std::size_t target = at / 4 * 8 + at % 4;
    sums.sums[target] = vdotq_s32(sums.sums[target], low, inputs);
    sums.sums[target + 4] = vdotq_s32(sums.sums[target + 4], high, inputs);
  }
}

using AddQuad = void (*)(Sums&, const std::uint8_t*, int8x16_t, int8x16_t);

inline int8x16_t input_quad(const std::int8_t* inputs) {
  return vreinterpretq_s8_s32(vld1q_dup_s32(reinterpret_cast<const std::int32_t*>(inputs)));
}

template <AddQuad add_quad, std::size_t kQuadBytes>
void dense(const Matrix& matrix, const Batch& batch) {
  const std::size_t columns = padded_columns(matrix.columns), rows = padded_rows(matrix.rows);
  const int8x16_t table = vld1q_s8(matrix.levels.data());
  const std::size_t tile_bytes = columns / kQuad * kQuadBytes;
  for (std::size_t row = 0; row < rows; row += kTileRows) {
    // A tile stays in the second-level cache while every vector uses it.
    for (std::size_t vector = 0; vector < batch.count; ++vector) {
      const std::uint8_t* planes = matrix.planes.data() + row / kTileRows * tile_bytes;
      const std::int8_t* inputs = batch.inputs + vector * batch.input_stride;
      std::int32_t* const target = batch.sums + vector * batch.sum_stride + row;
      Sums sums(batch.onto ? target : nullptr);
      for (std::size_t column = 0; column < columns; column += kQuad) {
        for (std::size_t line = 0; line < kQuadBytes; line += kPlane) __builtin_prefetch(planes + line + kPrefetch);
        add_quad(sums, planes, table, input_quad(inputs + column));
        planes += kQuadBytes;
      }
      sums.store(target);
    }
  }
}

// The compiler makes vectors of these loops, but for the look-ups.
void step(const CellStep& cell_step) { step_from(cell_step, 0); }

void centre(const Centring& centring) { centre_from(centring, 0); }

void join(const Joining& joining) { join_from(joining, 0); }

}  // namespace

const Table kNeon{.name = "neon",
                  .multiply = {nullptr, nullptr, dense<add_quad4, 2 * kPlane>, nullptr, dense<add_quad8, 4 * kPlane>,
                               nullptr, nullptr},
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
