#include "trainers/score_matching.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "framework/error.hpp"
#include "trainers/restart_gda.hpp"

namespace ebm {

void RestartLimit::Options::describe(Fields& fields) {
  ParticleOptions::describe(fields);
  fields.number("step_boost", step_boost, Range::at_least(0),
                "learning rates are multiplied by 1 + step_boost / particle_step");
}

RestartLimit::RestartLimit(TrainerContext context, const Options& options)
    : ParticleTrainer(std::move(context), options), copies_(options.particles_per_point) {
  scale_learning_rates(restart_boost(options.step_boost, 1, options.particle_step));
}

std::int64_t RestartLimit::move(const torch::Tensor& batch) {
  set_particles(copies_of(batch, copies_));
  return langevin(1);
}

void ScoreMatchingOptions::describe(Fields& fields) {
  fields.choice(
      "objective", objective, {"restart_limit", "implicit"},
      "restart_limit: one Langevin step from the data; implicit: E[½|∇E|² - ΔE] by autograd, for smooth "
      "energies, with none of the options below");
  RestartLimit::Options::describe(fields);
}

ImplicitScoreMatching::ImplicitScoreMatching(TrainerContext context) : Trainer(std::move(context)) {
  require(energy().smooth(),
          "trainer: implicit score matching differentiates the energy three times and needs a smooth one; "
          "this energy "
          "has kinks (take activation softplus, or objective restart_limit)");
}

torch::Tensor implicit_score_objective(Energy& energy, const Domain& domain, const torch::Tensor& batch) {
  const auto x = batch.detach().requires_grad_(true);
  const auto gradient = torch::autograd::grad({energy.forward(x).sum()}, {x}, {}, true, true)[0];
  std::vector<torch::Tensor> rows;
  for (std::int64_t k = 0; k < x.size(1); ++k) {
    const auto row = torch::autograd::grad({gradient.select(1, k).sum()}, {x}, {}, true, true, true)[0];
    rows.push_back(row.defined() ? row : torch::zeros_like(x));
  }
  const auto laplacian = domain.laplacian(x, gradient, torch::stack(rows, 1));
  return (0.5 * domain.to_tangent(x, gradient).square().sum(1) - laplacian).mean();
}

std::int64_t ImplicitScoreMatching::accumulate(const torch::Tensor& batch) {
  const torch::AutoGradMode enable(true);
  implicit_score_objective(energy(), domain(), batch).backward();
  return batch.size(0) * (1 + batch.size(1));
}

}  // namespace ebm
