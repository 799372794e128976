#include "format/layout.h"

#include <algorithm>
#include <array>

#include "error.h"
#include "format/crc32.h"
#include "sentence.h"

namespace stapes::format {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic{0x89, 'S', 'T', 'A', 'P', 'E', 'S', '\n'};
// magic, version u32, header_bytes u32, file_bytes u64, header_crc32 u32; then prologue_crc32 u32 and zeros.
constexpr std::size_t kCheckedBytes = 28;

std::uint64_t little_endian(Bytes field) {
  std::uint64_t number = 0;
  for (std::size_t index = field.size(); index-- > 0;) number = number << 8 | field[index];
  return number;
}

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

void check_limits(const Prologue& prologue) {
  if (prologue.header_bytes > kMaxHeaderBytes) {
    refuse(sentence("the header takes ", prologue.header_bytes, " bytes; up to ", kMaxHeaderBytes,
                    " are accepted"));
  }
  if (prologue.file_bytes < prologue.data_start() || prologue.file_bytes > kMaxFileBytes) {
    refuse(sentence("the file says it has ", prologue.file_bytes, " bytes; ", prologue.data_start(),
                    " (its header) to ", kMaxFileBytes, " are accepted"));
  }
}

}  // namespace

Prologue read_prologue(Bytes file) {
  if (file.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) {
    refuse("not a packed model: the first 8 bytes are not the magic number of a .stapes file");
  }
  if (file.size() < kPrologueBytes) {
    refuse(
        sentence("cut off: ", file.size(), " bytes are there, a packed model has at least ", kPrologueBytes));
  }
  const std::uint64_t version = little_endian(file.subspan(8, 4));
  if (version != kVersion) {
    refuse(sentence("format version ", version, " is not supported; version ", kVersion, " is accepted"));
  }
  const Bytes reserved = file.subspan(kCheckedBytes + 4, kPrologueBytes - kCheckedBytes - 4);
  const bool all_zero =
      std::all_of(reserved.begin(), reserved.end(), [](std::uint8_t byte) { return byte == 0; });
  if (little_endian(file.subspan(kCheckedBytes, 4)) != crc32(file.first(kCheckedBytes)) || !all_zero) {
    refuse("the first 64 bytes are damaged: their checksum does not match");
  }
  const Prologue prologue{.header_bytes = static_cast<std::uint32_t>(little_endian(file.subspan(12, 4))),
                          .file_bytes = little_endian(file.subspan(16, 8)),
                          .header_crc32 = static_cast<std::uint32_t>(little_endian(file.subspan(24, 4)))};
  check_limits(prologue);
  return prologue;
}

}  // namespace stapes::format
