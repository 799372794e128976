#include "kernels/table.h"

#include <array>

namespace stapes::kernels {
namespace {

const Table kReference{.name = "reference"};
const std::array<const Table*, 1> kAll{&kReference};

}  // namespace

std::span<const Table* const> available() { return kAll; }

const Table& best() { return *available().back(); }

}  // namespace stapes::kernels
