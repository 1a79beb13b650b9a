#include "dualebm/framework/sampling/base_proposal.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/problem/product_domain.hpp"
#include "dualebm/framework/sampling/diagonal_metric.hpp"

namespace ebm {
namespace {

/// Which columns are those of a factor R^d: [d], bool.
torch::Tensor unbounded_columns(const Domain& domain) {
  auto columns = torch::zeros({domain.dimension()}, torch::kBool);
  for_each_factor(domain, [&](const Domain& factor, std::int64_t first) {
    const bool unbounded = dynamic_cast<const Euclidean*>(&factor) != nullptr;
    require(unbounded || factor.has_probability_base(),
            "base proposal: τ on {} is neither a probability nor that of R^d", factor.name());
    if (unbounded) columns.narrow(0, first, factor.dimension()).fill_(true);
  });
  return columns;
}

}  // namespace

BaseProposal::BaseProposal(std::shared_ptr<const Domain> domain) : domain_(std::move(domain)) {
  require(domain_->has_probability_base(),
          "base proposal: the base measure of {} is no probability; give a mean and a deviation",
          domain_->name());
}

BaseProposal::BaseProposal(std::shared_ptr<const Domain> domain, const torch::Tensor& mean,
                           const torch::Tensor& deviation)
    : domain_(std::move(domain)),
      mean_(mean.to(torch::kDouble).cpu()),
      deviation_(deviation.to(torch::kDouble).cpu()),
      gaussian_(unbounded_columns(*domain_)) {
  require(gaussian_.any().item<bool>(), "base proposal: a Gaussian lives on the domain euclidean, not on {}",
          domain_->name());
  const auto d = domain_->dimension();
  require(mean_.dim() == 1 && mean_.size(0) == d && deviation_.sizes() == mean_.sizes(),
          "base proposal: mean and deviation need {} numbers each", d);
  require((deviation_ > 0).all().item<bool>(), "base proposal: every deviation must be positive");
}

BaseProposal BaseProposal::around(std::shared_ptr<const Domain> domain, const torch::Tensor& data,
                                  double widening) {
  if (domain->has_probability_base()) return BaseProposal(std::move(domain));
  const auto points = data.to(torch::kDouble).cpu();
  const auto deviation = never_nothing(points.std(0, /*unbiased=*/false));
  return {std::move(domain), points.mean(0), widening * deviation};
}

torch::Tensor BaseProposal::sample(std::int64_t count, Random& random,
                                   const torch::TensorOptions& options) const {
  if (!mean_.defined()) return domain_->sample_base(count, random, options);
  const auto normal =
      mean_.to(options) + deviation_.to(options) * random.normal({count, domain_->dimension()}, options);
  if (gaussian_.all().item<bool>()) return normal;
  return torch::where(gaussian_.to(options.device()), normal, domain_->sample_base(count, random, options));
}

torch::Tensor BaseProposal::log_density(const torch::Tensor& x) const {
  const auto options = x.options().dtype(torch::kDouble);
  if (!mean_.defined()) return torch::zeros({x.size(0)}, options);
  const auto share = gaussian_.to(options);
  const auto z = share * (x.to(torch::kDouble) - mean_.to(options)) / deviation_.to(options);
  const double log_mass =
      (gaussian_ * (deviation_.log() + 0.5 * std::log(2 * std::numbers::pi))).sum().item<double>();
  return -0.5 * z.square().sum(1) - log_mass;
}

torch::Tensor BaseProposal::gradient(const torch::Tensor& x) const {
  if (!mean_.defined()) return torch::zeros_like(x);
  return gaussian_.to(x.options()) * (x - mean_.to(x.options())) / deviation_.square().to(x.options());
}

}  // namespace ebm
