#include "dualebm/trainers/exact_likelihood.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void ExactLikelihood::Options::describe(Fields& fields) {
  fields.integer("resolution", resolution, Range::between(4, 4000),
                 "latitudes of the quadrature (longitudes: twice)");
}

ExactLikelihood::ExactLikelihood(TrainerContext context, const Options& options)
    : Trainer(std::move(context)) {
  const auto rule = domain().quadrature(checked(options, "exact_likelihood").resolution);
  require(rule.has_value(),
          "trainer: exact_likelihood needs a domain with a quadrature rule: sphere with dimension 3, "
          "euclidean, torus or box with dimension 1 or 2, a product with two coordinates");
  rule_ = {.points = rule->points.to(tensor_options().device()),
           .weights = rule->weights.to(tensor_options().device())};
  nodes_ = rule_.points.to(tensor_options());
}

Cost ExactLikelihood::accumulate(const torch::Tensor& batch, const Iteration&) {
  torch::Tensor probabilities;
  {
    const torch::NoGradGuard no_grad;
    probabilities = rule_.gibbs(energy().forward(nodes_)).to(nodes_.options());
  }
  energy().accumulate_gradient(
      batch, torch::full({batch.size(0)}, 1.0 / static_cast<double>(batch.size(0)), batch.options()));
  energy().accumulate_gradient(nodes_, -probabilities);
  return {.energies = nodes_.size(0), .parameter_gradients = batch.size(0) + nodes_.size(0)};
}

}  // namespace ebm
