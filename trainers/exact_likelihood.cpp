#include "dualebm/trainers/exact_likelihood.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/evaluation/evaluation.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"

namespace ebm {

void ExactLikelihood::Options::describe(Fields& fields) {
  fields.integer("resolution", resolution, Range::between(4, 4000),
                 "latitudes of the quadrature (longitudes: twice)");
  fields.number("tolerance", tolerance, Range::positive(),
                "of log Z, in nats: beyond it the cells of the quadrature are refined");
  fields.integer("most_nodes", most_nodes, Range::at_least(0),
                 "at which the energy is computed while cells are refined; 0: the rule is never looked at");
  fields.integer("look_every", look_every, Range::at_least(1),
                 "iterations between two looks at what the quadrature is worth");
}

ExactLikelihood::ExactLikelihood(TrainerContext context, const Options& options)
    : Trainer(std::move(context)),
      options_(checked(options, "exact_likelihood")),
      integrator_(problem(), {.resolution = options_.resolution,
                              .tolerance = options_.tolerance,
                              .most_nodes = options_.most_nodes}) {
  require(integrator_.fine() || integrator_.refines(),
          "trainer: exact_likelihood needs a domain with a quadrature rule: sphere with dimension 2, 3 or 4, "
          "euclidean with dimension 1, 2 or 3, torus or box with dimension 1 or 2, a product with two "
          "coordinates");
  const auto rows = std::min<std::int64_t>(data().size(0), 10000);
  const auto some = data().narrow(0, 0, rows);
  require(data().size(0) == 1 || !some.eq(some[0]).all().item<bool>(),
          "trainer: exact_likelihood: all training points are the same one, and no density has the largest "
          "likelihood "
          "there; look at the data");
  if (!integrator_.fine()) return;
  take(*integrator_.fine());
  at_start_ = rule_;
  nodes_at_start_ = nodes_;
}

void ExactLikelihood::take(const Quadrature& rule) {
  rule_ = {.points = rule.points.to(tensor_options().device()),
           .weights = rule.weights.to(tensor_options().device())};
  nodes_ = rule_.points.to(tensor_options());
}

bool ExactLikelihood::looks_at(std::int64_t iteration) const {
  return options_.most_nodes > 0 && (iteration - 1) % options_.look_every == 0;
}

bool ExactLikelihood::repeats(const Iteration& iteration) const {
  return fixed_ && !looks_at(iteration.number_as_promised());
}

Cost ExactLikelihood::look() {
  const EvaluationMode mode(energy());
  const torch::NoGradGuard no_grad;
  const auto choice = integrator_.choose(energy());
  const auto& rule = choice.rule;
  require(!(rule.error > Evaluation::largest_error),
          "trainer: exact_likelihood cannot integrate this energy: {}; raise trainer.most_nodes, or take "
          "smaller steps",
          rule.verdict());
  fixed_ = choice.fixed;
  if (fixed_) {
    // The very tensors from the start: a CUDA graph may stand for iterations with them.
    rule_ = at_start_;
    nodes_ = nodes_at_start_;
  } else {
    take(rule.fine);
  }
  return {.energies = rule.evaluated};
}

Cost ExactLikelihood::accumulate(const torch::Tensor& batch, const Iteration& iteration) {
  Cost cost;
  if (looks_at(iteration.number_as_promised())) cost = look();
  torch::Tensor probabilities;
  {
    const torch::NoGradGuard no_grad;
    probabilities = rule_.gibbs(energy().forward(nodes_)).to(nodes_.options());
  }
  energy().accumulate_gradient(
      batch, torch::full({batch.size(0)}, 1.0 / static_cast<double>(batch.size(0)), batch.options()));
  energy().accumulate_gradient(nodes_, -probabilities);
  cost += {.energies = nodes_.size(0), .parameter_gradients = batch.size(0) + nodes_.size(0)};
  return cost;
}

void ExactLikelihood::save(State& state) const {
  state.write("fixed", static_cast<std::int64_t>(fixed_));
  if (fixed_) return;
  state.write("points", rule_.points);
  state.write("weights", rule_.weights);
}

void ExactLikelihood::load(const State& state) {
  fixed_ = state.integer("fixed") != 0;
  if (fixed_) {
    require(at_start_.points.defined(), "a fixed rule, and this domain has none");
    rule_ = at_start_;
    nodes_ = nodes_at_start_;
    return;
  }
  const auto points = state.tensor("points"), weights = state.tensor("weights");
  require(points.dim() == 2 && points.size(1) == data().size(1) && weights.dim() == 1 &&
              weights.size(0) == points.size(0) && points.scalar_type() == torch::kDouble &&
              weights.scalar_type() == torch::kDouble,
          "nodes of a quadrature that do not fit these data");
  take({.points = points, .weights = weights});
}

}  // namespace ebm
