#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/experiment/catalogue.hpp"
#include "dualebm/framework/experiment/comparison_options.hpp"
#include "dualebm/framework/experiment/tuning_options.hpp"
#include "dualebm/framework/training/callbacks/early_stop.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// The scalars at the top level of a configuration.
struct GeneralOptions {
  std::string title;                       ///< name of the experiment, for the report
  std::int64_t seed = 0;                   ///< of everything random: data, parameters, particles, batches
  std::optional<std::int64_t> data_seed;   ///< of the data alone; none: the seed
  std::string dtype = "float32";           ///< of data, particles and parameters; or "float64"
  std::optional<double> time_scale_ratio;  ///< α = neuron_step / particle_step; none: the steps as given
  void describe(Fields& fields);
};

/// The section "loop": options of four objects, each of which acts on its own.
struct LoopOptions {
  FitOptions fit;                        ///< length, batches, budgets
  Training::Options training;            ///< clip, average, CUDA graph
  EarlyStop::Options early_stop;         ///< metric and patience
  std::int64_t checkpoint_every = 1000;  ///< iterations between checkpoints; 0: at the end only
  double stop_at_gap = 0;                ///< duality gap at which a run ends, in nats; 0: never
  void describe(Fields& fields);
};

/// The section "metrics".
struct MetricsOptions {
  std::int64_t every = 10;        ///< iterations between evaluations; 0: at start and end only
  Evaluator::Options evaluator;   ///< of the quadrature, and whether the duality gap is wanted
  Json options = Json::object();  ///< name of a metric -> its options, where they are not the defaults
  void describe(Fields& fields);
};

/// A configuration, read strictly: nothing is made yet, everything is checked and every default is filled in.
struct Experiment {
  GeneralOptions general;                                       ///< title, seeds, dtype
  Choice<Domain, DomainContext> domain;                         ///< where points live
  Choice<Dataset, DatasetContext> dataset;                      ///< what is learnt
  std::vector<Choice<Transform, TransformContext>> transforms;  ///< of the data, the first applied first
  std::optional<Choice<Energy, EnergyContext>> teacher;         ///< whose Gibbs measure data are drawn from
  Choice<Energy, EnergyContext> energy;                         ///< the model
  Choice<Trainer, TrainerContext> trainer;                      ///< the strategy
  std::optional<Choice<Sampler, SamplerContext>> sampler;       ///< for a trainer that takes one
  Choice<torch::optim::Optimizer, OptimizerContext> optimizer;  ///< takes the steps
  /// Factors on learning rates and particles' steps.
  Choice<Schedule, ScheduleContext> optimizer_schedule, particle_schedule;
  std::vector<Choice<Callback, CallbackContext>> callbacks;  ///< that the configuration names
  std::vector<Choice<Metric, MetricContext>> metrics;        ///< all that are registered
  LoopOptions loop;                                          ///< how long, and when it ends
  MetricsOptions evaluation;                                 ///< how often, and how exactly
  ComparisonOptions comparison;                              ///< what `dualebm compare` runs
  TuningOptions tuning;                                      ///< what `dualebm tune` searches
  Json resolved;  ///< as config.json has it: every default filled in

  /// Of data, particles and parameters, as LibTorch's type.
  torch::ScalarType dtype() const { return general.dtype == "float64" ? torch::kDouble : torch::kFloat; }
  /// Of all streams but those of the data.
  std::uint64_t seed() const { return static_cast<std::uint64_t>(general.seed); }
  /// Of the streams of the data: `general.data_seed`, or the seed where there is none.
  std::uint64_t data_seed() const {
    return static_cast<std::uint64_t>(general.data_seed.value_or(general.seed));
  }
};

/// @throws UserError with the path of the key.
Experiment read_experiment(const Json& configuration, const Catalogue& catalogue);

/// A configuration file with a default title (its stem) and overrides
/// "section.key=value" applied, not yet read.
/// @param from_a_run  the file is that of a run directory, which may be a stranger's: that it trusts
/// its scripts does not count
Json load_configuration(const std::string& path, const std::vector<std::string>& overrides,
                        bool from_a_run = false);

/// The key `trust` of every energy `script` in a configuration set.
Json with_trust(Json configuration, bool trust);

}  // namespace ebm
