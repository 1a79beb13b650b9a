#include <fmt/format.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/datasets/data_check.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

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
                     problem.data().train.size(0), problem.domain().dimension(), experiment.general.seed);
}

/// What was read, and what about it will harm a training.
void show_data(const Problem& problem) {
  const auto& data = problem.data();
  if (!data.origin.empty()) fmt::print(stderr, "data: {}\n", data.origin);
  if (data.teacher || data.mapped) return;
  const auto points = problem.domain().coordinates_of(data.train);
  const bool named = static_cast<std::int64_t>(data.columns.size()) == points.size(1);
  for (const auto& found : check_data(points, named ? data.columns : std::vector<std::string>{})) {
    fmt::print(stderr, "data: {}, {}: {}\n", found.what, found.where, found.advice);
  }
}

}  // namespace

int train(const TrainOptions& options, const Catalogue& catalogue) {
  const bool resume = !options.resume.empty();
  const auto configuration = configuration_of(options);
  const auto experiment =
      resume ? read_experiment_of(RunDirectory::open(options.resume), configuration, catalogue)
             : read_experiment(configuration, catalogue);
  const auto device = parse_device(options.settings.device);
  const auto path = resume                ? std::filesystem::path(options.resume)
                    : options.out.empty() ? default_folder(experiment.general.title)
                                          : std::filesystem::path(options.out);
  const auto prepared = make_problem(experiment, device);
  if (resume) {
    require_same_run(RunDirectory::open(path), experiment);
    require_same_data(RunDirectory::open(path), *prepared.problem);
  }
  const auto training = make_training(experiment, prepared, device);
  const auto directory = resume ? RunDirectory::open(path) : create_run(path, options.force);
  const auto summary = summary_of(experiment, *prepared.problem);
  fmt::print(stderr, "{}\n", summary);
  show_data(*prepared.problem);

  const auto run =
      train_in(directory, experiment, prepared, *training, options.settings, experiment.trainer.name, resume);
  write_report(directory.report(),
               {.kind = "train",
                .summary = summary,
                .configuration = experiment.resolved,
                .manifest = read_json_file(directory.manifest().string()),
                .runs = {run},
                .table = table_at("final", {run}, Axis::iteration, std::nullopt),
                .more_tables = {}},
               prepared);
  if (!run.caution.empty()) fmt::print(stderr, "caution: {}\n", run.caution);
  if (run.end != RunEnd::finished) fmt::print(stderr, "{}\n", run.status());
  if (const auto& why_not = training->executor().why_not(); !why_not.empty()) {
    fmt::print(stderr, "no CUDA graph: {}\n", why_not);
  }
  if (is_left_out(run.last.metrics) && run.energy)
    fmt::print(stderr, "log Z is not known: {}; raise metrics.most_nodes\n",
               prepared.evaluator->quadrature_verdict(*run.energy));
  for (const auto& [name, value] : run.last.metrics) {
    fmt::print("{:<30} {:<14.6g} {}\n", name, value, find_description(run.metrics, name).unit);
  }
  fmt::print("{:<30} {}\n", "report", directory.report().string());
  return run.end == RunEnd::interrupted ? 128 + Interrupt::signal() : 0;
}

}  // namespace ebm
