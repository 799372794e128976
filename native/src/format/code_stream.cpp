#include "format/code_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace stapes::format {
namespace {

constexpr unsigned codes_per_symbol(int bits) {
  return bits == 1 ? 8u : bits == 2 ? 4u : bits <= 4 ? 2u : 1u;
}

std::size_t symbol_count(std::size_t codes, int bits) {
  return (codes + codes_per_symbol(bits) - 1) / codes_per_symbol(bits);
}

}  // namespace

CodeReader::CodeReader(Bytes data, std::size_t codes, int bits)
    : bits_(bits),
      per_symbol_(codes_per_symbol(bits)),
      symbols_(data, symbol_count(codes, bits), std::size_t{1} << (static_cast<unsigned>(bits) * per_symbol_)) {
  std::array<std::uint8_t, 16> same;
  std::iota(same.begin(), same.end(), std::uint8_t{0});
  if (per_symbol_ > 1) stand_for(same);
}

void CodeReader::stand_for(std::span<const std::uint8_t> values) {
  const auto bits = static_cast<unsigned>(bits_);
  expanded_.assign(std::size_t{1} << (bits * per_symbol_), {});
  for (std::size_t symbol = 0; symbol < expanded_.size(); ++symbol) {
    for (unsigned index = 0; index < per_symbol_; ++index) {
      expanded_[symbol][index] = values[symbol >> (bits * index) & ((1u << bits) - 1)];
    }
  }
}

template <std::size_t kTogether>
void CodeReader::expand(std::span<const std::uint8_t> symbols, std::span<std::uint8_t> codes) const {
  for (const std::uint8_t symbol : symbols) {
    std::memcpy(codes.data(), expanded_[symbol].data(), kTogether);
    codes = codes.subspan(kTogether);
  }
}

void CodeReader::read(std::span<std::uint8_t> codes) {
  if (per_symbol_ == 1) return symbols_.read(codes);
  for (; left_ > 0 && !codes.empty(); codes = codes.subspan(1)) codes[0] = next_of_symbol();
  std::array<std::uint8_t, 512> symbols;
  while (codes.size() >= per_symbol_) {
    const auto some = std::span(symbols).first(std::min(codes.size() / per_symbol_, symbols.size()));
    symbols_.read(some);
    if (per_symbol_ == 2) expand<2>(some, codes);
    if (per_symbol_ == 4) expand<4>(some, codes);
    if (per_symbol_ == 8) expand<8>(some, codes);
    codes = codes.subspan(some.size() * per_symbol_);
  }
  for (; !codes.empty(); codes = codes.subspan(1)) codes[0] = next_of_symbol();
}

std::uint8_t CodeReader::next_of_symbol() {
  if (left_ == 0) {
    symbols_.read({&symbol_, 1});
    left_ = per_symbol_;
  }
  return expanded_[symbol_][per_symbol_ - left_--];
}

void unpack_run(Bytes run, int bits, std::span<std::uint8_t> codes) {
  const unsigned mask = (1u << bits) - 1;
  std::uint32_t pending = 0;
  int filled = 0;
  std::size_t next = 0;
  for (std::uint8_t& code : codes) {
    if (filled < bits) {
      pending |= std::uint32_t{run[next++]} << filled;
      filled += 8;
    }
    code = static_cast<std::uint8_t>(pending & mask);
    pending >>= bits;
    filled -= bits;
  }
}

}  // namespace stapes::format
