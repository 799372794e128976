// The header of a packed model, {"metadata": {...}, "tensors": [...]}, and where its sections lie.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/codecs.h"
#include "format/json.h"
#include "format/layout.h"

namespace stapes::format {

struct Section {
  std::string name;
  // From the start of the data area; a multiple of 64.
  std::uint64_t offset;
  std::uint64_t size_bytes;
  std::uint64_t crc32;
};

// What the header says of one tensor.
struct Entry {
  std::string name;
  Shape shape;
  Codec codec;
  // Sorted by name, one after the other in the file.
  std::vector<Section> sections;
};

// The entries of a header whose sections must fill a data area of `data_bytes` exactly; throws Error
// (kFormat) if the header is malformed or beyond a limit, or a section is misplaced or of a wrong size.
std::vector<Entry> read_directory(const Json& header, std::uint64_t data_bytes);

}  // namespace stapes::format
