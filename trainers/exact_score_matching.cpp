#include "dualebm/trainers/exact_score_matching.hpp"

#include <ATen/ATen.h>

#include "dualebm/trainers/score_gradient.hpp"

namespace ebm {

ExactScoreMatching::ExactScoreMatching(TrainerContext context, const Options&) : Trainer(std::move(context)) {
  require_smooth(energy(), "exact_score_matching");
  require_no_walls(domain(), "exact_score_matching");
}

torch::Tensor exact_score_objective(Energy& energy, const Domain& domain, const torch::Tensor& batch) {
  const auto [x, gradient] = score_gradient(energy, batch);
  std::vector<torch::Tensor> rows;
  for (std::int64_t k = 0; k < x.size(1); ++k) {
    rows.push_back(derivative_in_points(gradient.select(1, k), x));
  }
  const auto laplacian = domain.laplacian(x, gradient, torch::stack(rows, 1));
  return (0.5 * domain.to_tangent(x, gradient).square().sum(1) - laplacian).mean();
}

Cost ExactScoreMatching::accumulate(const torch::Tensor& batch, const Iteration&) {
  const torch::AutoGradMode enable(true);
  exact_score_objective(energy(), domain(), batch).backward();
  return {.double_gradients = batch.size(0) * (1 + batch.size(1))};
}

}  // namespace ebm
