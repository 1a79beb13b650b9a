#pragma once

#include <ATen/ATen.h>

#include <cmath>

#include "dualebm/framework/training/trainer.hpp"
#include "dualebm/models/shallow.hpp"
#include "tests/support/contexts.hpp"

namespace ebm::testing {

/// A smooth energy without symmetries, on the sphere or in R^d: all parameters differ.
inline std::shared_ptr<Shallow> softplus_energy(std::int64_t d, std::int64_t neurons, double largest_weight) {
  Random random(3, "score_matching_test");
  Shallow::Options options{.neurons = neurons, .activation = "softplus", .signs = "balanced"};
  auto energy = std::make_shared<Shallow>(on_sphere(d, torch::kDouble, random), options);
  const torch::NoGradGuard no_grad;
  energy->named_parameters()["weights"].copy_(largest_weight * random.uniform({neurons}, torch::kDouble));
  return energy;
}

/// Points to train on and nothing else.
inline std::shared_ptr<const Problem> problem_of(std::shared_ptr<const Domain> domain, torch::Tensor data) {
  return std::make_shared<Problem>(std::move(domain), Dataset{.train = std::move(data)});
}

/// What a trainer needs, with the same stream of random numbers in every test.
inline TrainerContext context_of(std::shared_ptr<Energy> energy, std::shared_ptr<const Domain> domain,
                                 torch::Tensor data) {
  return {.energy = std::move(energy),
          .problem = problem_of(std::move(domain), std::move(data)),
          .random = std::make_shared<Random>(4, "particles")};
}

inline torch::Tensor flat_gradient(Energy& energy) {
  std::vector<torch::Tensor> parts;
  for (const auto& parameter : energy.parameters()) parts.push_back(parameter.grad().flatten());
  return torch::cat(parts);
}

/// What the trainer adds to the gradients of all parameters on a batch, in one vector.
inline torch::Tensor gradient_of(Trainer& trainer, const torch::Tensor& batch) {
  trainer.energy().zero_grad(/*set_to_none=*/true);
  trainer.accumulate(batch, Iteration(1));
  return flat_gradient(trainer.energy());
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
