// A packed model: nothing of a damaged one is given out. What the codec of a tensor forbids is found when the
// tensor is read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/json.h"
#include "format/layout.h"
#include "format/mapped_file.h"
#include "format/tensor.h"

namespace stapes::format {

// The file is mapped and shared between processes.
class Model {
 public:
  // Throws Error (kFormat) with a sentence that begins with `path` if the file is missing, unreadable, no
  // packed model, damaged, misshapen or of another version.
  static Model open(const std::string& path);
  // A model in memory that outlives it; throws Error (kFormat).
  static Model parse(Bytes file);

  // Reads all tensors; throws Error (kFormat) if one holds what no writer writes.
  void check() const;
  // Gives back the memory that the mapped file takes, until it is read again.
  void release() const;

  // A JSON object: settings of network and features, vocabulary, training recipe, licence.
  Value metadata() const;
  // Sorted by name.
  const std::vector<Tensor>& tensors() const { return tensors_; }
  // Null if there is none.
  const Tensor* find(std::string_view name) const;

 private:
  Model(Json header, std::vector<Tensor> tensors)
      : header_(std::move(header)), tensors_(std::move(tensors)) {}

  std::unique_ptr<const MappedFile> file_;
  Json header_;
  std::vector<Tensor> tensors_;
};

}  // namespace stapes::format
