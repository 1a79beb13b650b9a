#include "dualebm/framework/evaluation/annealed_likelihood.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace ebm {
namespace {

constexpr std::int64_t rows_of_base = 100000;
constexpr double width_of_base = 1.25;

}  // namespace

void AnnealedLikelihood::Options::describe(Fields& fields) {
  fields.integer(
      "walkers", walkers, Range::at_least(0),
      "walkers that estimate log Z by annealing at every look, 16 at least; 0: this metric is not computed");
}

MetricDescription AnnealedLikelihood::description() const {
  return {"nll_validation_annealed",
          "validation NLL, annealed",
          "nats, per area",
          "lower",
          false,
          "E_validation[E] + log Z + log area with log Z by sequential Monte Carlo: an estimate, see its "
          "option walkers"};
}

std::optional<double> AnnealedLikelihood::value(const Evaluation& at) const {
  const auto& problem = at.problem();
  const auto mean = at.mean_energy(problem.data().validation);
  if (options_.walkers == 0 || !mean) return std::nullopt;
  const auto& train = problem.data().train;
  const auto base = BaseProposal::around(
      problem.shared_domain(), train.narrow(0, 0, std::min(train.size(0), rows_of_base)), width_of_base);
  Random random(0, "annealing");
  const auto found =
      sequential_log_normalizer(at.energy(), problem.domain(), base, {.walkers = options_.walkers}, random);
  if (!found || !std::isfinite(found->value)) return std::nullopt;
  return mean->value + found->value + problem.domain().log_area() - problem.data().log_determinant;
}

}  // namespace ebm
