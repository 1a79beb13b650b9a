#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace ebm {

/// Something about data that will harm a training, and what may be done about it.
struct DataFinding {
  std::string what;    ///< "constant column"
  std::string where;   ///< "x7", "columns lat and y", "rows 3 and 17"
  std::string advice;  ///< one sentence
};

/// A short look at points before they are trained on. It finds numbers that are not finite, columns that are
/// constant, equal to another, nearly a linear function of the others, or the number of the row; columns that
/// lose their spread in single precision; and rows that come several times.
///
/// A column is nearly dependent if less than 1e-8 of its variance is left by the columns before it
/// (pivoted Cholesky factorisation of the correlations); it is not looked for beyond 512 columns. A
/// column loses its spread if the distance of floats at its largest absolute value exceeds a hundredth
/// of its standard deviation.
///
/// @param points [n, d], on any device, of any floating type @param columns  d names; empty: x0, x1, ...
/// @return nothing where nothing was found; at most one finding of each kind
std::vector<DataFinding> check_data(const torch::Tensor& points,
                                    const std::vector<std::string>& columns = {});

}  // namespace ebm
