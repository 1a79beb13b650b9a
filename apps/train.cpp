#include <fmt/format.h>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/datasets/data_check.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"
#include "dualebm/framework/experiment/same_on_ranks.hpp"
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
  if (!options.config.empty()) return load_configuration(options.config, options.overrides);
  return load_configuration_of(RunDirectory::open(options.resume), options.overrides);
}

/// What was read, and what about it will harm a training.
void show_data(const Problem& problem) {
  const auto& data = problem.data();
  if (!data.origin.empty()) note("data: {}\n", data.origin);
  if (data.teacher || data.mapped) return;
  const auto points = problem.domain().coordinates_of(data.train);
  const bool named = static_cast<std::int64_t>(data.columns.size()) == points.size(1);
  for (const auto& found : check_data(points, named ? data.columns : std::vector<std::string>{})) {
    note("data: {}, {}: {}\n", found.what, found.where, found.advice);
  }
}

/// Also of a rank that ends because another one was interrupted.
int exit_code(const TrainingRun& run) {
  const bool interrupted = run.end == RunEnd::interrupted && Interrupt::signal() != 0;
  return interrupted ? 128 + Interrupt::signal() : 0;
}

/// What rank 0 makes, then the same folder on the others. @param make  of the directory, called on rank 0
template <class Make>
RunDirectory on_all(Communicator& ranks, const std::filesystem::path& path, Make make) {
  std::optional<RunDirectory> directory;
  if (ranks.is_first()) directory = make();
  ranks.barrier();
  return directory ? *directory : RunDirectory::of_first_rank(path);
}

}  // namespace

int train(const TrainOptions& options, const Catalogue& catalogue) {
  const bool resume = !options.resume.empty();
  const auto given = options.settings.ranks ? options.settings.ranks : std::make_shared<Alone>();
  auto& ranks = *given;
  const auto configuration = configuration_of(options);
  // Taken before anything is read, so that nobody else writes to it meanwhile.
  std::optional<RunDirectory> left;
  if (resume) left = on_all(ranks, options.resume, [&] { return RunDirectory::take_up(options.resume); });
  const auto experiment = resume ? read_experiment_of(*left, configuration, catalogue)
                                 : read_experiment(configuration, catalogue);
  require_same_work(ranks, experiment.resolved.dump());
  const auto device = parse_device(options.settings.device);
  const auto path = resume                ? std::filesystem::path(options.resume)
                    : options.out.empty() ? default_folder(experiment.general.title)
                                          : std::filesystem::path(options.out);
  if (resume) changes_of(*left, experiment);
  const auto prepared = make_problem(experiment, device);
  if (resume) require_same_data(*left, *prepared.problem);
  require_same(ranks, "data", prepared.problem->fingerprint());
  const auto training = make_training(experiment, prepared, device, given);
  const auto directory =
      resume ? *left : on_all(ranks, path, [&] { return create_run(path, options.force); });
  const auto summary = summary_of(experiment, *prepared.problem);
  note("{}\n", summary);
  show_data(*prepared.problem);

  const auto run =
      train_in(directory, experiment, prepared, *training, options.settings, experiment.trainer.name, resume);
  if (!ranks.is_first()) return exit_code(run);
  write_report(directory.report(),
               {.kind = "train",
                .summary = summary,
                .configuration = experiment.resolved,
                .manifest = directory.read_manifest(),
                .runs = {run},
                .table = table_at("final", {run}, Axis::iteration, std::nullopt),
                .more_tables = {}},
               prepared);
  if (!run.caution.empty()) note("caution: {}\n", run.caution);
  if (run.end != RunEnd::finished) note("{}\n", run.status());
  if (const auto& why_not = training->executor().why_not(); !why_not.empty()) {
    note("no CUDA graph: {}\n", why_not);
  }
  if (is_left_out(run.last.metrics) && run.energy)
    note("log Z is not known: {}; raise metrics.most_nodes\n",
         prepared.evaluator->quadrature_verdict(*run.energy));
  for (const auto& [name, value] : run.last.metrics) {
    show("{:<30} {:<14.6g} {}\n", name, value, find_description(run.metrics, name).unit);
  }
  show("{:<30} {}\n", "report", directory.report().string());
  return exit_code(run);
}

}  // namespace ebm
