// stapes._native: translation only; docstrings are for the typed stub.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <exception>
#include <string>
#include <vector>

#include "error.h"
#include "kernels/table.h"
#include "network.h"
#include "search.h"

namespace nb = nanobind;

namespace {

using stapes::Error;

// The class of stapes.errors for an Error.
void raise(const Error& error) {
  constexpr const char* kClasses[] = {"FormatError", "ConfigError", "AudioError"};
  const nb::object errors = nb::module_::import_("stapes.errors");
  const nb::object kind = errors.attr(kClasses[static_cast<std::size_t>(error.fault())]);
  PyErr_SetString(kind.ptr(), error.what());
}

}  // namespace

NB_MODULE(_native, module) {
  module.doc() =
      "The integer network of spec/numerics.md and searches over it in C++. (Of this module, _native.pyi is generated "
      "by nanobind.stubgen.)";
  // A program may end while it holds a model.
  nb::set_leak_warnings(false);
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& error) {
      raise(error);
    }
  });
  module.def("kernels", [] {
    std::vector<std::string> names;
    for (const auto* table : stapes::kernels::available()) names.emplace_back(table->name);
    return names;
  }, "Names of the kernels that run on this CPU, slowest first.");
  stapes::bindings::bind_network(module);
  stapes::bindings::bind_searches(module);
}
