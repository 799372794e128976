#include "format/crc32.h"

#include <array>
#include <bit>
#include <cstring>

namespace stapes::format {
namespace {

constexpr std::size_t kTogether = 16;
using Tables = std::array<std::array<std::uint32_t, 256>, kTogether>;

// Table k advances a byte by k further zero bytes, so that sixteen bytes are taken at once (Kounavis and Berry,
// 2005).
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) ? 0xEDB88320u : 0u);
    tables[0][byte] = rest;
  }
  for (std::size_t k = 1; k < kTogether; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t rest = tables[k - 1][byte];
      tables[k][byte] = (rest >> 8) ^ tables[0][rest & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

constexpr std::uint32_t little_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

}  // namespace

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t rest = 0xFFFFFFFFu;
  for (; bytes.size() >= kTogether; bytes = bytes.subspan(kTogether)) {
    const std::uint32_t words[] = {little_endian(bytes.data()) ^ rest, little_endian(bytes.data() + 4),
                                   little_endian(bytes.data() + 8), little_endian(bytes.data() + 12)};
    rest = 0;
    for (std::size_t byte = 0; byte < kTogether; ++byte) {
      rest ^= kTables[kTogether - 1 - byte][words[byte / 4] >> 8 * (byte % 4) & 0xff];
    }
  }
  for (const std::uint8_t byte : bytes) rest = (rest >> 8) ^ kTables[0][(rest ^ byte) & 0xff];
  return ~rest;
}

}  // namespace stapes::format
