#include "format/entropy.h"

#include <algorithm>
#include <bit>

#include "error.h"
#include "format/little_endian.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr std::uint32_t kLeastState = 1u << 16;
constexpr std::size_t kSymbolsPerLane = 512;
constexpr std::size_t kMostLanes = 1024;

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

std::size_t lanes(std::size_t symbols) {
  return std::min(std::bit_floor(std::max<std::size_t>(symbols / kSymbolsPerLane, 1)), kMostLanes);
}

}  // namespace

EntropyReader::EntropyReader(Bytes data, std::size_t symbols, std::size_t alphabet) : count_(symbols) {
  const std::size_t width = lanes(symbols);
  const std::size_t head = 2 * alphabet + 4 * width;
  if (data.size() < head || data.size() % 2 != 0) {
    refuse(sentence("coded with ", data.size(), " bytes; an even number from ", head, " up is accepted for ",
                    symbols, " symbols"));
  }
  std::uint32_t sum = 0;
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    frequencies_[symbol] = u16_at(data, symbol);
    starts_[symbol] = sum;
    sum += frequencies_[symbol];
  }
  if (sum != kSum)
    refuse(sentence("coded with frequencies that sum up to ", sum, "; ", kSum, " is accepted"));
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    symbol_of_slot_.insert(symbol_of_slot_.end(), frequencies_[symbol], static_cast<std::uint8_t>(symbol));
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
  // No symbol takes more than one word: where there are as many, whether one is taken needs no branch.
  const std::size_t safe = std::min(symbols.size(), words_.size() / 2 - word_);
  read_safely(symbols.first(safe));
  for (std::uint8_t& symbol : symbols.subspan(safe)) {
    std::uint32_t& state = states_[lane_];
    const std::uint32_t slot = state & (kSum - 1);
    symbol = symbol_of_slot_[slot];
    state = frequencies_[symbol] * (state >> kProbabilityBits) + slot - starts_[symbol];
    lane_ = (lane_ + 1) & (states_.size() - 1);
    if (state >= kLeastState) continue;
    if (2 * word_ == words_.size()) {
      refuse(sentence("coded with ", word_, " words; more are expected for ", count_, " symbols"));
    }
    state = state << 16 | u16_at(words_, word_++);
  }
}

void EntropyReader::read_safely(std::span<std::uint8_t> symbols) {
  // Symbols are bytes, which might alias any member: what the loop uses is local.
  const std::span<std::uint32_t> states(states_);
  const std::span<const std::uint8_t> symbol_of_slot(symbol_of_slot_);
  const std::size_t mask = states.size() - 1;
  const Bytes words = words_;
  std::size_t lane = lane_;
  std::size_t word = word_;
  for (std::uint8_t& symbol : symbols) {
    std::uint32_t state = states[lane];
    const std::uint32_t slot = state & (kSum - 1);
    const std::uint8_t found = symbol_of_slot[slot];
    state = frequencies_[found] * (state >> kProbabilityBits) + slot - starts_[found];
    const bool hungry = state < kLeastState;
    const std::uint32_t fed = state << 16 | u16_at(words, word);
    states[lane] = hungry ? fed : state;
    word += hungry;
    lane = (lane + 1) & mask;
    symbol = found;
  }
  lane_ = lane;
  word_ = word;
}

void EntropyReader::finish() const {
  const auto at_rest = [](std::uint32_t state) { return state == kLeastState; };
  if (2 * word_ != words_.size() || !std::all_of(states_.begin(), states_.end(), at_rest)) {
    refuse(
        sentence("coded with ", words_.size() / 2, " words that do not end where ", count_, " symbols end"));
  }
}

}  // namespace stapes::format
