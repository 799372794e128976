#include "kernels/pack.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <cstring>
#include <numeric>

#include "kernels/planes.h"

namespace stapes::kernels {
namespace {

constexpr std::int32_t kInputZero = 128;  // what kernels add to inputs to make them unsigned

std::size_t index_of(std::int8_t level) { return static_cast<std::uint8_t>(level); }

// Every level that occurs, and zero, which padding needs.
std::bitset<256> present(std::span<const std::int8_t> levels) {
  std::array<bool, 256> seen{};
  for (const std::int8_t level : levels) seen[index_of(level)] = true;
  std::bitset<256> found;
  found.set(0);
  for (std::size_t byte = 0; byte < 256; ++byte) found.set(byte, found.test(byte) || seen[byte]);
  return found;
}

struct Codebook {
  std::array<std::int8_t, 64> levels{};   // by code, repeated
  std::array<std::uint8_t, 256> codes{};  // by level as an unsigned byte
  bool linear = false;                    // whether codes are levels, in six bits plus kSixBitZero
  unsigned zero = 0;
  LookUp look_up = nullptr;
};

Codebook make_linear(Layout layout) {
  Codebook book;
  book.linear = true;
  book.zero = layout == Layout::dense6 ? kSixBitZero : 0;
  for (unsigned byte = 0; byte < 256; ++byte) book.codes[byte] = static_cast<std::uint8_t>(byte + book.zero);
  for (std::size_t code = 0; code < book.levels.size(); ++code) {
    book.levels[code] = static_cast<std::int8_t>(static_cast<int>(code) - kSixBitZero);
  }
  return book;
}

bool is_linear(const std::bitset<256>& found, Layout layout) {
  if (layout == Layout::dense8 || layout == Layout::masked8) return true;
  bool all_small = true;
  for (int level = -128; level <= 127; ++level) {
    const bool is_small = level >= -kSixBitZero && level < kSixBitZero;
    all_small = all_small && (is_small || !found.test(index_of(static_cast<std::int8_t>(level))));
  }
  return layout == Layout::dense6 && all_small;
}

// Codes in ascending order of the levels, unless they are these; zero has no code in masked layouts.
Codebook make_codebook(const std::bitset<256>& found, Layout layout) {
  if (is_linear(found, layout)) return make_linear(layout);
  Codebook book;
  std::size_t count = 0;
  for (int level = -128; level <= 127; ++level) {
    const auto narrow = static_cast<std::int8_t>(level);
    if (!found.test(index_of(narrow)) || (level == 0 && is_masked(layout))) continue;
    book.codes[index_of(narrow)] = static_cast<std::uint8_t>(count);
    book.levels[count++] = narrow;
  }
  for (std::size_t at = codes_of(layout); at < book.levels.size(); ++at) {
    book.levels[at] = book.levels[at - codes_of(layout)];
  }
  return book;
}

using LevelPlane = std::array<std::int8_t, kPlane>;

// Levels [R, C] with zeros around them.
struct Padded {
  std::span<const std::int8_t> levels;
  std::size_t rows;
  std::size_t columns;
  std::size_t stride;

