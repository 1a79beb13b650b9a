#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/report.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"
#include "dualebm/framework/training/callbacks/metrics_file.hpp"

namespace ebm {
namespace {

/// One training of the plan.
struct Planned {
  ComparisonEntry entry;
  Experiment experiment;
};

/// A label as the name of a folder: letters, digits and a few marks, and never "." or "..".
std::string folder_name(std::string label) {
  for (char& c : label) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && !std::strchr("._=-", c)) c = '_';
  }
  return label.find_first_not_of('.') == std::string::npos ? "entry" + label : label;
}

/// Every entry with every seed, all read and checked before anything runs.
std::vector<Planned> plan(const Json& configuration, const Experiment& base) {
  const auto entries = base.comparison.expanded(base.resolved);
  require(!base.comparison.seeds.empty(), "compare.seeds: at least one seed is needed");
  std::vector<Planned> plan;
  for (const auto seed : base.comparison.seeds) {
    for (const auto& entry : entries) {
      const auto same = [&](const Planned& p) {
        return folder_name(p.entry.label) == folder_name(entry.label) && p.experiment.general.seed == seed;
      };
      require(std::none_of(plan.begin(), plan.end(), same), "compare: label \"{}\" with seed {} comes twice",
              entry.label, seed);
      Json changed = configuration;
      changed["seed"] = seed;
      for (const auto& [path, value] : entry.set.items()) set_path(changed, path, value);
      try {
        plan.push_back({entry, read_experiment(changed)});
      } catch (const UserError& error) {
        fail("compare entry \"{}\": {}", entry.label, error.what());
      }
    }
  }
  return plan;
}

/// What two trainings must agree on to share their data and metrics.
std::string problem_key(const Experiment& experiment) {
  const auto& resolved = experiment.resolved;
  return Json({resolved["domain"], resolved["dataset"], resolved["transforms"], resolved["dtype"],
               resolved["metrics"], experiment.data_seed()})
      .dump();
}

Json sweep_json(const Experiment& base, const std::vector<ComparisonEntry>& entries, const Table& table) {
  if (base.comparison.sweep_parameter.empty()) return nullptr;
  Json points = Json::array();
  const auto rows = to_json(table)["rows"];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Json metrics = rows[i];
    metrics.erase("label");
    metrics.erase("seeds");
    points.push_back(
        {{"label", rows[i]["label"]}, {"value", *entries[i].value}, {"metrics", std::move(metrics)}});
  }
  const auto& parameter = base.comparison.sweep_parameter;
  const std::string label =
      parameter == "time_scale_ratio" ? "α = h_z / h_x, ratio of time scales" : parameter;
  return {{"parameter", parameter}, {"label", label}, {"metric", "kl"}, {"points", std::move(points)}};
}

std::filesystem::path folder_of(const std::filesystem::path& root, const Planned& planned) {
  return root / folder_name(planned.entry.label) / fmt::format("seed{}", planned.experiment.general.seed);
}

/// Every folder is there and free before the first run begins: hours later would be too late to find out.
void prepare_folders(const std::vector<Planned>& plan, const std::filesystem::path& root, bool force) {
  for (const auto& planned : plan) RunDirectory::create(folder_of(root, planned), force);
}

/// Trains one line of the plan; a run that diverges or cannot be made is noted and the comparison goes on.
TrainingRun run_planned(const Planned& planned, const Problem& problem, const std::filesystem::path& root,
                        const RunSettings& settings) {
  const auto seed = planned.experiment.general.seed;
  const auto title = fmt::format("{} seed {}", planned.entry.label, seed);
  const auto directory = RunDirectory::create(folder_of(root, planned), false);
  TrainingRun run;
  try {
    const auto training = make_training(planned.experiment, problem, parse_device(settings.device));
    run = train_in(directory, planned.experiment, problem, training, settings, title, false);
  } catch (const UserError& error) {
    fmt::print(stderr, "{}: {}\n", title, error.what());
    const bool diverged = dynamic_cast<const NonFiniteError*>(&error) != nullptr;
    run.status = fmt::format("{}: {}", diverged ? "diverged" : "failed", error.what());
    if (std::filesystem::exists(directory.metrics())) run.records = read_records(directory.metrics());
    run.seed = seed;
  }
  run.label = planned.entry.label;
  return run;
}

