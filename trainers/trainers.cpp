#include "trainers/trainers.hpp"

#include "trainers/dual_gda.hpp"
#include "trainers/exact_likelihood.hpp"
#include "trainers/maximum_likelihood.hpp"
#include "trainers/restart_gda.hpp"
#include "trainers/score_matching.hpp"

namespace ebm {
namespace {

/// A trainer that is made from a context and options.
template <class T>
std::shared_ptr<Trainer> made(const typename T::Options& options, const TrainerContext& context) {
  return std::make_shared<T>(context, options);
}

}  // namespace

const Registry<Trainer, TrainerContext>& trainers() {
  static const auto registry = [] {
    Registry<Trainer, TrainerContext> entries("trainer");
    entries.add<MaximumLikelihood::Options>(
        "maximum_likelihood", "the MCMC baseline: K Langevin steps at fixed energy before each update",
        made<MaximumLikelihood>);
    entries.add<DualGda::Options>(
        "dual_gda", "one Langevin step and one energy step per iteration; particles persist", made<DualGda>);
    entries.add<RestartGda::Options>("restart_gda", "dual GDA whose particles sometimes restart at the data",
                                     made<RestartGda>);
    entries.add<ScoreMatchingOptions>(
        "score_matching", "the restart limit p_R = 1 of dual GDA, or the implicit objective directly",
        [](const ScoreMatchingOptions& options, const TrainerContext& context) -> std::shared_ptr<Trainer> {
          if (options.objective == "implicit") return std::make_shared<ImplicitScoreMatching>(context);
          return std::make_shared<RestartLimit>(context, options);
        });
    entries.add<ExactLikelihood::Options>(
        "exact_likelihood",
        "maximum likelihood by quadrature, without particles: how good a training could be; S²",
        made<ExactLikelihood>);
    return entries;
  }();
  return registry;
}

}  // namespace ebm