  std::span<const std::int8_t> row(std::size_t row) const { return levels.subspan(row * stride, columns); }
  // Those of the plane of `group` in `tile` and `quad`.
  LevelPlane plane(std::size_t tile, std::size_t quad, std::size_t group) const {
    LevelPlane plane{};
    const std::size_t first = tile * kTileRows + group * 16, column = quad * kQuad;
    if (column >= columns) return plane;
    const std::size_t count = std::min(kQuad, columns - column);
    for (std::size_t at = 0; at < 16 && first + at < rows; ++at) {
      std::memcpy(plane.data() + at * kQuad, row(first + at).subspan(column).data(), count);
    }
    return plane;
  }
};

// Eight bytes of a plane at once.
using Word = std::uint64_t;
constexpr Word kEach = 0x0101010101010101;
using Plane = std::array<Word, kPlane / sizeof(Word)>;

// The codes of a tile [64, padded columns].
void take_tile(const Padded& padded, std::size_t tile, const Codebook& book, std::span<std::uint8_t> codes) {
  const std::size_t width = padded_columns(padded.columns), first = tile * kTileRows;
  const std::size_t rows = std::min(kTileRows, padded.rows - first);
  if (rows < kTileRows || width > padded.columns) std::ranges::fill(codes, book.codes[0]);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto own = padded.row(first + row);
    const auto to = codes.subspan(row * width).begin();
    if (book.linear) {
      const auto moved = [zero = book.zero](std::int8_t level) {
        return static_cast<std::uint8_t>(index_of(level) + zero);
      };
      std::ranges::transform(own, to, moved);
    } else if (book.look_up != nullptr) {
      book.look_up(book.codes.data(), reinterpret_cast<const std::uint8_t*>(own.data()), own.size(), &*to);
    } else {
      std::ranges::transform(own, to, [&](std::int8_t level) { return book.codes[index_of(level)]; });
    }
  }
}

// The codes of 16 rows and a quad of columns that begin at `codes`, rows being `width` apart.
Plane take_plane(std::span<const std::uint8_t> codes, std::size_t width) {
  Plane plane;
  const auto bytes = std::as_writable_bytes(std::span(plane));
  for (std::size_t row = 0; row < 16; ++row) {
    std::memcpy(bytes.subspan(row * kQuad).data(), codes.subspan(row * width).data(), kQuad);
  }
  return plane;
}

void put_fields(const Plane& plane, const CodeFields& place, std::span<Plane> planes) {
  for (const BitField& field : place.fields) {
    if (field.bits == 0) break;
    Plane& target = planes[field.plane];
    const Word mask = kEach * ((1U << field.bits) - 1);
    for (std::size_t at = 0; at < plane.size(); ++at) target[at] |= (plane[at] >> field.to & mask) << field.shift;
  }
}

void write_dense(const Padded& padded, Layout layout, const Codebook& book, std::span<std::uint8_t> bytes) {
  const std::size_t width = padded_columns(padded.columns);
  const std::size_t taken = planes_per_pair(layout);
  std::vector<std::uint8_t> tile(kTileRows * width);
  std::array<Plane, 2 * kGroups> planes;
  for (std::size_t which = 0; which < padded_rows(padded.rows) / kTileRows; ++which) {
    take_tile(padded, which, book, tile);
    for (std::size_t pair = 0; pair < width / (2 * kQuad); ++pair) {
      std::fill_n(planes.begin(), taken, Plane{});
      for (std::size_t quad = 0; quad < 2; ++quad) {
        for (std::size_t group = 0; group < kGroups; ++group) {
          const std::size_t from = group * 16 * width + (2 * pair + quad) * kQuad;
          put_fields(take_plane(std::span(tile).subspan(from), width), code_fields(layout, quad, group), planes);
        }
      }
      std::memcpy(bytes.data(), planes.data(), taken * kPlane);
      bytes = bytes.subspan(taken * kPlane);
    }
  }
}

// Bit `index` is set where that level is not zero.
std::uint64_t mask_of(const LevelPlane& plane) {
  constexpr Word kLow = 0x7f * kEach, kHigh = 0x80 * kEach;
  std::uint64_t mask = 0;
  for (std::size_t word = 0; word < kPlane / sizeof(Word); ++word) {
    Word levels;
    std::memcpy(&levels, plane.data() + word * sizeof(Word), sizeof(Word));
    const Word nonzero = (((levels & kLow) + kLow) | levels) & kHigh;
    // The high bit of byte k goes to bit 56 + k, and nothing else goes there.
    mask |= (nonzero >> 7) * 0x0102040810204080 >> 56 << word * sizeof(Word);
  }
  return mask;
}

// Codes of the levels of a plane that are not zero.
std::size_t nonzero_codes(const LevelPlane& plane, std::uint64_t mask, const Codebook& book,
                          std::span<std::uint8_t, kPlane> codes) {
  std::size_t count = 0;
  for (std::uint64_t rest = mask; rest != 0; rest &= rest - 1) {
    codes[count++] = book.codes[index_of(plane[static_cast<std::size_t>(std::countr_zero(rest))])];
  }
  return count;
}

void write_masked(const Padded& padded, Layout layout, const Codebook& book, std::span<std::uint64_t> masks,
                  std::vector<std::uint8_t>& values) {
  const std::size_t quads = padded_columns(padded.columns) / kQuad;
  const std::size_t tiles = padded_rows(padded.rows) / kTileRows;
  for (std::size_t which = 0; which < tiles * quads * kGroups; ++which) {
    const std::size_t group = which % kGroups, quad = which / kGroups % quads, tile = which / kGroups / quads;
    if (layout == Layout::masked4 && group % 2 != 0) continue;  // goes along with the one before
    const auto take = [&](std::size_t next, std::span<std::uint8_t, kPlane> codes) {
      const LevelPlane plane = padded.plane(tile, quad, group + next);
      masks[which + next] = mask_of(plane);
      return nonzero_codes(plane, masks[which + next], book, codes);
    };
    std::array<std::uint8_t, kPlane> codes{};
    const std::size_t count = take(0, codes);
    if (layout == Layout::masked8) {
      values.insert(values.end(), codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(count));
    } else {
      std::array<std::uint8_t, kPlane> high{};
      const std::size_t length = std::max(count, take(1, high));
      for (std::size_t at = 0; at < length; ++at) high[at] = static_cast<std::uint8_t>(codes[at] | high[at] << 4);
      values.insert(values.end(), high.begin(), high.begin() + static_cast<std::ptrdiff_t>(length));
    }
  }
}

std::span<std::int32_t> as_int32(std::span<std::uint8_t> bytes) {
  return {reinterpret_cast<std::int32_t*>(bytes.data()), bytes.size() / sizeof(std::int32_t)};
}

std::span<std::uint64_t> as_uint64(std::span<std::uint8_t> bytes) {
  return {reinterpret_cast<std::uint64_t*>(bytes.data()), bytes.size() / sizeof(std::uint64_t)};
}

bool take_corrections(const Padded& padded, Arena& arena, Matrix& matrix) {
  const auto corrections = as_int32(arena.take(padded_rows(padded.rows) * sizeof(std::int32_t)));
  if (corrections.empty()) return false;
  for (std::size_t row = 0; row < padded.rows; ++row) {
    const auto own = padded.row(row);
    const std::int32_t sum = std::accumulate(own.begin(), own.end(), std::int32_t{0});
    corrections[row] = -kInputZero * sum;
  }
  matrix.corrections = corrections;
  return true;
}

bool take_dense(const Padded& padded, const Codebook& book, Arena& arena, Matrix& matrix) {
  const std::size_t pairs = padded_columns(padded.columns) / (2 * kQuad);
  const std::size_t tiles = padded_rows(padded.rows) / kTileRows;
  const auto planes = arena.take(tiles * pairs * planes_per_pair(matrix.layout) * kPlane);
  if (planes.empty()) return false;
  write_dense(padded, matrix.layout, book, planes);
  matrix.planes = planes;
  return true;
}

bool take_masked(const Padded& padded, const Codebook& book, Arena& arena, Matrix& matrix) {
  const std::size_t quads = padded_columns(padded.columns) / kQuad;
  const std::size_t planes = padded_rows(padded.rows) / kTileRows * quads * kGroups;
  const auto masks = as_uint64(arena.take(planes * sizeof(std::uint64_t)));
  if (masks.empty()) return false;
  std::vector<std::uint8_t> values;
  write_masked(padded, matrix.layout, book, masks, values);
  const auto taken = arena.take(values.size());
  if (taken.size() != values.size()) return false;
  std::copy(values.begin(), values.end(), taken.begin());
  matrix.masks = masks;
  matrix.planes = taken;
  return true;
}

std::size_t codes_needed(const std::bitset<256>& found, bool masked) { return found.count() - (masked ? 1 : 0); }

}  // namespace