Table budget_table(const std::vector<TrainingRun>& runs, const std::string& axis, const std::string& format) {
  const double reach = common_reach(runs, axis);
  return table_at(fmt::format(fmt::runtime(format), reach), runs, axis, reach);
}

}  // namespace

void compare(const LaunchOptions& options) {
  const auto configuration = load_configuration(options.config, options.overrides);
  const auto base = read_experiment(configuration);
  if (!base.comparison.target_metric.empty()) metric(base.comparison.target_metric);
  const auto entries = base.comparison.expanded(base.resolved);
  const auto planned = plan(configuration, base);
  const auto device = parse_device(options.settings.device);
  const auto root = options.out.empty() ? std::filesystem::path("runs") / (base.general.title + "-compare")
                                        : std::filesystem::path(options.out);
  require(options.force || !std::filesystem::exists(root / "comparison.json"),
          "{}: holds a comparison already; --force replaces it, --out chooses another folder", root.string());
  prepare_folders(planned, root, options.force);
  std::filesystem::remove(root / "comparison.json");

  const auto summary = fmt::format("{}: {} entries × {} seeds, energy {}", base.general.title, entries.size(),
                                   base.comparison.seeds.size(), base.energy.name);
  fmt::print(stderr, "{}\n", summary);
  const Interrupt interrupt;
  std::vector<TrainingRun> runs;
  std::string key;
  Problem problem, first_problem;
  for (const auto& item : planned) {
    if (problem_key(item.experiment) != key) {
      key = problem_key(item.experiment);
      problem = make_problem(item.experiment, device);
    }
    if (runs.empty()) first_problem = problem;
    auto run = run_planned(item, problem, root, options.settings);
    if (Interrupt::requested()) break;
    runs.push_back(std::move(run));
  }
  const bool complete = runs.size() == planned.size();
  require(!runs.empty(), "compare: interrupted before the first run was done");
  const bool any =
      std::any_of(runs.begin(), runs.end(), [](const TrainingRun& run) { return run.energy != nullptr; });
  require(any, "compare: no run came to its end; the first: {}", runs.front().status);

  const auto table = table_at("final", runs, "iteration", std::nullopt);
  std::vector<Table> more = {
      budget_table(runs, "gradient_evaluations", "at equal gradient evaluations ({:.4g})"),
      budget_table(runs, "seconds", "at equal training time ({:.3g} s)")};
  const auto& target = base.comparison;
  if (!target.target_metric.empty())
    more.push_back(table_to_target(runs, target.target_metric, target.target_value));
  Json manifest = program_manifest(options.settings.device, threads());
  manifest["command"] = options.settings.command;
  const auto sweep = sweep_json(base, entries, table);
  manifest["status"] = complete ? "finished" : "interrupted";
  manifest["runs"] = runs.size();
  manifest["planned"] = planned.size();
  Json result = {{"title", base.general.title},
                 {"manifest", manifest},
                 {"configuration", base.resolved},
                 {"final", to_json(table)},
                 {"at_equal_gradient_evaluations", to_json(more[0])},
                 {"at_equal_time", to_json(more[1])},
                 {"sweep", sweep}};
  if (more.size() > 2) result["until_target"] = to_json(more[2]);
  write_report(root / "report.html",
               {.kind = "compare",
                .summary = summary,
                .configuration = base.resolved,
                .manifest = manifest,
                .runs = runs,
                .table = table,
                .more_tables = more,
                .sweep = sweep},
               first_problem);
  write_json(root / "comparison.json", result);

  if (!complete) {
    fmt::print(stderr,
               "interrupted: {} of {} runs are in the tables; the same command with --force starts again\n",
               runs.size(), planned.size());
  }
  fmt::print("{}", to_text(table));
  for (const auto& one : more) fmt::print("\n{}", to_text(one));
  if (base.comparison.seeds.size() > 1)
    fmt::print("\nmedian over seeds [least, greatest]; units: dualebm list metric\n");
  fmt::print("report             {}\n", (root / "report.html").string());
}

}  // namespace ebm
