#include "dualebm/models/gaussian.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

torch::Tensor spread_out(const std::vector<double>& values, std::int64_t dimension, const char* name,
                         const torch::TensorOptions& options) {
  const auto count = static_cast<std::int64_t>(values.size());
  require(count == 1 || count == dimension, "gaussian: {} needs 1 or {} numbers, got {}", name, dimension,
          count);
  return torch::tensor(values, torch::kDouble).expand({dimension}).to(options).clone();
}

}  // namespace

void Gaussian::Options::describe(Fields& fields) {
  fields.numbers("mean", mean, Range::any(),
                 "mean at the start: one number for all coordinates, or one for each");
  fields.numbers("deviation", deviation, Range::positive(), "standard deviation at the start, likewise");
}

Gaussian::Gaussian(const EnergyContext& context, const Options& given) {
  const auto options = checked(given, "gaussian");
  const auto dimension = expect_domain<Euclidean>(*context.domain, "gaussian").dimension();
  mean_ = register_parameter("mean", spread_out(options.mean, dimension, "mean", context.tensor_options));
  const auto deviation = spread_out(options.deviation, dimension, "deviation", context.tensor_options);
  log_precision_ = register_parameter("log_precision", -2 * deviation.log());
}

torch::Tensor Gaussian::forward(const torch::Tensor& x) {
  return 0.5 * (log_precision_.exp() * (x - mean_).square()).sum(1);
}

std::optional<double> Gaussian::log_normalizer() const {
  const double twice = (std::log(2 * std::numbers::pi) - log_precision_).sum().item<double>();
  return 0.5 * twice;
}

}  // namespace ebm
