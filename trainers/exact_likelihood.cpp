#include "dualebm/trainers/exact_likelihood.hpp"

#include <ATen/ATen.h>

namespace ebm {

ExactLikelihood::ExactLikelihood(TrainerContext context, const Options& options)
    : Trainer(std::move(context)), rule_(*this, checked(options, "exact_likelihood"), "exact_likelihood") {}

bool ExactLikelihood::repeats(const Iteration& iteration) const {
  return rule_.fixed() && !rule_.looks_at(iteration.number_as_promised());
}

Cost ExactLikelihood::accumulate(const torch::Tensor& batch, const Iteration& iteration) {
  Cost cost;
  if (rule_.looks_at(iteration.number_as_promised())) cost = rule_.look();
  const auto& nodes = rule_.nodes();
  torch::Tensor probabilities;
  {
    const torch::NoGradGuard no_grad;
    probabilities = rule_.rule().gibbs(energy().forward(nodes)).to(nodes.options());
  }
  energy().accumulate_gradient(
      batch, torch::full({batch.size(0)}, 1.0 / static_cast<double>(batch.size(0)), batch.options()));
  energy().accumulate_gradient(nodes, -probabilities);
  cost += {.energies = nodes.size(0), .parameter_gradients = batch.size(0) + nodes.size(0)};
  return cost;
}

void ExactLikelihood::save(State& state) const { rule_.save(state); }

void ExactLikelihood::load(const State& state) { rule_.load(state); }

}  // namespace ebm
