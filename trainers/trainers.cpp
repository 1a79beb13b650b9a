#include "trainers/trainers.hpp"

#include "trainers/dual_gda.hpp"
#include "trainers/exact_likelihood.hpp"
#include "trainers/maximum_likelihood.hpp"
#include "trainers/restart_gda.hpp"
#include "trainers/score_matching.hpp"

namespace ebm {

Registry<Trainer, TrainerContext>& trainers() {
  static auto registry = [] {
    Registry<Trainer, TrainerContext> entries("trainer");
    entries.add<MaximumLikelihood>("maximum_likelihood",
                                   "the MCMC baseline: K Langevin steps at fixed energy before each update");
    entries.add<DualGda>("dual_gda",
                         "one Langevin step and one energy step per iteration; particles persist");
    entries.add<RestartGda>("restart_gda", "dual GDA whose particles sometimes restart at the data");
    entries.add<ScoreMatchingOptions>(
        "score_matching", "the restart limit p_R = 1 of dual GDA, or the implicit objective directly",
        [](const ScoreMatchingOptions& options, const TrainerContext& context) -> std::shared_ptr<Trainer> {
          if (options.objective == "implicit") return std::make_shared<ImplicitScoreMatching>(context);
          return std::make_shared<RestartLimit>(context, options);
        });
    entries.add<ExactLikelihood>(
        "exact_likelihood",
        "maximum likelihood by quadrature, without particles: how good a training could be; S², R²");
    return entries;
  }();
  return registry;
}

}  // namespace ebm
