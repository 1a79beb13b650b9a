#include <fmt/format.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/loaded_energy.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

/// A fresh configuration, or that of the run that goes on, with overrides on top.
Json configuration_of(const TrainOptions& options) {
  if (options.resume.empty()) {
    require(!options.config.empty(), "train: give a configuration file, or --resume DIR");
    return load_configuration(options.config, options.overrides);
  }
  require(options.out.empty() || options.out == options.resume,
          "train: --out and --resume name different folders");
  require(!options.force, "train: --force throws away what --resume goes on with; take one of them");
  const auto file =
      options.config.empty() ? RunDirectory::open(options.resume).config().string() : options.config;
  return load_configuration(file, options.overrides);
}

std::string summary_of(const Experiment& experiment, const Problem& problem) {
  return fmt::format("{}: energy {}, trainer {}, {} training points in {} dimensions, seed {}",
                     experiment.general.title, experiment.energy.name, experiment.trainer.name,
                     problem.dataset.train.size(0), problem.domain->dimension(), experiment.general.seed);
}

}  // namespace

void train(const TrainOptions& options) {
  const bool resume = !options.resume.empty();
  const auto configuration = configuration_of(options);
  const auto experiment = resume ? read_experiment_of(RunDirectory::open(options.resume), configuration)
                                 : read_experiment(configuration);
  const auto device = parse_device(options.settings.device);
  const auto path = resume                ? std::filesystem::path(options.resume)
                    : options.out.empty() ? std::filesystem::path("runs") / experiment.general.title
                                          : std::filesystem::path(options.out);
  const auto problem = make_problem(experiment, device);
  const auto training = make_training(experiment, problem, device);
  const auto directory = resume ? RunDirectory::open(path) : RunDirectory::create(path, options.force);
  fmt::print(stderr, "{}\n", summary_of(experiment, problem));

  const auto run =
      train_in(directory, experiment, problem, training, options.settings, experiment.trainer.name, resume);
  const auto table = table_at("final", {run}, "iteration", std::nullopt);
  write_report(directory.report(),
               {.kind = "train",
                .summary = summary_of(experiment, problem),
                .configuration = experiment.resolved,
                .manifest = read_json_file(directory.manifest().string()),
                .runs = {run},
                .table = table,
                .more_tables = {}},
               problem);
  if (run.status != "finished") fmt::print(stderr, "ended before the last iteration: {}\n", run.status);
  for (const auto& [name, value] : run.records.back().metrics) {
    fmt::print("{:<18} {:<14.6g} {}\n", name, value, metric(name).unit);
  }
  fmt::print("report             {}\n", directory.report().string());
}

}  // namespace ebm
