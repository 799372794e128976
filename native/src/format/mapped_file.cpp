#include "format/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "error.h"
#include "sentence.h"

namespace stapes::format {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void refuse(int reason) {
  throw Error(Fault::kFormat, sentence("cannot be read: ", std::generic_category().message(reason)));
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    throw Error(Fault::kFormat, "no such file; a packed model (.stapes) is expected");
  }
  const Descriptor file(path);
  if (file.number() < 0 || fstat(file.number(), &facts) != 0) refuse(errno);
  if (facts.st_size == 0) return;
  const auto size_bytes = static_cast<std::size_t>(facts.st_size);
  void* const begin = mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, file.number(), 0);
  if (begin == MAP_FAILED) refuse(errno);
  bytes_ = {static_cast<const std::uint8_t*>(begin), size_bytes};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

void MappedFile::release() const {
  if (!bytes_.empty()) madvise(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace stapes::format
