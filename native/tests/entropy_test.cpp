// Entropy-coded sections: every kernel of this CPU reads what a plain writer wrote, however it is cut, and refuses the rest.
#include <algorithm>
#include <bit>
#include <numeric>
#include <random>
#include <vector>

#include "check.h"
#include "error.h"
#include "format/entropy.h"

namespace {

using stapes::format::EntropyReader;
using stapes::kernels::Table;
using Symbols = std::vector<std::uint8_t>;

constexpr std::uint32_t kSum = 1 << 14;

// Frequencies of all symbols, falling with their number; those that do not occur have none.
std::vector<std::uint32_t> frequencies(const Symbols& symbols, std::size_t alphabet) {
  std::vector<std::uint32_t> counts(alphabet);
  for (const std::uint8_t symbol : symbols) counts[symbol] = 1;
  const auto used = static_cast<std::uint32_t>(std::accumulate(counts.begin(), counts.end(), 0u));
  std::uint32_t rest = kSum - used;
  for (std::uint32_t& count : counts) {
    if (count == 0) continue;
    count += rest / 4;
    rest -= rest / 4;
  }
  *std::ranges::find_if(counts, [](std::uint32_t count) { return count > 0; }) += rest;
  return counts;
}

void put16(std::vector<std::uint8_t>& bytes, std::uint32_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number & 0xff));
  bytes.push_back(static_cast<std::uint8_t>(number >> 8 & 0xff));
}

// Spec/codecs.md, section 4, backwards.
std::vector<std::uint8_t> coded(const Symbols& symbols, std::size_t alphabet) {
  const auto counts = frequencies(symbols, alphabet);
  std::vector<std::uint32_t> starts(alphabet);
  std::exclusive_scan(counts.begin(), counts.end(), starts.begin(), 0u);
  const std::size_t lanes = std::min<std::size_t>(std::bit_floor(std::max<std::size_t>(symbols.size() / 512, 1)), 1024);
  std::vector<std::uint32_t> states(lanes, 1 << 16), words;
  for (std::size_t at = symbols.size(); at-- > 0;) {
    std::uint32_t& state = states[at % lanes];
    const std::uint32_t count = counts[symbols[at]];
    if (state / (1 << 18) >= count) {
      words.push_back(state & 0xffff);
      state >>= 16;
    }
    state = state / count * kSum + starts[symbols[at]] + state % count;
  }
  std::vector<std::uint8_t> bytes;
  for (const std::uint32_t count : counts) put16(bytes, count);
  for (const std::uint32_t state : states) put16(bytes, state & 0xffff), put16(bytes, state >> 16);
  for (auto word = words.rbegin(); word != words.rend(); ++word) put16(bytes, *word);
  return bytes;
}

Symbols random_symbols(std::mt19937& random, std::size_t count, std::size_t alphabet) {
  Symbols symbols(count);
  std::geometric_distribution<int> falling(0.1);
  for (auto& symbol : symbols) symbol = static_cast<std::uint8_t>(static_cast<std::size_t>(falling(random)) % alphabet);
  return symbols;
}

// What `table` reads, in pieces of `piece` symbols.
Symbols read(const std::vector<std::uint8_t>& bytes, std::size_t count, std::size_t alphabet, std::size_t piece,
             const Table& table) {
  EntropyReader reader(bytes, count, alphabet, table);
  Symbols symbols(count);
  for (std::size_t done = 0; done < count; done += piece) {
    reader.read(std::span(symbols).subspan(done, std::min(piece, count - done)));
  }
  reader.finish();
  return symbols;
}

bool is_refused(const std::vector<std::uint8_t>& bytes, std::size_t count, std::size_t alphabet, const Table& table) {
  try {
    read(bytes, count, alphabet, 1000, table);
    return false;
  } catch (const stapes::Error&) {
    return true;
  }
}

}  // namespace

TEST(all_kernels_read_what_was_written) {
  std::mt19937 random(1);
  for (const std::size_t alphabet : {64U, 256U}) {
    for (const std::size_t count : {1U, 511U, 8191U, 16384U, 40000U, 2000001U}) {
      const Symbols symbols = random_symbols(random, count, alphabet);
      const auto bytes = coded(symbols, alphabet);
      for (const Table* table : stapes::kernels::available()) {
        for (const std::size_t piece : {std::size_t{1023}, std::size_t{1024}, count}) {
          CHECK(read(bytes, count, alphabet, piece, *table) == symbols);
        }
      }
    }
  }
}

TEST(one_symbol_alone_takes_no_words) {
  const Symbols symbols(20000, 3);
  const auto bytes = coded(symbols, 64);
  for (const Table* table : stapes::kernels::available()) CHECK(read(bytes, symbols.size(), 64, 999, *table) == symbols);
}

TEST(all_kernels_refuse_words_that_are_missing_left_over_or_spoilt) {
  std::mt19937 random(2);
  const std::size_t count = 30000;
  const auto sound = coded(random_symbols(random, count, 256), 256);
  for (const Table* table : stapes::kernels::available()) {
    auto cut = sound, longer = sound, spoilt = sound;
    cut.resize(sound.size() - 2);
    longer.resize(sound.size() + 2);
    spoilt[sound.size() / 2] ^= 4;
    for (const auto& bytes : {cut, longer, spoilt}) CHECK(is_refused(bytes, count, 256, *table));
    CHECK(!is_refused(sound, count, 256, *table));
  }
}

CHECK_MAIN();
