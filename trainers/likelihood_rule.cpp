#include "dualebm/trainers/likelihood_rule.hpp"

#include <ATen/ATen.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/evaluation/evaluation.hpp"
#include "dualebm/framework/problem/evaluation_mode.hpp"

namespace ebm {

void LikelihoodRule::Options::describe(Fields& fields) {
  fields.integer("resolution", resolution, Range::between(4, 4000),
                 "latitudes of the quadrature (longitudes: twice)");
  fields.number("tolerance", tolerance, Range::positive(),
                "of log Z, in nats: beyond it the cells of the quadrature are refined");
  fields.integer("most_nodes", most_nodes, Range::at_least(0),
                 "at which the energy is computed while cells are refined; 0: the rule is never looked at");
  fields.integer("look_every", look_every, Range::at_least(1),
                 "iterations between two looks at what the quadrature is worth");
}

LikelihoodRule::LikelihoodRule(const Trainer& trainer, const Options& options, const char* who)
    : trainer_(trainer),
      options_(options),
      who_(who),
      integrator_(trainer.problem(), {.resolution = options.resolution,
                                      .tolerance = options.tolerance,
                                      .most_nodes = options.most_nodes}) {
  require(
      integrator_.fine() || integrator_.refines(),
      "trainer: {} needs a domain with a quadrature rule: sphere with dimension 2, 3 or 4, euclidean with "
      "dimension 1, 2 or 3, torus or box with dimension 1 or 2, a product with two coordinates",
      who_);
  const auto& data = trainer.problem().data().train;
  const auto some = data.narrow(0, 0, std::min<std::int64_t>(data.size(0), 10000));
  require(
      data.size(0) == 1 || !some.eq(some[0]).all().item<bool>(),
      "trainer: {}: all training points are the same one, and no density has the largest likelihood there; "
      "look at the data",
      who_);
  if (!integrator_.fine()) return;
  take(*integrator_.fine());
  at_start_ = rule_;
  nodes_at_start_ = nodes_;
}

void LikelihoodRule::take(const Quadrature& rule) {
  rule_ = {.points = rule.points.to(trainer_.tensor_options().device()),
           .weights = rule.weights.to(trainer_.tensor_options().device())};
  nodes_ = rule_.points.to(trainer_.tensor_options());
}

bool LikelihoodRule::looks_at(std::int64_t iteration) const {
  return options_.most_nodes > 0 && (iteration - 1) % options_.look_every == 0;
}

Cost LikelihoodRule::look() {
  const EvaluationMode mode(trainer_.energy());
  const torch::NoGradGuard no_grad;
  const auto choice = integrator_.choose(trainer_.energy());
  const auto& rule = choice.rule;
  require(!(rule.error > Evaluation::largest_error),
          "trainer: {} cannot integrate this energy: {}; raise trainer.most_nodes, or take smaller steps",
          who_, rule.verdict());
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

void LikelihoodRule::save(State& state) const {
  state.write("fixed", static_cast<std::int64_t>(fixed_));
  if (fixed_) return;
  state.write("points", rule_.points);
  state.write("weights", rule_.weights);
}

void LikelihoodRule::load(const State& state) {
  fixed_ = state.integer("fixed") != 0;
  if (fixed_) {
    require(at_start_.points.defined(), "a fixed rule, and this domain has none");
    rule_ = at_start_;
    nodes_ = nodes_at_start_;
    return;
  }
  const auto points = state.tensor("points"), weights = state.tensor("weights");
  require(points.dim() == 2 && points.size(1) == trainer_.problem().data().train.size(1) &&
              weights.dim() == 1 && weights.size(0) == points.size(0) &&
              points.scalar_type() == torch::kDouble && weights.scalar_type() == torch::kDouble,
          "nodes of a quadrature that do not fit these data");
  take({.points = points, .weights = weights});
}

}  // namespace ebm
