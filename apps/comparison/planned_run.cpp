#include "dualebm/apps/comparison/planned_run.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dualebm/apps/run_folders.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/experiment/loaded_energy.hpp"
#include "dualebm/framework/experiment/run_identity.hpp"

namespace ebm {
namespace {

/// Notes in its manifest why a training could not begin, or go on.
void note_failure(const std::filesystem::path& folder, const RunSettings& settings,
                  const std::exception& error) {
  try {
    auto manifest = standing_of(folder).begun ? read_manifest(folder / "manifest.json")
                                              : program_manifest(settings.device, threads());
    manifest["status"] = fmt::format("{}: {}", to_string(RunEnd::failed), first_line(error.what()));
    write_json(folder / "manifest.json", manifest);
  } catch (const std::exception&) {
    // What fails here as well would hide what is being told.
  }
}

const PlannedTraining& first_of(const ComparisonPlan& plan, const ComparisonEntry& entry) {
  return *std::find_if(plan.trainings.begin(), plan.trainings.end(),
                       [&](const PlannedTraining& planned) { return planned.entry.label == entry.label; });
}

}  // namespace

const PreparedProblem& CurrentProblem::of(const PlannedTraining& planned) {
  if (planned.problem_key() != key_) {
    key_.clear();
    prepared_ = make_(planned.experiment, device_);
    key_ = planned.problem_key();
  }
  return prepared_;
}

std::string title_of(const PlannedTraining& planned) {
  return fmt::format("{} seed {}", planned.entry.label, planned.experiment.general.seed);
}

void train_planned(const PlannedTraining& planned, CurrentProblem& problem, const ComparisonFolder& folder,
                   const RunSettings& settings, const std::vector<std::int64_t>& evaluate_at) {
  const auto path = folder.of(planned);
  bool ours = false;  // what a folder holds that is no run's is not touched
  try {
    const bool resume = standing_of(path).begun;
    // What could not begin has left nothing to keep.
    const auto directory = resume ? RunDirectory::take_up(path) : create_run(path, /*force=*/true);
    ours = true;
    const auto& prepared = problem.of(planned);
    if (resume) {
      changes_of(directory, planned.experiment);
      require_same_data(directory, *prepared.problem);
    }
    const auto training = make_training(planned.experiment, prepared, parse_device(settings.device));
    const auto run = train_in(directory, planned.experiment, prepared, *training, settings, title_of(planned),
                              resume, evaluate_at);
    if (!run.caution.empty()) note("{}: caution: {}\n", run.label, run.caution);
  } catch (const std::exception& error) {
    note("{}: {}\n", title_of(planned), error.what());
    // That it has diverged a run notes itself.
    if (ours && dynamic_cast<const DivergedError*>(&error) == nullptr) note_failure(path, settings, error);
  }
}

std::vector<IterationCosts> costs_of_iterations(const ComparisonPlan& plan, CurrentProblem& problem,
                                                torch::Device device) {
  const auto key = plan.trainings.front().problem_key();
  std::vector<IterationCosts> costs;
  for (const auto& entry : plan.entries) {
    costs.emplace_back();
    const auto& planned = first_of(plan, entry);
    if (planned.problem_key() != key) continue;
    try {
      const auto training = make_training(planned.experiment, problem.of(planned), device);
      const auto spent_by_one_more = [&] {
        const auto before = training->progress().gradient_evaluations;
        training->step(training->draw_batch(planned.experiment.loop.fit.batch_size));
        return training->progress().gradient_evaluations - before;
      };
      costs.back().first = spent_by_one_more();
      costs.back().each = spent_by_one_more();
    } catch (const std::exception&) {
      // Said when its turn comes.
    }
  }
  return costs;
}

std::vector<std::int64_t> budgets_of(const ComparisonPlan& plan, const std::vector<IterationCosts>& costs) {
  std::vector<std::int64_t> budgets;
  for (std::size_t i = 0; i < plan.entries.size(); ++i) {
    const auto& fit = first_of(plan, plan.entries[i]).experiment.loop.fit;
    auto all = fit.iterations > 0 ? costs[i].first + (fit.iterations - 1) * costs[i].each : 0;
    if (fit.gradient_evaluations > 0) all = std::min(all, fit.gradient_evaluations);
    budgets.push_back(all);
  }
  return budgets;
}

}  // namespace ebm
