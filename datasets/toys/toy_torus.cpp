#include "dualebm/datasets/toys/toy_torus.hpp"

#include <ATen/ATen.h>

#include <numbers>

#include "dualebm/datasets/split.hpp"
#include "dualebm/framework/sampling/von_mises_fisher_kernel.hpp"

namespace ebm {
namespace {

using Component = VonMisesMixture::Component;

/// Backbone angles φ, ψ of proteins, roughly: right-handed helices, sheets and left-handed helices.
std::vector<Component> ramachandran() {
  return {{{-63, -43}, {60, 50}, 0.5}, {{-115, 135}, {8, 10}, 0.4}, {{57, 42}, {40, 25}, 0.1}};
}

double one_or_own(const std::vector<double>& values, std::size_t j, std::size_t count, const char* key) {
  require(values.size() == 1 || values.size() == count, "dataset.{}: one number, or {} of them; found {}",
          key, count, values.size());
  return values.size() == 1 ? values[0] : values[j];
}

std::vector<Component> components_of(const Torus& torus, const ToyTorusOptions& options) {
  if (options.means.empty()) {
    const auto angles = torus.coordinates();
    require(angles.size() == 2 && angles[0].unit == "°" && angles[1].unit == "°",
            "dataset.means: missing; the usual ones are on two angles with period 360");
    return ramachandran();
  }
  std::vector<Component> components;
  const auto count = options.means.size();
  for (std::size_t j = 0; j < count; ++j) {
    const double kappa = one_or_own(options.concentrations, j, count, "concentrations");
    const double weight = options.weights.empty() ? 1 : one_or_own(options.weights, j, count, "weights");
    components.push_back(
        {options.means[j], std::vector<double>(static_cast<std::size_t>(torus.angles()), kappa), weight});
  }
  return components;
}

}  // namespace

VonMisesMixture::VonMisesMixture(const Torus& torus, const std::vector<Component>& components)
    : components_(components) {
  require(!components.empty(), "von Mises mixture: there must be at least one component");
  const auto angles = static_cast<std::size_t>(torus.angles());
  double sum = 0;
  for (const auto& component : components) sum += component.weight;
  std::vector<torch::Tensor> means, lengths;
  std::vector<double> offsets;
  for (const auto& [mean, concentration, weight] : components) {
    require(mean.size() == angles && concentration.size() == angles,
            "von Mises mixture: a component needs {} means and concentrations, got {} and {}", angles,
            mean.size(), concentration.size());
    require(weight > 0, "von Mises mixture: every weight must be positive, got {}", weight);
    double offset = std::log(weight / sum);
    for (const double kappa : concentration) offset -= von_mises_fisher_log_mass(2, kappa);
    offsets.push_back(offset);
    means.push_back(torus.points_at(torch::tensor(mean, torch::kDouble).unsqueeze(0)));
    lengths.push_back(torch::tensor(concentration, torch::kDouble).repeat_interleave(2));
  }
  means_ = torch::cat(means);
  directions_ = register_buffer("directions", means_ * torch::stack(lengths));
  offsets_ = register_buffer("offsets", torch::tensor(offsets, torch::kDouble));
}

torch::Tensor VonMisesMixture::forward(const torch::Tensor& x) {
  return -(x.matmul(directions_.to(x.options()).t()) + offsets_.to(x.options())).logsumexp(1);
}

torch::Tensor VonMisesMixture::sample(std::int64_t count, Random& random) const {
  const torch::NoGradGuard no_grad;
  double sum = 0, below = 0;
  for (const auto& component : components_) sum += component.weight;
  const auto level = random.uniform({count}, torch::kDouble) * sum;
  auto points = torch::empty({count, means_.size(1)}, torch::kDouble);
  for (std::size_t j = 0; j < components_.size(); ++j) {
    const auto rows =
        (level >= below).logical_and(level < below + components_[j].weight).nonzero().squeeze(1);
    below += components_[j].weight;
    std::vector<torch::Tensor> circles;
    for (std::size_t i = 0; i < components_[j].concentration.size(); ++i) {
      const auto mean = means_[static_cast<std::int64_t>(j)].narrow(0, static_cast<std::int64_t>(2 * i), 2);
      circles.push_back(
          von_mises_fisher_draws(mean.expand({rows.size(0), 2}), components_[j].concentration[i], random));
    }
    points.index_copy_(0, rows, torch::cat(circles, 1));
  }
  return points;
}

void ToyTorusOptions::describe(Fields& fields) {
  fields.vectors(
      "means", means,
      "mean angles of each component, in the units of the domain; empty: the three of a Ramachandran plot");
  fields.numbers("concentrations", concentrations, Range::at_least(0),
                 "κ of each component of means, or one for all");
  fields.numbers("weights", weights, Range::positive(),
                 "of each component of means, or one for all; empty: equal");
  fields.integer("train", train, Range::at_least(1), "number n of training points");
  fields.integer("validation", validation, Range::at_least(0), "number of validation points");
  fields.integer("test", test, Range::at_least(0), "number of test points");
}

Dataset draw_toy_torus(const DatasetContext& context, const ToyTorusOptions& given) {
  const auto options = checked(given, "toy_torus");
  const auto& torus = expect_domain<Torus>(*context.domain, "dataset toy_torus");
  const auto density = std::make_shared<VonMisesMixture>(torus, components_of(torus, options));
  const auto points = density->sample(options.train + options.validation + options.test, context.random);
  auto parts = parts_of(torus.coordinates_of(points), options.train, options.validation);
  parts.teacher = density;
  return parts;
}

}  // namespace ebm
