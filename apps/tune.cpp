#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dualebm/apps/command_line.hpp"
#include "dualebm/apps/comparison/comparison_request.hpp"
#include "dualebm/apps/comparison/training_queue.hpp"
#include "dualebm/apps/comparison/worker.hpp"
#include "dualebm/apps/run_folders.hpp"
#include "dualebm/apps/tuning/tuning_report.hpp"
#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/output.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/training/callbacks/interrupt.hpp"

namespace ebm {
namespace {

/// A resolved configuration without what a search may change when it goes on.
Json fixed_part_of_search(Json resolved) {
  resolved.erase("title");
  resolved["tune"].erase("trials");
  return resolved;
}

/// A search goes on as it was begun, or with more trials of the same ranges, which a random one begins like.
void require_same_search(const TuningFolder& folder, const TuningPlan& before, const TuningPlan& plan) {
  const auto where = folder.runs.root().string();
  const auto was = fixed_part_of_search(before.base.resolved), is = fixed_part_of_search(plan.base.resolved);
  for (const auto& change : Json::diff(was, is)) {
    fail(
        "tune --resume {}: {} differs from that of the search; only tune.trials may grow; --out begins "
        "another one",
        where, printable(change["path"].get<std::string>().substr(1)));
  }
  const auto old_count = before.trials.size(), count = plan.trials.size();
  require(count >= old_count, "tune --resume {}: tune.trials: {} of the search cannot become {}", where,
          old_count, count);
  require(count == old_count || plan.base.tuning.search == "random",
          "tune --resume {}: tune.trials: halving is planned as one, for {} trials; --out begins another one",
          where, old_count);
}

/// The folders of the first rung are there and free before the first training begins; what an older search
/// has left in others is gone.
void prepare_folders(const TuningPlan& plan, const TuningFolder& folder, bool force) {
  // First what says that trials have ended: a kill in between leaves none that speaks of runs that are gone.
  for (const auto& left : {folder.trials(), folder.best(), folder.runs.tables()})
    std::filesystem::remove(left);
  for (std::size_t i = 0; i < plan.trainings.size(); ++i) {
    const auto path = folder.runs.of(plan.trainings[i]);
    if (i < plan.trials.size() || (force && std::filesystem::exists(path))) create_run(path, force);
  }
}

/// What a rung comes to for each of its trials: iterations that are not done yet.
std::vector<double> work_on(const TuningPlan& plan, std::size_t rung,
                            const std::vector<std::size_t>& trials) {
  std::vector<double> work;
  for (const auto trial : trials) {
    const auto to = [&](std::size_t of) { return plan.training(of, trial).experiment.loop.fit.iterations; };
    const auto done = rung > 0 && plan.trials[trial].goes_on ? to(rung - 1) : 0;
    work.push_back(static_cast<double>(to(rung) - done));
  }
  return work;
}

/// Says that trials begin anew on every rung, and why.
void say_who_begins_anew(const TuningPlan& plan) {
  if (plan.rungs.size() == 1) return;
  const auto anew = std::count_if(plan.trials.begin(), plan.trials.end(),
                                  [](const TuningTrial& trial) { return !trial.goes_on; });
  if (anew == 0) return;
  note(
      "{} of {} trials have a schedule that follows the share of the run that is done: a longer run does not "
      "begin like a shorter one, so that they are trained anew on every rung\n",
      anew, plan.trials.size());
}

/// What a search works with.
struct Workshop {
  const TuningPlan& plan;
  const TuningFolder& folder;
  const ComparisonRequest& request;
  const TuneOptions& options;
  CurrentProblem& problem;
  torch::Device device;
  bool trust;
};

/// Trains what is left on a rung. @return whether it has ended
bool climb(TuningSearch& search, std::size_t rung, const Workshop& shop) {
  const auto& plan = shop.plan;
  const auto trials = search.contenders(rung);
  TrainingQueue queue{
      .trainings = plan.trainings, .numbers = {}, .work = work_on(plan, rung, trials), .left = {}};
  for (const auto trial : trials) {
    const auto number = plan.number(rung, trial);
    queue.numbers.push_back(number);
    const bool done = search.knows(rung, trial) || shop.folder.runs.is_done(plan.trainings[number]);
    if (!done) queue.left.push_back(number);
  }
  if (plan.rungs.size() > 1) {
    note("rung {} of {}: {} trials, {} to be trained\n", rung + 1, plan.rungs.size(), trials.size(),
         queue.left.size());
  }
  train_queue(queue, shop.folder.runs, shop.request, shop.options, shop.problem, shop.trust);
  gather(search, plan, shop.folder, rung, shop.problem, shop.device);
  return std::all_of(trials.begin(), trials.end(),
                     [&](std::size_t trial) { return search.knows(rung, trial); });
}

/// Shown before it is written: a disk may be full. @return the exit code
int finish(const TuningSearch& search, const Workshop& shop) {
  const auto& [plan, folder, request, options, problem, device, trust] = shop;
  const auto results = results_of(search, plan, folder, problem, device, /*test=*/true);
  if (results.ranking.empty()) return say_incomplete(folder.runs, "tune", "no trial has ended yet");
  print_trials(plan, results);
  const auto manifest = manifest_of(request, results, plan);
  if (results.winner) write_json(folder.best(), configuration_of(plan, *results.winner, trust));
  write_trials(plan, folder, results, manifest);
  write_page(plan, folder, results, manifest, problem, device);
  if (results.winner) show("configuration      {}\n", folder.best().string());
  show("report             {}\n", folder.runs.report().string());
  if (results.winner) return 0;
  require(!search.complete(), "tune: no trial came to the end of its run with a {}; the first: {}: {}",
          results.metric.name, plan.trials[results.ranking.front().trial].label,
          results.ranking.front().outcome.status());
  return say_incomplete(
      folder.runs, "tune",
      fmt::format("{} of {} trials are in the table", results.ranking.size(), plan.trials.size()));
}

}  // namespace

int tune(TuneOptions options, const Catalogue& catalogue) {
  const bool resume = !options.resume.empty();
  const auto request = request_of(options, "tune");
  const auto plan = plan_of(request, catalogue, plan_tuning);
  const auto root = root_of(options, "tune", plan.base.general.title);
  const TuningFolder folder(root);
  const auto device = parse_device(options.settings.device);
  CurrentProblem problem(device, make_validation_problem);
  if (options.worker) return work_for_queue(folder.runs, request, plan.trainings, problem, options.settings);
  require_free(folder.runs, options);
  const auto& first = problem.of(plan.trainings.front());
  require_metric(plan.trainings.front(), first, device);
  const bool lower =
      find_description(first.evaluator->descriptions(), plan.base.tuning.metric).better == "lower";
  ensure_folder(root);
  const RunLock lock(root);
  TrialOutcomes known;
  if (resume) {
    const auto before = plan_of(folder.runs.read_of("tune"), catalogue, plan_tuning);
    require_same_search(folder, before, plan);
    known = read_outcomes(folder.trials());
    // Of fewer trials: it may be another one's turn.
    if (plan.trials.size() > before.trials.size()) std::filesystem::remove(folder.best());
  } else {
    prepare_folders(plan, folder, options.force);
  }
  folder.runs.write(request);
  const Interrupt interrupt;
  note("{}\n", summary_of(plan));
  say_who_begins_anew(plan);

  TuningSearch search(plan, lower, std::move(known));
  const Workshop shop{plan, folder, request, options, problem, device, catalogue.trust_scripts};
  for (std::size_t rung = 0; rung < plan.rungs.size() && Interrupt::signal() == 0; ++rung) {
    const bool ended = climb(search, rung, shop);
    const auto results = results_of(search, plan, folder, problem, device, /*test=*/false);
    write_trials(plan, folder, results, manifest_of(request, results, plan));
    if (!ended) break;
  }
  return finish(search, shop);
}

}  // namespace ebm
