#include "dualebm/trainers/sliced_score_matching.hpp"

#include <ATen/ATen.h>

#include "dualebm/trainers/score_gradient.hpp"

namespace ebm {

void SlicedScoreMatching::Options::describe(Fields& fields) {
  fields.integer("projections", projections, Range::at_least(1), "random directions v for each point");
  fields.boolean("variance_reduced", variance_reduced, "take |∇E|² in place of (v·∇E)²: the same mean");
}

SlicedScoreMatching::SlicedScoreMatching(TrainerContext context, const Options& options)
    : Trainer(std::move(context)), options_(checked(options, "sliced_score_matching")) {
  require_smooth(energy(), "sliced_score_matching");
  require_no_walls(domain(), "sliced_score_matching");
}

torch::Tensor sliced_score_objective(Energy& energy, const Domain& domain, const torch::Tensor& batch,
                                     const SlicedScoreMatching::Options& options, Random& random) {
  const auto [x, gradient] = score_gradient(energy, batch);
  const auto slope = domain.to_tangent(x, gradient);
  std::vector<torch::Tensor> terms;
  for (std::int64_t p = 0; p < options.projections; ++p) {
    const auto signs = (random.uniform(batch.sizes(), batch.options()) < 0.5).to(batch.options()) * 2 - 1;
    const auto v = domain.to_tangent(batch, signs);
    const auto along = (slope * v).sum(1);
    // The tangential gradient as a field, differentiated along v, is the Hessian of the domain: on the sphere
    // the projection's own derivative is the term of curvature.
    const auto curvature = (derivative_in_points(along, x) * v).sum(1);
    terms.push_back(options.variance_reduced ? -curvature : 0.5 * along.square() - curvature);
  }
  const auto mean = torch::stack(terms).mean();
  return options.variance_reduced ? mean + 0.5 * slope.square().sum(1).mean() : mean;
}

Cost SlicedScoreMatching::accumulate(const torch::Tensor& batch, const Iteration&) {
  const torch::AutoGradMode enable(true);
  sliced_score_objective(energy(), domain(), batch, options_, random()).backward();
  return {.double_gradients = batch.size(0) * (1 + options_.projections)};
}

}  // namespace ebm
