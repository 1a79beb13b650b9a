#pragma once

#include <torch/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dualebm/datasets/datasets.hpp"
#include "dualebm/datasets/transforms/transforms.hpp"
#include "dualebm/framework/evaluation/evaluator.hpp"
#include "dualebm/framework/problem/domains.hpp"
#include "dualebm/framework/training/fit.hpp"
#include "dualebm/framework/training/optimizers/optimizers.hpp"
#include "dualebm/framework/training/schedule.hpp"
#include "dualebm/models/models.hpp"
#include "dualebm/trainers/trainers.hpp"

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

/// One line of a comparison: the base configuration with some keys replaced.
struct ComparisonEntry {
  std::string label;
  Json set = Json::object();    ///< dotted path -> value
  std::optional<double> value;  ///< of the swept parameter
};

/// The section "compare".
struct ComparisonOptions {
  std::vector<std::int64_t> seeds = {0, 1, 2, 3, 4};
  Json entries = Json::array();
  std::string sweep_parameter;
  std::vector<double> sweep_values;
  std::string target_metric;  ///< one more table: what it took to bring this metric ...
  double target_value = 0;    ///< ... down to this
  void describe(Fields& fields);

  /// The entries as given, or one for each value of the sweep, or one for each of the four trainers of the
  /// paper.
  /// @param base  the resolved configuration
  std::vector<ComparisonEntry> expanded(const Json& base) const;
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
  Choice<torch::optim::Optimizer, OptimizerContext> optimizer;
  Choice<Schedule, ScheduleContext> optimizer_schedule, particle_schedule;
  LoopOptions loop;
  Evaluator::Options metrics;
  ComparisonOptions comparison;
  Json resolved;

  torch::ScalarType dtype() const { return general.dtype == "float64" ? torch::kDouble : torch::kFloat; }
  std::uint64_t data_seed() const;
};

/// @throws UserError with the path of the key.
Experiment read_experiment(const Json& configuration);

/// A configuration file with a default title (its stem) and command-line overrides applied, not yet read.
Json load_configuration(const std::string& path, const std::vector<std::string>& overrides);

/// What is trained on and measured against; may be shared by several trainings.
struct Problem {
  std::shared_ptr<Domain> domain;
  std::shared_ptr<TransformChain> transform;  ///< from the data as they come to those in `dataset`
  Dataset dataset;
  std::shared_ptr<Evaluator> evaluator;
};

/// The transforms of the data, not fitted yet; in double on the CPU.
std::shared_ptr<TransformChain> make_transform(const Experiment& experiment, std::shared_ptr<Domain> domain);

/// Draws or reads the data, transforms them and prepares the metrics.
Problem make_problem(const Experiment& experiment, torch::Device device);

/// What changes while a run goes on.
struct Training {
  std::shared_ptr<Energy> energy;
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  std::shared_ptr<Trainer> trainer;
  std::shared_ptr<Random> batches;
};

/// An energy with its initial parameters, by the seed.
std::shared_ptr<Energy> make_energy(const Experiment& experiment, std::shared_ptr<Domain> domain,
                                    torch::Device device);
Training make_training(const Experiment& experiment, const Problem& problem, torch::Device device);

}  // namespace ebm
