#include "dualebm/framework/sampling/kernel_density.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/sampling/diagonal_metric.hpp"
#include "dualebm/framework/sampling/von_mises_fisher_kernel.hpp"

namespace ebm {
namespace {

constexpr double least_bandwidth = 0.02, greatest_bandwidth = 2;
constexpr std::int64_t bandwidths = 60, most_judges = 1000;

bool is_sphere(const Domain& domain) {
  if (dynamic_cast<const Sphere*>(&domain)) return true;
  require(dynamic_cast<const Euclidean*>(&domain) != nullptr,
          "kernel density: there are kernels on the domains sphere and euclidean, not on {}", domain.name());
  return false;
}

/// |x - c|² / 2: [N, d], [K, d] -> [N, K]; on the sphere 1 - <x, c>.
torch::Tensor half_squares(const torch::Tensor& x, const torch::Tensor& centres) {
  const auto lengths = 0.5 * centres.square().sum(1);
  return (0.5 * x.square().sum(1, /*keepdim=*/true) + lengths - x.mm(centres.t())).clamp_min(0);
}

/// log of the integral of K kernels exp(-|x - c|² / 2 b²) against τ.
double log_mass(bool sphere, const torch::Tensor& centres, const torch::Tensor& scales, double b) {
  const auto d = centres.size(1);
  const double count = std::log(static_cast<double>(centres.size(0))), kappa = 1 / (b * b);
  if (sphere) return count + von_mises_fisher_log_mass(d, kappa) - kappa;
  return count + static_cast<double>(d) * std::log(b * std::sqrt(2 * std::numbers::pi)) +
         scales.log().sum().item<double>();
}

}  // namespace

KernelDensity::KernelDensity(const Domain& domain, const torch::Tensor& centres, double bandwidth,
                             const torch::Tensor& scales)
    : sphere_(is_sphere(domain)),
      scales_(scales.defined() ? scales.to(torch::kDouble).cpu()
                               : torch::ones({domain.dimension()}, torch::kDouble)),
      bandwidth_(bandwidth) {
  require(bandwidth > 0, "kernel density: bandwidth must be positive, got {}", bandwidth);
  require(centres.dim() == 2 && centres.size(0) > 0 && centres.size(1) == domain.dimension(),
          "kernel density: centres must be at least one point of {} coordinates", domain.dimension());
  require(!sphere_ || !scales.defined(), "kernel density: scales have no meaning on a sphere");
  centres_ = centres.to(torch::kDouble).cpu() / scales_;
  log_mass_ = log_mass(sphere_, centres_, scales_, bandwidth);
}

KernelDensity KernelDensity::fit(const Domain& domain, const torch::Tensor& data, std::int64_t count,
                                 Random& random) {
  const auto n = data.size(0);
  require(n >= 2, "kernel density: a bandwidth by likelihood needs at least 2 points, got {}", n);
  const auto centre_count = std::min(count, n / 2), judge_count = std::min(n - centre_count, most_judges);
  const auto rows = random.subset(n, centre_count + judge_count).to(data.device());
  const auto points = data.index_select(0, rows).to(torch::kDouble).cpu();
  const bool sphere = is_sphere(domain);
  const auto scales = sphere ? torch::Tensor() : never_nothing(points.std(0, /*unbiased=*/false));
  const auto unit = sphere ? torch::ones({data.size(1)}, torch::kDouble) : scales;
  const auto centres = points.narrow(0, 0, centre_count) / unit;
  const auto distances = half_squares(points.narrow(0, centre_count, judge_count) / unit, centres);
  double best = greatest_bandwidth, greatest = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < bandwidths; ++i) {
    const double b = least_bandwidth * std::pow(greatest_bandwidth / least_bandwidth,
                                                static_cast<double>(i) / (bandwidths - 1));
    const double likelihood =
        (distances / (-b * b)).logsumexp(1).mean().item<double>() - log_mass(sphere, centres, unit, b);
    if (likelihood > greatest) std::tie(greatest, best) = std::pair(likelihood, b);
  }
  return {domain, points.narrow(0, 0, centre_count), best, scales};
}

torch::Tensor KernelDensity::sample(std::int64_t count, Random& random,
                                    const torch::TensorOptions& options) const {
  const auto chosen = random.integers(centres_.size(0), count);
  const auto centres = centres_.to(options.device()).index_select(0, chosen).to(options);
  if (sphere_) return von_mises_fisher_draws(centres, 1 / (bandwidth_ * bandwidth_), random);
  return (centres + bandwidth_ * random.normal(centres.sizes(), options)) * scales_.to(options);
}

torch::Tensor KernelDensity::log_density(const torch::Tensor& x) const {
  const auto options = x.options().dtype(torch::kDouble);
  const auto values = torch::empty({x.size(0)}, options);
  const auto centres = centres_.to(options), scales = scales_.to(options);
  for_each_shard(
      x.size(0),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard no_grad;
        const auto rows = x.narrow(0, begin, end - begin).to(torch::kDouble) / scales;
        const auto exponents = half_squares(rows, centres).div_(-bandwidth_ * bandwidth_);
        values.narrow(0, begin, end - begin).copy_(exponents.logsumexp(1) - log_mass_);
      },
      smallest_shard_for(x));
  return values;
}

}  // namespace ebm
