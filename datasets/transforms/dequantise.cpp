#include "dualebm/datasets/transforms/dequantise.hpp"

#include <ATen/ATen.h>

#include <cmath>

namespace ebm {

void Dequantise::Options::describe(Fields& fields) {
  fields.integer("levels", levels, Range::between(2, 1 << 16), "number L of whole numbers 0 ... L - 1");
}

Dequantise::Dequantise(const TransformContext& context, const Options& options)
    : levels_(static_cast<double>(checked(options, "dequantise").levels)),
      dimension_(context.domain->dimension()) {}

torch::Tensor Dequantise::prepare(const torch::Tensor& x, Random& random) {
  const auto bad = (x == x.floor().clamp(0, levels_ - 1)).logical_not().nonzero();
  if (bad.size(0) > 0) {
    const auto row = bad[0][0].item<std::int64_t>(), k = bad[0][1].item<std::int64_t>();
    fail("transform dequantise: number {} of row {} (from 0) is {:g}; whole numbers 0 to {:g} are needed", k,
         row, x[row][k].item<double>(), levels_ - 1);
  }
  return (x + random.uniform(x.sizes(), x.options())) / levels_;
}

double Dequantise::log_determinant() const { return -static_cast<double>(dimension_) * std::log(levels_); }

}  // namespace ebm
