// Reads packed models, whose paths are given, and prints of each what it holds or why it is refused.
//
// format_tool [--values] PATH…: a line for each file, "PATH: sentence" or "PATH ok TENSORS PEAK", PEAK being
// the most bytes that were allocated at once; with --values then a line for each tensor, its name and its
// weights in C99's %a.
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "error.h"
#include "format/model.h"
#include "heap.h"

namespace {

void print_values(const stapes::format::Model& model) {
  for (const stapes::format::Tensor& tensor : model.tensors()) {
    std::printf("%s", tensor.name().c_str());
    for (const float weight : tensor.floats()) std::printf(" %a", static_cast<double>(weight));
    std::printf("\n");
  }
}

void read(const std::string& path, bool with_values) {
  const std::size_t before = heap::live_bytes;
  heap::forget_peak();
  try {
    const auto model = stapes::format::Model::open(path);
    model.check();
    std::printf("%s ok %zu %zu\n", path.c_str(), model.tensors().size(), heap::peak_bytes - before);
    if (with_values) print_values(model);
  } catch (const stapes::Error& error) {
    const std::string_view text(error.what());
    std::printf("%s%s\n", text.starts_with(path) ? "" : (path + ": ").c_str(), error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  const bool with_values = argc > 1 && std::strcmp(arguments[1], "--values") == 0;
  for (const char* path : arguments.subspan(with_values ? 2 : 1)) read(path, with_values);
  return 0;
}
