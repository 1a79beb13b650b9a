#include "dualebm/framework/sampling/kernel_density.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/problem/box.hpp"
#include "dualebm/framework/problem/product_domain.hpp"
#include "dualebm/framework/sampling/diagonal_metric.hpp"
#include "dualebm/framework/sampling/von_mises_fisher_kernel.hpp"

namespace ebm {
namespace {

constexpr double least_bandwidth = 0.02, greatest_bandwidth = 2;
constexpr std::int64_t bandwidths = 60, most_judges = 1000;

/// |x - c|² / 2: [N, d], [K, d] -> [N, K]; on the sphere 1 - <x, c>.
torch::Tensor half_squares(const torch::Tensor& x, const torch::Tensor& centres) {
  const auto lengths = 0.5 * centres.square().sum(1);
  return (0.5 * x.square().sum(1, /*keepdim=*/true) + lengths - x.mm(centres.t())).clamp_min(0);
}

/// log of the mass that the Gaussian of each centre has between the walls: [K, size] and [size] -> [K, size].
torch::Tensor log_share_inside(const torch::Tensor& centres, const torch::Tensor& low,
                               const torch::Tensor& high, const torch::Tensor& deviation) {
  const auto root = deviation * std::numbers::sqrt2;
  return (0.5 * (((high - centres) / root).erf() - ((low - centres) / root).erf())).clamp_min(1e-300).log();
}

}  // namespace

std::vector<KernelDensity::Part> KernelDensity::parts_of(const Domain& domain) {
  std::vector<Part> parts;
  for_each_factor(domain, [&](const Domain& factor, std::int64_t first) {
    Part part{Part::Kind::gaussian, first, factor.dimension(), {}, {}};
    if (dynamic_cast<const Sphere*>(&factor) != nullptr) {
      part.kind = Part::Kind::directional;
    } else if (const auto* box = dynamic_cast<const Box*>(&factor)) {
      part.kind = Part::Kind::cut_off;
      part.low = box->low();
      part.high = box->high();
    } else {
      require(dynamic_cast<const Euclidean*>(&factor) != nullptr,
              "kernel density: there are kernels on the domains sphere, torus, box and euclidean, not on {}",
              factor.name());
    }
    parts.push_back(std::move(part));
  });
  return parts;
}

torch::Tensor KernelDensity::scales_of(const std::vector<Part>& parts, const torch::Tensor& data) {
  auto scales = torch::ones({data.size(1)}, torch::kDouble);
  bool any = false;
  for (const auto& part : parts) {
    const auto points = data.narrow(1, part.first, part.size);
    auto own = scales.narrow(0, part.first, part.size);
    if (part.kind != Part::Kind::directional) {
      own.copy_(points.std(0, /*unbiased=*/false));
      any = true;
    } else if (parts.size() > 1) {  // alone, the bandwidth is all the scale there is
      own.fill_(points.var(0, /*unbiased=*/false).sum().sqrt());
      any = true;
    }
  }
  return any ? never_nothing(scales) : scales;
}

torch::Tensor KernelDensity::log_masses(const std::vector<Part>& parts, const torch::Tensor& centres,
                                        const torch::Tensor& scales, double b) {
  auto sum = torch::full({1}, std::log(static_cast<double>(centres.size(0))), torch::kDouble);
  for (const auto& part : parts) {
    const auto own = scales.narrow(0, part.first, part.size);
    if (part.kind == Part::Kind::directional) {
      const double kappa = 1 / std::pow(b * own[0].item<double>(), 2);
      sum = sum + (von_mises_fisher_log_mass(part.size, kappa) - kappa);
      continue;
    }
    sum = sum + (static_cast<double>(part.size) * std::log(b * std::sqrt(2 * std::numbers::pi)) +
                 own.log().sum().item<double>());
    if (part.kind == Part::Kind::gaussian) continue;
    // τ is a probability on the box.
    const auto places = centres.narrow(1, part.first, part.size) * own;
    sum = sum + log_share_inside(places, part.low, part.high, b * own).sum(1) -
          (part.high - part.low).log().sum().item<double>();
  }
  return sum;
}

KernelDensity::KernelDensity(const Domain& domain, const torch::Tensor& centres, double bandwidth,
                             const torch::Tensor& scales)
    : parts_(parts_of(domain)),
      scales_(scales.defined() ? scales.to(torch::kDouble).cpu()
                               : torch::ones({domain.dimension()}, torch::kDouble)),
      bandwidth_(bandwidth) {
  require(bandwidth > 0, "kernel density: bandwidth must be positive, got {}", bandwidth);
  require(centres.dim() == 2 && centres.size(0) > 0 && centres.size(1) == domain.dimension(),
          "kernel density: centres must be at least one point of {} coordinates", domain.dimension());
  for (const auto& part : parts_) {
    const auto own = scales_.narrow(0, part.first, part.size);
    require(part.kind != Part::Kind::directional || (own == own[0]).all().item<bool>(),
            "kernel density: the columns of a sphere have one scale, not several");
  }
  centres_ = centres.to(torch::kDouble).cpu() / scales_;
  log_masses_ = log_masses(parts_, centres_, scales_, bandwidth);
}

KernelDensity KernelDensity::fit(const Domain& domain, const torch::Tensor& data, std::int64_t count,
                                 Random& random) {
  const auto n = data.size(0);
  require(n >= 2, "kernel density: a bandwidth by likelihood needs at least 2 points, got {}", n);
  const auto centre_count = std::min(count, n / 2), judge_count = std::min(n - centre_count, most_judges);
  const auto rows = random.subset(n, centre_count + judge_count).to(data.device());
  const auto points = data.index_select(0, rows).to(torch::kDouble).cpu();
  const auto parts = parts_of(domain);
  const auto scales = scales_of(parts, points);
  const auto centres = points.narrow(0, 0, centre_count) / scales;
  const auto distances = half_squares(points.narrow(0, centre_count, judge_count) / scales, centres);
  double best = greatest_bandwidth, greatest = -std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i < bandwidths; ++i) {
    const double b = least_bandwidth * std::pow(greatest_bandwidth / least_bandwidth,
                                                static_cast<double>(i) / (bandwidths - 1));
    const auto masses = log_masses(parts, centres, scales, b);
    const double likelihood = (distances / (-b * b) - masses).logsumexp(1).mean().item<double>();
    if (likelihood > greatest) std::tie(greatest, best) = std::pair(likelihood, b);
  }
  return {domain, points.narrow(0, 0, centre_count), best, scales};
}

