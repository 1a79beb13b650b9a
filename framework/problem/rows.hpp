#pragma once

#include <cstdint>
#include <variant>

namespace ebm {

/// A view of points in plain memory, [count, dimension], row after row, in single or double precision: what
/// kernels get that work on rows while they are in the cache. It owns nothing; whoever makes one sees to it
/// that the memory outlives it. `std::visit` calls a body with the pointer of the type that is there.
template <class Float, class Double>
struct RowView {
  std::variant<Float*, Double*> first;    ///< the first number of the first row
  std::int64_t count = 0, dimension = 0;  ///< rows, and numbers in each
};

using Rows = RowView<float, double>;                   ///< to be written
using ConstRows = RowView<const float, const double>;  ///< to be read

}  // namespace ebm
