#include "dualebm/framework/experiment/catalogue.hpp"

#include "dualebm/framework/evaluation/annealed_likelihood.hpp"
#include "dualebm/framework/evaluation/standard_metrics.hpp"
#include "dualebm/framework/training/callbacks/stop_at.hpp"

namespace ebm {

void add_framework(Catalogue& catalogue) {
  add_domains(catalogue.domains);
  add_samplers(catalogue.samplers);
  add_optimizers(catalogue.optimizers);
  add_schedules(catalogue.schedules);
  add_standard_metrics(catalogue.metrics);
  catalogue.metrics.add<AnnealedLikelihood>(
      "nll_validation_annealed", "negative log-likelihood of the validation points with log Z by annealing");
  catalogue.callbacks.add<StopAt>("stop_at", "ends a run when a metric has come to a value");
}

}  // namespace ebm