torch::Tensor KernelDensity::draws(const Part& part, const torch::Tensor& centres, Random& random) const {
  const auto options = centres.options();
  const auto scales = scales_.narrow(0, part.first, part.size).to(options);
  if (part.kind == Part::Kind::directional) {
    const double s = scales_[part.first].item<double>();
    return von_mises_fisher_draws(s == 1 ? centres : centres * s, 1 / std::pow(bandwidth_ * s, 2), random);
  }
  if (part.kind == Part::Kind::gaussian)
    return (centres + bandwidth_ * random.normal(centres.sizes(), options)) * scales;
  // The inverse of the distribution function between the walls, in double.
  const auto exact = options.dtype(torch::kDouble);
  const auto low = part.low.to(exact), high = part.high.to(exact), deviation = bandwidth_ * scales.to(exact);
  const auto place = centres.to(exact) * scales.to(exact), root = std::numbers::sqrt2 * deviation;
  const auto from = ((low - place) / root).erf(), to = ((high - place) / root).erf();
  const auto level = from + (to - from) * random.uniform(centres.sizes(), exact);
  const auto points = place + root * level.erfinv();
  return torch::minimum(torch::maximum(points, low), high).to(options);
}

torch::Tensor KernelDensity::sample(std::int64_t count, Random& random,
                                    const torch::TensorOptions& options) const {
  const auto chosen = random.integers(centres_.size(0), count);
  const auto centres = centres_.to(options.device()).index_select(0, chosen).to(options);
  if (parts_.size() == 1) return draws(parts_[0], centres, random);
  std::vector<torch::Tensor> pieces;
  for (const auto& part : parts_)
    pieces.push_back(draws(part, centres.narrow(1, part.first, part.size), random));
  return torch::cat(pieces, 1);
}

torch::Tensor KernelDensity::log_density(const torch::Tensor& x) const {
  const auto options = x.options().dtype(torch::kDouble);
  const auto values = torch::empty({x.size(0)}, options);
  const auto centres = centres_.to(options), scales = scales_.to(options), masses = log_masses_.to(options);
  for_each_shard(
      x.size(0),
      [&](std::int64_t, std::int64_t begin, std::int64_t end) {
        const torch::NoGradGuard no_grad;
        const auto rows = x.narrow(0, begin, end - begin).to(torch::kDouble) / scales;
        const auto exponents = half_squares(rows, centres).div_(-bandwidth_ * bandwidth_);
        const auto sums =
            masses.numel() == 1 ? exponents.logsumexp(1) - masses : exponents.sub_(masses).logsumexp(1);
        values.narrow(0, begin, end - begin).copy_(sums);
      },
      smallest_shard_for(x));
  return values;
}

}  // namespace ebm