Layout choose_layout(std::span<const std::int8_t> alphabet, bool masked, const Table& table) {
  const std::bitset<256> found = present(alphabet);
  if (masked) {
    const Layout wanted = codes_needed(found, true) <= 16 ? Layout::masked4 : Layout::masked8;
    if (table.runs(wanted)) return wanted;
  }
  const std::size_t needed = codes_needed(found, false);
  for (const Layout layout : {Layout::dense2, Layout::dense3, Layout::dense4, Layout::dense6}) {
    if (needed <= codes_of(layout) && table.runs(layout)) return layout;
  }
  return Layout::dense8;
}

std::size_t packed_bytes_bound(std::size_t rows, std::size_t columns) {
  // One byte a weight, its bit in the masks, corrections, and rounding of three pieces.
  const std::size_t weights = padded_rows(rows) * padded_columns(columns);
  return weights + weights / 8 + padded_rows(rows) * sizeof(std::int32_t) + 3 * kPlane;
}

std::optional<Matrix> pack(std::span<const std::int8_t> levels, std::size_t rows, std::size_t columns,
                           std::span<const std::int8_t> alphabet, Layout layout, Arena& arena,
                           std::size_t stride, const Table* table) {
  const std::bitset<256> found = present(alphabet);
  if (codes_needed(found, is_masked(layout)) > codes_of(layout)) return std::nullopt;
  Codebook book = make_codebook(found, layout);
  Matrix matrix{.layout = layout, .rows = rows, .columns = columns, .planes = {}, .masks = {}, .corrections = {}};
  matrix.levels = book.levels;
  matrix.linear = book.linear && layout == Layout::dense6;
  const Padded padded{levels, rows, columns, std::max(stride, columns)};
  if (table != nullptr) book.look_up = table->look_up;
  if (!take_corrections(padded, arena, matrix)) return std::nullopt;
  const bool taken = is_masked(layout) ? take_masked(padded, book, arena, matrix)
                                       : take_dense(padded, book, arena, matrix);
  return taken ? std::optional(matrix) : std::nullopt;
}

std::vector<std::int8_t> unpack(const Matrix& matrix) {
  std::vector<std::int8_t> levels(matrix.rows * matrix.columns);
  PlaneReader reader(matrix);
  for (std::size_t which = 0; which < plane_count(matrix.rows, matrix.columns); ++which) {
    std::array<std::int8_t, kPlane> plane{};
    reader.next(plane);
    const PlanePlace place = plane_place(which, matrix.columns);
    for (std::size_t index = 0; index < kPlane; ++index) {
      const std::size_t row = place.row + index / kQuad, column = place.column + index % kQuad;
      if (row < matrix.rows && column < matrix.columns) levels[row * matrix.columns + column] = plane[index];
    }
  }
  return levels;
}

}  // namespace stapes::kernels
