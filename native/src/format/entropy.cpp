#include "format/entropy.h"

#include <algorithm>
#include <bit>

#include "error.h"
#include "format/little_endian.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr int kProbabilityBits = 14;
constexpr std::uint32_t kSum = 1u << kProbabilityBits;
constexpr std::uint32_t kLeastState = 1u << 16;
constexpr std::size_t kSymbolsPerLane = 512;
constexpr std::size_t kMostLanes = 1024;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

std::size_t lanes(std::size_t symbols) {
  return std::min(std::bit_floor(std::max<std::size_t>(symbols / kSymbolsPerLane, 1)), kMostLanes);
}

struct Decoded {
  std::uint32_t state;
  std::uint8_t symbol;
};

// The symbol of a state, and the state behind it, which may ask for a word.
Decoded decoded(std::uint32_t state, std::span<const std::uint8_t> symbol_of_slot,
                std::span<const std::uint32_t> ranges) {
  const std::uint32_t slot = state & (kSum - 1);
  const std::uint8_t symbol = symbol_of_slot[slot];
  const std::uint32_t range = ranges[symbol];
  return {(range & 0xffff) * (state >> kProbabilityBits) + slot - (range >> 16), symbol};
}

}  // namespace

EntropyReader::EntropyReader(Bytes data, std::size_t symbols, std::size_t alphabet,
                             const kernels::Table& table)
    : table_(&table), count_(symbols), few_symbols_(alphabet <= kernels::kFewSymbols) {
  const std::size_t width = lanes(symbols);
  const std::size_t head = 2 * alphabet + 4 * width;
  if (data.size() < head || data.size() % 2 != 0) {
    refuse(sentence("coded with ", data.size(), " bytes; an even number from ", head, " up is accepted for ",
                    symbols, " symbols"));
  }
  std::uint32_t sum = 0;
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) sum += u16_at(data, symbol);
  if (sum != kSum)
    refuse(sentence("coded with frequencies that sum up to ", sum, "; ", kSum, " is accepted"));
  symbol_of_slot_.resize(kSum + kernels::kBehindSlots);
  std::uint32_t start = 0;
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    const std::uint32_t frequency = u16_at(data, symbol);
    ranges_[symbol] = frequency | start << 16;
    std::fill_n(symbol_of_slot_.begin() + start, frequency, static_cast<std::uint8_t>(symbol));
    start += frequency;
  }
  const Bytes states = data.subspan(2 * alphabet, 4 * width);
  for (std::size_t lane = 0; lane < width; ++lane) states_.push_back(u32_at(states, lane));
  const std::uint32_t least = *std::min_element(states_.begin(), states_.end());
  if (least < kLeastState) {
    refuse(sentence("coded with a first state of ", least, "; ", kLeastState, " and more are accepted"));
  }
  words_ = data.subspan(head);
}

void EntropyReader::read(std::span<std::uint8_t> symbols) {
  symbols = symbols.subspan(read_at_once(symbols));
  // No symbol takes more than one word: where there are as many, whether one is taken needs no branch.
  const std::size_t safe = std::min(symbols.size(), words_.size() / 2 - word_);
  read_safely(symbols.first(safe));
  read_carefully(symbols.subspan(safe));
}

std::size_t EntropyReader::read_at_once(std::span<std::uint8_t> symbols) {
  constexpr std::size_t kTogether = kernels::kLanesTogether;
  if (table_->decode == nullptr || lane_ % kTogether != 0 || states_.size() < kTogether) return 0;
  std::size_t done = 0;
  while (true) {
    // Up to the last lane: then it is the turn of the first.
    const std::size_t some =
        std::min({symbols.size() - done, states_.size() - lane_, words_.size() / 2 - word_}) / kTogether * kTogether;
    if (some == 0) return done;
    word_ += table_->decode({.states = states_.data() + lane_,
                             .symbol_of_slot = symbol_of_slot_.data(),
                             .ranges = ranges_.data(),
                             .few_symbols = few_symbols_,
                             .words = words_.data() + 2 * word_,
                             .count = some,
                             .symbols = symbols.data() + done});
    lane_ = (lane_ + some) & (states_.size() - 1);
    done += some;
  }
}

void EntropyReader::read_safely(std::span<std::uint8_t> symbols) {
  // Symbols are bytes, which might alias any member: what the loop uses is local.
  const std::span<std::uint32_t> states(states_);
  const std::span<const std::uint8_t> symbol_of_slot(symbol_of_slot_);
  const std::span<const std::uint32_t> ranges(ranges_);
  const std::size_t mask = states.size() - 1;
  const Bytes words = words_;
  std::size_t lane = lane_;
  std::size_t word = word_;
  for (std::uint8_t& symbol : symbols) {
    const Decoded next = decoded(states[lane], symbol_of_slot, ranges);
    // Whether a word is taken is close to random: a branch would often be mispredicted.
    const std::uint32_t hungry = next.state < kLeastState;
    states[lane] = next.state << 16 * hungry | (u16_at(words, word) & (0u - hungry));
    word += hungry;
    lane = (lane + 1) & mask;
    symbol = next.symbol;
  }
  lane_ = lane;
  word_ = word;
}

void EntropyReader::read_carefully(std::span<std::uint8_t> symbols) {
  for (std::uint8_t& symbol : symbols) {
    std::uint32_t& state = states_[lane_];
    const Decoded next = decoded(state, symbol_of_slot_, ranges_);
    symbol = next.symbol;
    state = next.state;
    lane_ = (lane_ + 1) & (states_.size() - 1);
    if (state >= kLeastState) continue;
    if (2 * word_ == words_.size()) {
      refuse(sentence("coded with ", word_, " words; more are expected for ", count_, " symbols"));
    }
    state = state << 16 | u16_at(words_, word_++);
  }
}

void EntropyReader::finish() const {
  const auto at_rest = [](std::uint32_t state) { return state == kLeastState; };
  if (2 * word_ != words_.size() || !std::all_of(states_.begin(), states_.end(), at_rest)) {
    refuse(
        sentence("coded with ", words_.size() / 2, " words that do not end where ", count_, " symbols end"));
  }
}

}  // namespace stapes::format
