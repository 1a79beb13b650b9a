#include "dualebm/framework/evaluation/duality_gap.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace ebm {
namespace {

/// Training points and a model as one signed measure of mass zero.
struct Difference {
  torch::Tensor points, weights;
  double energy = 0;  ///< ∫ E dω
};

Difference difference_of(const torch::Tensor& train, const torch::Tensor& train_energy,
                         const WeightedPoints& model) {
  const auto count = train.size(0);
  const auto at_data = torch::full({count}, 1 / static_cast<double>(count), torch::kDouble);
  const auto probabilities = model.probabilities.cpu();
  return {
      .points = torch::cat({train.cpu(), model.points.cpu()}),
      .weights = torch::cat({at_data, -probabilities}),
      .energy = train_energy.mean().item<double>() - probabilities.dot(model.energies.cpu()).item<double>()};
}

/// What is worth searching for: a hundredth of the gap, and no less than rounding leaves of it.
double tolerance_for(double energy) { return std::max(1e-7, 0.01 * std::abs(energy)); }

/// Every second row, from the first or the second.
torch::Tensor half_of(const torch::Tensor& rows, std::int64_t which) {
  return rows.slice(0, which, rows.size(0), 2);
}

WeightedPoints half_of(const WeightedPoints& sample, std::int64_t which) {
  const auto probabilities = half_of(sample.probabilities, which);
  return {.points = half_of(sample.points, which),
          .probabilities = probabilities / probabilities.sum(),
          .energies = half_of(sample.energies, which)};
}

}  // namespace

std::optional<DualityGap> duality_gap(const NeuronEnergy& energy, const torch::Tensor& train,
                                      const torch::Tensor& train_energy, const WeightedPoints& model) {
  const auto difference = difference_of(train, train_energy, model);
  auto support = energy.support(difference.points, difference.weights, tolerance_for(difference.energy));
  if (!support) return std::nullopt;
  // Near the optimum the gap is a small difference, and what the search left open may be most of it.
  const double gap = difference.energy + support->value;
  if (support->error > 0.1 * gap) {
    const double finer = std::max(1e-7, 0.1 * (gap - support->error));
    support = energy.support(difference.points, difference.weights, finer);
  }
  return DualityGap{.value = difference.energy + support->value,
                    .error = support->error,
                    .restriction = support->with_both_signs - support->value,
                    .proven = support->proven,
                    .neuron = support->neuron,
                    .sign = support->sign};
}

std::optional<DualityGap> duality_gap_estimate(const NeuronEnergy& energy, const torch::Tensor& train,
                                               const torch::Tensor& train_energy,
                                               const WeightedPoints& sample) {
  if (train.size(0) < 4 || sample.points.size(0) < 4) return std::nullopt;
  const auto searched = difference_of(half_of(train, 0), half_of(train_energy, 0), half_of(sample, 0));
  const auto support = energy.support(searched.points, searched.weights, tolerance_for(searched.energy));
  if (!support) return std::nullopt;
  // On the other halves the gap is the mean of f = E - E' over data less that over the model.
  const auto data = half_of(train, 1);
  const auto model = half_of(sample, 1);
  const auto at_data = half_of(train_energy, 1).cpu() - support->minimiser(data);
  const auto at_model = model.energies.cpu() - support->minimiser(model.points);
  const auto probabilities = model.probabilities.cpu();
  const double mean = probabilities.dot(at_model).item<double>();
  const double of_data = at_data.var().item<double>() / static_cast<double>(at_data.size(0));
  const double of_model = (probabilities * (at_model - mean)).square().sum().item<double>();
  return DualityGap{.value = at_data.mean().item<double>() - mean,
                    .restriction = support->with_both_signs - support->value,
                    .proven = false,
                    .standard_error = std::sqrt(of_data + of_model),
                    .neuron = support->neuron,
                    .sign = support->sign};
}

}  // namespace ebm
