#include "format/code_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "error.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr unsigned codes_per_symbol(int bits) {
  return bits == 1 ? 8u : bits == 2 ? 4u : bits <= 4 ? 2u : 1u;
}

// Codes [at most 64] as the bytes of a run.
void pack_run(std::span<const std::uint8_t> codes, int bits, std::vector<std::uint8_t>& bytes) {
  unsigned pending = 0;
  int filled = 0;
  for (const std::uint8_t code : codes) {
    pending |= static_cast<unsigned>(code) << filled;
    filled += bits;
    if (filled >= 8) {
      bytes.push_back(static_cast<std::uint8_t>(pending & 0xff));
      pending >>= 8;
      filled -= 8;
    }
  }
  if (filled > 0) bytes.push_back(static_cast<std::uint8_t>(pending));
}

std::vector<std::uint8_t> packed(CodeReader& reader, const RunLengths& lengths, std::size_t size_bytes,
                                 int bits) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size_bytes);
  std::array<std::uint8_t, kWindow> codes;
  lengths([&](std::size_t count) {
    const auto run = std::span(codes).first(count);
    reader.read(run);
    pack_run(run, bits, bytes);
  });
  return bytes;
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

std::vector<std::uint8_t> decoded(Bytes data, const RunLengths& lengths, int bits, std::string_view where) {
  std::size_t codes = 0;
  std::size_t size_bytes = 0;
  // Whether symbols are whole bytes of the packed form.
  bool alike = 8 % bits == 0;
  lengths([&](std::size_t count) {
    codes += count;
    size_bytes += run_bytes(count, bits);
    alike = alike && count * static_cast<std::size_t>(bits) % 8 == 0;
  });
  try {
    CodeReader reader(data, codes, bits);
    std::vector<std::uint8_t> bytes;
    if (alike) {
      bytes.resize(size_bytes);
      reader.read_symbols(bytes);
    } else {
      bytes = packed(reader, lengths, size_bytes, bits);
    }
    reader.finish();
    return bytes;
  } catch (const Error& error) {
    throw Error(Fault::kFormat, sentence(where, " is ", error.sentence()));
  }
}

}  // namespace stapes::format
