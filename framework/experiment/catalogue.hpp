#pragma once

#include <torch/optim/optimizer.h>

#include "dualebm/framework/evaluation/metric.hpp"
#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/problem/domains.hpp"
#include "dualebm/framework/problem/energy_context.hpp"
#include "dualebm/framework/problem/transform.hpp"
#include "dualebm/framework/sampling/samplers.hpp"
#include "dualebm/framework/settings/registry.hpp"
#include "dualebm/framework/training/callback.hpp"
#include "dualebm/framework/training/optimizers/optimizers.hpp"
#include "dualebm/framework/training/schedules/schedule.hpp"
#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// Everything that a configuration can name. Each room adds what it has, a program or a plugin what is its
/// own; it is handed down as an argument, so that two of them in one process do not meet:
///
///     auto catalogue = ebm::standard_catalogue();
///     catalogue.energies.add<Ring>("ring", "a ring on R²");
struct Catalogue {
  Registry<Domain, DomainContext> domains{"domain"};              ///< the section "domain"
  Registry<Dataset, DatasetContext> datasets{"dataset"};          ///< the section "dataset"
  Registry<Transform, TransformContext> transforms{"transform"};  ///< the list "transforms"
  Registry<Energy, EnergyContext> energies{"energy"};             ///< "energy", and "teacher" of a dataset
  Registry<Sampler, SamplerContext> samplers{"sampler"};          ///< "sampler"
  Registry<Trainer, TrainerContext> trainers{"trainer"};          ///< "trainer"
  Registry<torch::optim::Optimizer, OptimizerContext> optimizers{"optimizer"};  ///< "optimizer"
  Registry<Schedule, ScheduleContext> schedules{"schedule"};  ///< both sections of schedules
  Registry<Metric, MetricContext> metrics{"metric"};          ///< all are computed
  Registry<Callback, CallbackContext> callbacks{"callback"};  ///< the list "callbacks"
  /// Whether energies whose `trust` asks for it may run code that came in files: the word of whoever runs the
  /// program, not of a configuration.
  bool trust_scripts = false;
};

/// Adds what this room itself has: domains, samplers, optimizers, schedules, metrics, callbacks.
void add_framework(Catalogue& catalogue);

}  // namespace ebm
