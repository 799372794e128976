// Packed models: any bytes are read or refused, with no more memory than four times their size and a fixed
// amount.
//
// A mutated file is mostly given right checksums and sizes again, so that what lies behind them is reached.
#include <sanitizer/allocator_interface.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "error.h"
#include "format/crc32.h"
#include "format/layout.h"
#include "format/model.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

// Tables of the entropy coder, sentences and the like.
constexpr std::size_t kFixedBytes = 1 << 16;

std::size_t live_bytes = 0;
std::size_t peak_bytes = 0;

void on_malloc(const volatile void*, std::size_t bytes) {
  live_bytes += bytes;
  peak_bytes = std::max(peak_bytes, live_bytes);
}

void on_free(const volatile void* block) { live_bytes -= __sanitizer_get_allocated_size(block); }

void put(std::span<std::uint8_t> field, std::uint64_t number) {
  for (std::uint8_t& byte : field) {
    byte = static_cast<std::uint8_t>(number & 0xff);
    number >>= 8;
  }
}

// The first 64 bytes as they would be for the rest.
void repair(std::span<std::uint8_t> file) {
  if (file.size() < stapes::format::kPrologueBytes) return;
  constexpr std::array<std::uint8_t, 8> kMagic{0x89, 'S', 'T', 'A', 'P', 'E', 'S', '\n'};
  std::copy(kMagic.begin(), kMagic.end(), file.begin());
  const std::size_t stored = std::size_t{file[12]} | std::size_t{file[13]} << 8 | std::size_t{file[14]} << 16;
  const std::size_t header_bytes = std::min(stored, file.size() - stapes::format::kPrologueBytes);
  put(file.subspan(8, 4), stapes::format::kVersion);
  put(file.subspan(12, 4), header_bytes);
  put(file.subspan(16, 8), file.size());
  put(file.subspan(24, 4), stapes::format::crc32(file.subspan(stapes::format::kPrologueBytes, header_bytes)));
  put(file.subspan(28, 4), stapes::format::crc32(file.first(28)));
  put(file.subspan(32, 32), 0);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0 ? 0 : 1;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  size = LLVMFuzzerMutate(data, size, most);
  if (seed % 8 != 0) repair({data, size});
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::size_t before = live_bytes;
  peak_bytes = before;
  try {
    const auto model = stapes::format::Model::parse({data, size});
    model.check();
  } catch (const stapes::Error&) {
  }
  if (peak_bytes > before + 4 * size + kFixedBytes) {
    std::fprintf(stderr, "%zu bytes were allocated for a file of %zu\n", peak_bytes - before, size);
    std::abort();
  }
  return 0;
}
