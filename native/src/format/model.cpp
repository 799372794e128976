#include "format/model.h"

#include <algorithm>
#include <utility>

#include "error.h"
#include "format/crc32.h"
#include "format/directory.h"
#include "sentence.h"

namespace stapes::format {
namespace {

[[noreturn]] void refuse(std::string text) { throw Error(Fault::kFormat, std::move(text)); }

void check_length(const Prologue& prologue, std::uint64_t size_bytes) {
  if (size_bytes < prologue.file_bytes) {
    refuse(sentence("cut off: ", size_bytes, " of ", prologue.file_bytes,
                    " bytes are there; copy the file again"));
  }
  if (size_bytes > prologue.file_bytes) {
    refuse(sentence(size_bytes, " bytes are there, ", prologue.file_bytes,
                    " are expected: the rest is foreign"));
  }
}

void check_padding(Bytes padding, std::string_view where) {
  if (std::any_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte != 0; })) {
    refuse(sentence(where, " is followed by padding that is not zero"));
  }
}

Json read_header(Bytes header) {
  try {
    return Json({reinterpret_cast<const char*>(header.data()), header.size()});
  } catch (const Error& error) {
    refuse(sentence("header: ", error.sentence()));
  }
}

Bytes undamaged_section(const Entry& entry, const Section& section, Bytes data) {
  const std::string where = sentence("tensor '", entry.name, "': section '", section.name, "'");
  const Bytes content = data.subspan(section.offset, section.size_bytes);
  if (crc32(content) != section.crc32) refuse(sentence(where, " is damaged: its checksum does not match"));
  const std::uint64_t end = section.offset + section.size_bytes;
  check_padding(data.subspan(end, aligned(end) - end), where);
  return content;
}

Tensor undamaged_tensor(Entry& entry, Bytes data) {
  std::vector<Bytes> contents;
  contents.reserve(entry.sections.size());
  for (const Section& section : entry.sections) contents.push_back(undamaged_section(entry, section, data));
  return Tensor(entry.name, std::move(entry.shape), entry.codec, std::move(contents));
}

}  // namespace

Model Model::open(const std::string& path) {
  try {
    auto file = std::make_unique<const MappedFile>(path);
    Model model = parse(file->bytes());
    file->release();
    model.file_ = std::move(file);
    return model;
  } catch (const Error& error) {
    throw Error(error.fault(), sentence(path, ": ", error.sentence()));
  }
}

Model Model::parse(Bytes file) {
  const Prologue prologue = read_prologue(file);
  check_length(prologue, file.size());
  const Bytes header = file.subspan(kPrologueBytes, prologue.header_bytes);
  if (crc32(header) != prologue.header_crc32) refuse("the header is damaged: its checksum does not match");
  Json json = read_header(header);
  const Bytes data = file.subspan(prologue.data_start());
  std::vector<Entry> entries = read_directory(json, data.size());
  const std::uint64_t header_end = kPrologueBytes + prologue.header_bytes;
  check_padding(file.subspan(header_end, prologue.data_start() - header_end), "header");
  std::vector<Tensor> tensors;
  tensors.reserve(entries.size());
  for (Entry& entry : entries) tensors.push_back(undamaged_tensor(entry, data));
  return {std::move(json), std::move(tensors)};
}

void Model::check() const {
  for (const Tensor& tensor : tensors_) tensor.check();
}

void Model::release() const {
  if (file_) file_->release();
}

Value Model::metadata() const { return *header_.root().find("metadata"); }

const Tensor* Model::find(std::string_view name) const {
  const auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const Tensor& tensor, std::string_view wanted) { return tensor.name() < wanted; });
  return found != tensors_.end() && found->name() == name ? &*found : nullptr;
}

}  // namespace stapes::format
