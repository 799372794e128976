// A file as read-only memory that processes share.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace stapes::format {

// Replace a model by renaming another file over it: one that is written to in place changes under its
// readers.
class MappedFile {
 public:
  // Throws Error (kFormat) if `path` is no file that can be read; `path` is in UTF-8.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::uint8_t> bytes() const { return bytes_; }
  // Forgets what was read: it is read again, or taken from what the system still holds, when it is used.
  void release() const;

 private:
  std::span<const std::uint8_t> bytes_;
};

}  // namespace stapes::format
