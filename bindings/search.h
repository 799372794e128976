// Searches over a packed network as Python has them.
#pragma once

#include <nanobind/nanobind.h>

namespace stapes::bindings {

void bind_searches(nanobind::module_& module);

}  // namespace stapes::bindings
