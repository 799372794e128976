#include "lattice/wire.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "error.h"
#include "format/crc32.h"
#include "sentence.h"

namespace stapes::lattice {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr double kLevels = 255;  // the highest code of a score

// Scores are `low` + code * `step`; without a step all are `low`.
struct Grid {
  float low = 0;
  float step = 0;

  explicit Grid(std::span<const double> scores) {
    if (scores.empty()) return;
    const auto [lowest, highest] = std::ranges::minmax(scores);
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    low = static_cast<float>(lowest);
    if (lowest == highest) return;
    if (double{low} > lowest) low = std::nextafter(low, -kInfinity);
    step = static_cast<float>((highest - double{low}) / kLevels);
    if (double{low} + double{step} * kLevels < highest) step = std::nextafter(step, kInfinity);
  }
  std::uint8_t code(double score) const {
    return static_cast<std::uint8_t>(std::clamp(std::floor((score - double{low}) / double{step} + 0.5), 0.0, kLevels));
  }
};

class Writer {
 public:
  void byte(unsigned value) { bytes_.push_back(static_cast<std::uint8_t>(value)); }
  void varint(std::uint32_t value) {
    for (; value > 0x7f; value >>= 7) byte((value & 0x7f) | 0x80);
    byte(value);
  }
  void u32(std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) byte(value >> shift & 0xff);
  }
  void text(std::string_view text) {
    varint(static_cast<std::uint32_t>(text.size()));
    for (const char letter : text) byte(static_cast<unsigned char>(letter));
  }
  void grid(const Grid& grid) {
    u32(std::bit_cast<std::uint32_t>(grid.low));
    u32(std::bit_cast<std::uint32_t>(grid.step));
  }
  void codes(const Grid& grid, std::span<const double> scores) {
    if (grid.step == 0) return;
    for (const double score : scores) byte(grid.code(score));
  }
  std::vector<std::uint8_t> take() {
    u32(format::crc32(bytes_));
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

// The words of `lattice` but the empty one, by their bytes.
std::vector<std::string_view> words_of(const Lattice& lattice) {
  std::vector<std::string_view> words;
  for (const Arc& arc : lattice.arcs) {
    if (!arc.word.empty()) words.push_back(arc.word);
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

void write_arc(const Arc& arc, const Lattice& lattice, std::span<const std::string_view> words, Writer& out) {
  const auto late = static_cast<std::uint32_t>(arc.start_frame - lattice.frames[arc.source]);
  const auto early = static_cast<std::uint32_t>(lattice.frames[arc.target] - arc.end_frame);
  const auto place = std::ranges::lower_bound(words, std::string_view(arc.word));
  out.varint((arc.target - arc.source - 1) << 2 | (late > 0 ? 2U : 0U) | (early > 0 ? 1U : 0U));
  out.varint(arc.word.empty() ? 0 : static_cast<std::uint32_t>(place - words.begin()) + 1);
  if (late > 0) out.varint(late - 1);
  if (early > 0) out.varint(early - 1);
}

std::vector<double> scores_of(const Lattice& lattice, double Arc::* kind) {
  std::vector<double> scores;
  for (const Arc& arc : lattice.arcs) scores.push_back(arc.*kind);
  return scores;
}

}  // namespace

std::vector<std::uint8_t> to_bytes(const Lattice& lattice, int frame_ms) {
  const std::vector<std::string_view> words = words_of(lattice);
  const std::vector<double> acoustic = scores_of(lattice, &Arc::acoustic), context = scores_of(lattice, &Arc::context);
  const Grid acoustic_grid(acoustic), context_grid(context);
  Writer out;
  for (const unsigned byte : {0x89U, 0x53U, 0x4cU, 0x54U, 1U}) out.byte(byte);
  out.varint(static_cast<std::uint32_t>(frame_ms));
  out.varint(static_cast<std::uint32_t>(words.size()));
  out.varint(static_cast<std::uint32_t>(lattice.frames.size()));
  out.grid(acoustic_grid);
  out.grid(context_grid);
  for (const std::string_view word : words) out.text(word);
  std::int32_t before = 0;
  for (const std::int32_t frame : lattice.frames) {
    out.varint(static_cast<std::uint32_t>(frame - before));
    before = frame;
  }
  const std::vector<ArcRange> leaving = lattice.leaving();
  for (std::size_t node = 0; node < lattice.end(); ++node) {
    out.varint(static_cast<std::uint32_t>(leaving[node].end - leaving[node].first));
    for (std::size_t at = leaving[node].first; at < leaving[node].end; ++at) write_arc(lattice.arcs[at], lattice, words, out);
  }
  out.codes(acoustic_grid, acoustic);
  out.codes(context_grid, context);
  std::vector<std::uint8_t> bytes = out.take();
  if (bytes.size() > kMostBytes) {
    throw Error(Fault::kConfig, sentence("lattice: ", bytes.size(), " bytes on the wire, accepted are at most ",
                                         kMostBytes, "; prune more"));
  }
  return bytes;
}

}  // namespace stapes::lattice
