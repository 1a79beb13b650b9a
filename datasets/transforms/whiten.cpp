#include "dualebm/datasets/transforms/whiten.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

constexpr std::int64_t most_rows = 100000;  // that moments are taken of
constexpr double least_share = 1e-4;        // of the identity in the correlations

/// Ledoit and Wolf's share of the identity in the covariance of standardised rows z, whose
/// target is the identity itself.
double shrinkage(const torch::Tensor& z, const torch::Tensor& covariance) {
  const auto n = static_cast<double>(z.size(0));
  const auto d = z.size(1);
  const double distance = (covariance - torch::eye(d, covariance.options())).square().sum().item<double>();
  // Σ_i |z_i z_iᵀ - S|² = Σ_i |z_i|⁴ - n |S|²
  const double scatter =
      (z.square().sum(1).square().sum().item<double>() - n * covariance.square().sum().item<double>()) /
      (n * n);
  if (!(distance > 0)) return 1;
  return std::clamp(scatter / distance, least_share, 1.0);
}

}  // namespace

Whiten::Whiten(const TransformContext& context, const Options&) {
  const auto d = context.domain->dimension();
  mean_ = register_buffer("mean", torch::zeros({d}, context.tensor_options));
  matrix_ = register_buffer("matrix", torch::eye(d, context.tensor_options));
  inverse_ = register_buffer("inverse", torch::eye(d, context.tensor_options));
}

void Whiten::fit(const torch::Tensor& train) {
  const torch::NoGradGuard no_grad;
  const auto x = train.narrow(0, 0, std::min(train.size(0), most_rows)).to(torch::kDouble);
  require(torch::isfinite(x).all().item<bool>(), "whiten: a number of the training part is not finite");
  const auto mean = x.mean(0);
  const auto spread = x.std(0, /*unbiased=*/false);
  const auto constant = x.amin(0) == x.amax(0);
  const auto deviation = torch::where(constant, torch::ones_like(spread), spread);
  const auto z = (x - mean) / deviation;
  const auto covariance = z.t().mm(z) / static_cast<double>(z.size(0));
  const double share = shrinkage(z, covariance);
  const auto drawn = (1 - share) * covariance + share * torch::eye(z.size(1), z.options());
  auto [values, axes] = at::linalg_eigh(drawn, "L");
  const auto largest = axes.gather(0, std::get<1>(axes.abs().max(0, /*keepdim=*/true)));
  axes = axes * largest.sign();
  mean_.copy_(mean);
  matrix_.copy_((axes / values.sqrt()).t() / deviation);
  inverse_.copy_((axes * values.sqrt()) * deviation.unsqueeze(1));
}

double Whiten::log_determinant() const {
  return std::get<1>(at::linalg_slogdet(matrix_.to(torch::kDouble))).item<double>();
}

}  // namespace ebm
