#include "format/code_stream.h"

#include <algorithm>
#include <array>

#include "error.h"
#include "format/entropy.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr unsigned codes_per_symbol(int bits) {
  return bits == 1 ? 8u : bits == 2 ? 4u : bits <= 4 ? 2u : 1u;
}

// The codes of a coded section, one after the other.
class CodeReader {
 public:
  CodeReader(Bytes data, std::size_t codes, int bits)
      : bits_(bits),
        per_symbol_(codes_per_symbol(bits)),
        left_((codes + per_symbol_ - 1) / per_symbol_),
        symbols_(data, left_, std::size_t{1} << (static_cast<std::size_t>(bits) * per_symbol_)) {}

  unsigned next() {
    if (code_ == per_symbol_) {
      if (++place_ >= filled_) refill();
      code_ = 0;
    }
    const unsigned symbol = buffer_[place_];
    return symbol >> (static_cast<unsigned>(bits_) * code_++) & ((1u << bits_) - 1);
  }

  // Symbols as they are.
  void read(std::span<std::uint8_t> symbols) { symbols_.read(symbols); }

  void finish() const { symbols_.finish(); }

 private:
  void refill() {
    filled_ = std::min(left_, buffer_.size());
    symbols_.read(std::span(buffer_).first(filled_));
    left_ -= filled_;
    place_ = 0;
  }

  int bits_;
  unsigned per_symbol_;
  std::size_t left_;
  EntropyReader symbols_;
  std::array<std::uint8_t, 4096> buffer_;
  std::size_t filled_ = 0;
  std::size_t place_ = 0;
  unsigned code_ = per_symbol_;
};

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
    if (codes_per_symbol(bits) == 1) {
      reader.read(run);
    } else {
      for (std::uint8_t& code : run) code = static_cast<std::uint8_t>(reader.next());
    }
    pack_run(run, bits, bytes);
  });
  return bytes;
}

}  // namespace

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
      reader.read(bytes);
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
