#pragma once

#include <torch/optim/sgd.h>

#include "dualebm/framework/training/trainer.hpp"
#include "dualebm/models/shallow.hpp"

namespace ebm::testing {

/// A smooth energy without symmetries, on the sphere or in R^d: all parameters differ.
inline std::shared_ptr<Shallow> softplus_energy(std::int64_t d, std::int64_t neurons, double largest_weight) {
  Random random(3, "score_matching_test");
  Shallow::Options options{.neurons = neurons, .activation = "softplus", .signs = "balanced"};
  auto energy = std::make_shared<Shallow>(d, options, random, torch::kDouble);
  const torch::NoGradGuard no_grad;
  energy->named_parameters()["weights"].copy_(largest_weight * random.uniform({neurons}, torch::kDouble));
  return energy;
}

/// Trains with steps of size zero, so that after a step the `.grad` of the parameters is that of the start.
inline TrainerContext standing_still(std::shared_ptr<Energy> energy, std::shared_ptr<Domain> domain,
                                     torch::Tensor data) {
  auto optimizer = std::make_shared<torch::optim::SGD>(energy->parameters(), torch::optim::SGDOptions(0.0));
  return {.energy = energy,
          .domain = domain,
          .optimizer = optimizer,
          .data = data,
          .random = std::make_shared<Random>(4, "particles")};
}

inline torch::Tensor flat_gradient(Energy& energy) {
  std::vector<torch::Tensor> parts;
  for (const auto& parameter : energy.parameters()) parts.push_back(parameter.grad().flatten());
  return torch::cat(parts);
}

/// A mean of random tensors, with the standard error of each number.
struct Estimate {
  torch::Tensor mean, standard_error;

  /// The largest distance from what is expected, in standard errors; `rounding` is allowed besides.
  double deviation(const torch::Tensor& expected, double rounding = 1e-12) const {
    return ((mean - expected).abs() / (standard_error + rounding)).max().item<double>();
  }
};

template <class Draw>
Estimate mean_of(int repetitions, Draw draw) {
  std::vector<torch::Tensor> draws;
  for (int i = 0; i < repetitions; ++i) draws.push_back(draw().clone());
  const auto all = torch::stack(draws);
  return {all.mean(0), all.std(0) / std::sqrt(double(repetitions))};
}

}  // namespace ebm::testing
