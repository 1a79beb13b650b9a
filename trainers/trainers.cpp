#include "dualebm/trainers/trainers.hpp"

#include "dualebm/trainers/boosted_likelihood.hpp"
#include "dualebm/trainers/denoising_score_matching.hpp"
#include "dualebm/trainers/dual_gda.hpp"
#include "dualebm/trainers/exact_likelihood.hpp"
#include "dualebm/trainers/exact_score_matching.hpp"
#include "dualebm/trainers/maximum_likelihood.hpp"
#include "dualebm/trainers/persistent_contrastive_divergence.hpp"
#include "dualebm/trainers/restart_gda.hpp"
#include "dualebm/trainers/score_matching.hpp"
#include "dualebm/trainers/sliced_score_matching.hpp"

namespace ebm {

void add_trainers(Catalogue& catalogue) {
  auto& entries = catalogue.trainers;
  entries.add<MaximumLikelihood>(
      "maximum_likelihood", "the MCMC baseline: K steps of the particles at fixed energy before each update");
  entries.add<DualGda>("dual_gda",
                       "one step of the particles and one of the energy per iteration; weights and an exact "
                       "kernel, or with a particle_step the published algorithm");
  entries.add<RestartGda>("restart_gda", "dual GDA whose particles sometimes restart at the data");
  entries.add<RestartLimit>("score_matching",
                            "the restart limit p_R = 1 of dual GDA: one Langevin step from the data");
  entries.add<ExactScoreMatching>("exact_score_matching",
                                  "implicit score matching by the whole Hessian; smooth energies");
  entries.add<SlicedScoreMatching>("sliced_score_matching",
                                   "implicit score matching by random projections; smooth energies");
  entries.add<DenoisingScoreMatching>("denoising_score_matching",
                                      "score matching of noised data, one level or a ladder; smooth, R^d");
  entries.add<PersistentContrastiveDivergence>(
      "persistent_contrastive_divergence",
      "maximum likelihood with a replay buffer of chains, for deep energies");
  entries.add<ExactLikelihood>(
      "exact_likelihood",
      "maximum likelihood by quadrature, without particles: how good a training could be; S², R²");
  entries.add<BoostedLikelihood>("boosted_likelihood",
                                 "maximum likelihood neuron by neuron, by quadrature, with the duality gap "
                                 "as certificate; shallow energies");
}

}  // namespace ebm
