// CRC-32 of zlib, PNG and IEEE 802.3.
#pragma once

#include <cstdint>
#include <span>

namespace stapes::format {

std::uint32_t crc32(std::span<const std::uint8_t> bytes);

}  // namespace stapes::format
