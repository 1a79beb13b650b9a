#include "dualebm/models/von_mises_fisher.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dualebm/framework/base/error.hpp"

namespace ebm {
namespace {

/// log C_d(κ) in tensor operators, for a trace, which would keep numbers read from κ, and for a device that
/// would have to be waited for: the same series, of as many terms as κ up to the bound takes, and eight terms
/// of Hankel's expansion beyond. @param kappa [K] @return [K], of its dtype
torch::Tensor normalizers_in_operators(const torch::Tensor& kappa, std::int64_t dimension, double bound) {
  const auto terms = static_cast<std::int64_t>(bound / 2 + 16 * std::sqrt(bound) + 18);
  const double order = 0.5 * static_cast<double>(dimension) - 1, mu = 4 * order * order;
  // 0, 1, ..., on whatever device κ is.
  const auto k = torch::ones_like(kappa.narrow(0, 0, 1)).expand({terms}).cumsum(0) - 1;
  const auto logarithm = 2 * (kappa.clamp(1e-30, bound) / 2).log().unsqueeze(1);
  const auto series =
      (logarithm * k + std::lgamma(order + 1) - (k + 1).lgamma() - (k + order + 1).lgamma()).logsumexp(1);
  const auto large = kappa.clamp_min(bound);
  auto factor = torch::ones_like(large), sum = torch::ones_like(large);
  for (int j = 1; j <= 8; ++j) {
    factor = factor * ((2 * j - 1) * (2 * j - 1) - mu) / (8.0 * j * large);
    sum = sum + factor;
  }
  const auto asymptote = std::lgamma(order + 1) + order * (2 / large).log() + large -
                         0.5 * (2 * std::numbers::pi * large).log() + sum.log();
  return torch::where(kappa < bound, series, asymptote);
}

/// log [Γ(ν+1) (2/κ)^ν I_ν(κ)] = log Σ_k (κ²/4)^k Γ(ν+1) / (k! Γ(k+ν+1)), summed from its largest term
/// outwards: all terms are positive, so nothing cancels, whatever the size of κ.
double log_scaled_bessel(double order, double kappa) {
  if (kappa == 0) return 0;
  const double mu = 4 * order * order;
  if (kappa >
      1e5 * (1 + mu)) {  // Hankel's expansion, Abramowitz & Stegun 9.7.1; the next term is below 1e-16
    const double first = (mu - 1) / (8 * kappa), second = first * (mu - 9) / (16 * kappa);
    return std::lgamma(order + 1) + order * std::log(2 / kappa) + kappa -
           0.5 * std::log(2 * std::numbers::pi * kappa) + std::log1p(second - first);
  }
  const double log_quarter = 2 * std::log(kappa / 2);
  const auto log_term = [&](double k) {
    return k * log_quarter + std::lgamma(order + 1) - std::lgamma(k + 1) - std::lgamma(k + order + 1);
  };
  const double peak = std::floor(0.5 * (std::sqrt(order * order + kappa * kappa) - order));
  double sum = 1;
  const double quarter = kappa * kappa / 4;
  double term = 1;
  for (double k = peak; term > 1e-18 * sum; ++k) sum += (term *= quarter / ((k + 1) * (k + 1 + order)));
  term = 1;
  for (double k = peak; k > 0 && term > 1e-18 * sum; --k) sum += (term *= k * (k + order) / quarter);
  return log_term(peak) + std::log(sum);
}

}  // namespace

double log_von_mises_fisher_normalizer(std::int64_t dimension, double concentration) {
  return log_scaled_bessel(0.5 * static_cast<double>(dimension) - 1, concentration);
}

torch::Tensor log_von_mises_fisher_normalizers(const torch::Tensor& concentration, std::int64_t dimension) {
  // Where Hankel's expansion begins, its terms fall at least as fast as 1 / (8^j j!).
  const double mu = std::pow(static_cast<double>(dimension) - 2, 2);
  return normalizers_in_operators(concentration.to(torch::kDouble), dimension, std::max(1000.0, mu))
      .type_as(concentration);
}

double von_mises_fisher_mean_length(std::int64_t dimension, double concentration) {
  const double d = static_cast<double>(dimension), k = concentration;
  if (k > 1e4 * d * d) {  // the quotient of two Hankel expansions, in powers of 1/κ
    return 1 - (d - 1) / (2 * k) + (d - 1) * (d - 3) / (8 * k * k) + (d - 1) * (d - 3) / (8 * k * k * k);
  }
  const double order = 0.5 * d - 1;
  const double ratio = log_scaled_bessel(order + 1, concentration) - log_scaled_bessel(order, concentration);
  return concentration / (2 * (order + 1)) * std::exp(ratio);
}

void VonMisesFisherMixture::Options::describe(Fields& fields) {
  fields.integer("components", components, Range::at_least(1),
                 "number K of components, where means is empty");
  fields.number("concentration", concentration, Range::positive(),
                "concentration κ of every component at the start");
  fields.vectors("means", means, "mean directions at the start; empty: uniformly random");
}

VonMisesFisherMixture::VonMisesFisherMixture(const EnergyContext& context, const Options& given) {
  const auto options = checked(given, "von_mises_fisher");
  const auto dimension = expect_domain<Sphere>(*context.domain, "von_mises_fisher").dimension();
  const auto count =
      options.means.empty() ? options.components : static_cast<std::int64_t>(options.means.size());
  auto means = context.random.normal({count, dimension}, context.tensor_options);
  for (std::size_t k = 0; k < options.means.size(); ++k) {
    require(static_cast<std::int64_t>(options.means[k].size()) == dimension,
            "von_mises_fisher: means[{}] needs {} numbers, got {}", k, dimension, options.means[k].size());
    require(std::any_of(options.means[k].begin(), options.means[k].end(),
                        [](double value) { return value != 0; }),
            "von_mises_fisher: means[{}] is the zero vector, which has no direction", k);
    means[static_cast<std::int64_t>(k)].copy_(torch::tensor(options.means[k], torch::kDouble));
  }
  directions_ = register_parameter("directions", options.concentration * means / means.norm(2, 1, true));
  logits_ = register_parameter("logits", torch::zeros({count}, context.tensor_options));
}

torch::Tensor VonMisesFisherMixture::log_normalizers() const {
  const auto kappa = directions_.norm(2, 1);
  constexpr double traced_bound = 1000;
  if (torch::jit::tracer::isTracing()) {
    return normalizers_in_operators(kappa, directions_.size(1), traced_bound);
  }
  if (!kappa.device().is_cpu()) return log_von_mises_fisher_normalizers(kappa, directions_.size(1));
  auto value = torch::empty_like(kappa.detach(), torch::kDouble);
  auto slope = torch::empty_like(value);
  for (std::int64_t k = 0; k < kappa.size(0); ++k) {
    const double concentration = kappa[k].item<double>();
    value[k] = log_von_mises_fisher_normalizer(directions_.size(1), concentration);
    slope[k] = von_mises_fisher_mean_length(directions_.size(1), concentration);
  }
  // The tangent at κ: right value and right first derivative, which is all that training takes.
  return value.type_as(kappa) + slope.type_as(kappa) * (kappa - kappa.detach());
}

torch::Tensor VonMisesFisherMixture::forward(const torch::Tensor& x) {
  return -(x.matmul(directions_.t()) + (logits_.log_softmax(0) - log_normalizers())).logsumexp(1);
}

std::optional<double> VonMisesFisherMixture::lower_bound() const {
  const torch::NoGradGuard no_grad;
  const auto peaks = directions_.norm(2, 1) + logits_.log_softmax(0) - log_normalizers();
  return -peaks.logsumexp(0).item<double>();
}

}  // namespace ebm
