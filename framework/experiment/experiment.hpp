#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/experiment/catalogue.hpp"
#include "dualebm/framework/experiment/comparison_options.hpp"
#include "dualebm/framework/training/callbacks/early_stop.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/training.hpp"

namespace ebm {

/// The scalars at the top level of a configuration.
struct GeneralOptions {
  std::string title;
  std::int64_t seed = 0;
  std::optional<std::int64_t> data_seed;
  std::string dtype = "float32";
  std::optional<double> time_scale_ratio;
  void describe(Fields& fields);
};

/// The section "loop": options of four objects, each of which acts on its own.
struct LoopOptions {
  FitOptions fit;
  Training::Options training;
  EarlyStop::Options early_stop;
  std::int64_t checkpoint_every = 1000;  ///< iterations between checkpoints; 0: at the end only
  void describe(Fields& fields);
};

/// The section "metrics".
struct MetricsOptions {
  std::int64_t every = 10;  ///< iterations between evaluations; 0: at start and end only
  Evaluator::Options evaluator;
  Json options = Json::object();  ///< name of a metric -> its options, where they are not the defaults
  void describe(Fields& fields);
};

/// A configuration, read strictly: nothing is made yet, everything is checked and every default is filled in.
struct Experiment {
  GeneralOptions general;
  Choice<Domain, DomainContext> domain;
  Choice<Dataset, DatasetContext> dataset;
  std::vector<Choice<Transform, TransformContext>> transforms;
  std::optional<Choice<Energy, EnergyContext>> teacher;
  Choice<Energy, EnergyContext> energy;
  Choice<Trainer, TrainerContext> trainer;
  std::optional<Choice<Sampler, SamplerContext>> sampler;  ///< for a trainer that takes one
  Choice<torch::optim::Optimizer, OptimizerContext> optimizer;
  Choice<Schedule, ScheduleContext> optimizer_schedule, particle_schedule;
  std::vector<Choice<Callback, CallbackContext>> callbacks;
  std::vector<Choice<Metric, MetricContext>> metrics;
  LoopOptions loop;
  MetricsOptions evaluation;
  ComparisonOptions comparison;
  Json resolved;

  torch::ScalarType dtype() const { return general.dtype == "float64" ? torch::kDouble : torch::kFloat; }
  std::uint64_t seed() const { return static_cast<std::uint64_t>(general.seed); }
  std::uint64_t data_seed() const {
    return static_cast<std::uint64_t>(general.data_seed.value_or(general.seed));
  }
};

/// @throws UserError with the path of the key.
Experiment read_experiment(const Json& configuration, const Catalogue& catalogue);

/// A configuration file with a default title (its stem) and overrides "section.key=value" applied, not yet read.
Json load_configuration(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace ebm
