// Arrays that come from Python and go there, and what a long call does in between.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace stapes::bindings {

template <typename T>
using Rows = nanobind::ndarray<const T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
template <typename T>
using Row = nanobind::ndarray<const T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
template <typename T>
using Made = nanobind::ndarray<nanobind::numpy, T, nanobind::ndim<2>>;

template <typename T, typename Array>
std::span<const T> span_of(const Array& array) {
  return {array.data(), array.size()};
}

// An array that owns `values`, [rows, columns].
template <typename T>
Made<T> to_array(std::vector<T> values, std::size_t rows, std::size_t columns) {
  auto* owned = new std::vector<T>(std::move(values));
  const nanobind::capsule owner(owned,
                                [](void* memory) noexcept { delete static_cast<std::vector<T>*>(memory); });
  return Made<T>(owned->data(), {rows, columns}, owner);
}

// Lets a pending signal, such as Ctrl-C, end a call that has released the interpreter.
inline void look_at_signals() {
  const nanobind::gil_scoped_acquire acquired;
  if (PyErr_CheckSignals() != 0) throw nanobind::python_error();
}

}  // namespace stapes::bindings
