#include "dualebm/framework/experiment/tuning_plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

Json with(Json configuration, const Json& set) {
  for (const auto& [path, value] : set.items()) set_path(configuration, path, value);
  return configuration;
}

/// A value of the resolved configuration; null where there is none.
Json at_path(const Json& resolved, const std::string& path) {
  auto pointer = fmt::format("/{}", path);
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  const Json::json_pointer place(pointer);
  return resolved.contains(place) ? resolved[place] : Json(nullptr);
}

/// The range that a message is about: the one whose path it begins with, else one of the same section, else
/// the one that was being tried.
const std::string& path_in(const std::string& message, const std::vector<ParameterRange>& ranges,
                           const std::string& tried) {
  const auto section_of = [](const std::string& path) { return path.substr(0, path.find_first_of(".:[")); };
  for (const auto& range : ranges) {
    if (message.starts_with(range.path)) return range.path;
  }
  if (section_of(message) == section_of(tried)) return tried;
  for (const auto& range : ranges) {
    if (section_of(message) == section_of(range.path)) return range.path;
  }
  return tried;
}

/// Every range by itself, at each of its extremes, while the others have their first value.
void check_ranges(const Json& configuration, std::vector<ParameterRange>& ranges,
                  const Catalogue& catalogue) {
  Json first = Json::object();
  for (const auto& range : ranges) first[range.path] = range.extremes().front();
  for (auto& range : ranges) {
    for (const auto& value : range.extremes()) {
      auto set = first;
      set[range.path] = value;
      try {
        const auto experiment = read_experiment(with(configuration, set), catalogue);
        const auto kind = at_path(experiment.resolved, range.path);
        require(!range.values.empty() || kind.is_number(),
                "{}: a range from ... to ... is of numbers, and this is {} ({}); give \"values\"", range.path,
                printable(kind.dump()), kind.type_name());
        range.whole = range.values.empty() && kind.is_number_integer();
      } catch (const UserError& error) {
        const std::string message = error.what();
        const auto& path = path_in(message, ranges, range.path);
        fail("tune.ranges, {}={}: {}", printable(path), printable(set[path].dump(), 60), message);
      }
    }
  }
}

/// A trial that no earlier one is equal to.
Json drawn(const std::vector<ParameterRange>& ranges, const std::string& label, std::uint64_t seed,
           std::set<std::string>& known) {
  constexpr int patience = 100000;
  std::vector<std::shared_ptr<Random>> random;
  for (const auto& range : ranges)
    random.push_back(std::make_shared<Random>(seed, fmt::format("tune {} {}", label, range.path)));
  for (int attempt = 0; attempt < patience; ++attempt) {
    Json set = Json::object();
    for (std::size_t i = 0; i < ranges.size(); ++i)
      set[ranges[i].path] = ranges[i].draw(random[i]->uniform({1}, torch::kDouble).item<double>());
    if (known.insert(set.dump()).second) return set;
  }
  fail("tune.trials: none was found that differs from the {} before it; ask for fewer", known.size());
}

void require_enough(const std::vector<ParameterRange>& ranges, std::int64_t trials) {
  double combinations = 1;
  for (const auto& range : ranges) {
    const auto count = range.count();
    if (!count) return;
    combinations *= *count;
  }
  require(static_cast<double>(trials) <= combinations,
          "tune.trials: {} trials, and the ranges have {:g} combinations; ask for no more", trials,
          combinations);
}

/// The budgets of a share of a run. What is left of it is one iteration at least, which is a rung that says
/// nothing.
Json shortened(Json configuration, const FitOptions& whole, double share) {
  const auto part = [&](std::int64_t all) { return std::llround(static_cast<double>(all) * share); };
  require(part(whole.iterations) > 0, "loop.iterations: {} are too few for a first rung of 1/{:g} of them",
          whole.iterations, 1 / share);
  set_path(configuration, "loop.iterations", part(whole.iterations));
  if (whole.gradient_evaluations > 0)
    set_path(configuration, "loop.gradient_evaluations",
             std::max<std::int64_t>(1, part(whole.gradient_evaluations)));
  return configuration;
}

/// Whether a factor at an iteration of a short run is another one in the long run.
bool hangs_on_length(const Choice<Schedule, ScheduleContext>& choice, std::int64_t shorter,
                     std::int64_t longer) {
  const auto schedule = choice.make({});
  constexpr std::int64_t most = 100000;  // that are looked at
  for (std::int64_t i = 1; i <= shorter; i += 1 + shorter / most) {
    const auto at = [&](std::int64_t length) {
      return schedule->factor(
          {.iteration = i, .fraction = static_cast<double>(i) / static_cast<double>(length)});
    };
    if (at(shorter) != at(longer)) return true;
  }
  return false;
}

bool begins_like(const Experiment& shorter, const Experiment& longer) {
  const auto one = shorter.loop.fit.iterations, other = longer.loop.fit.iterations;
  return !hangs_on_length(longer.optimizer_schedule, one, other) &&
         !hangs_on_length(longer.particle_schedule, one, other);
}

/// What a run may not hang on in a search.
void require_fair(const Experiment& experiment) {
  require(experiment.loop.fit.seconds == 0,
          "loop.seconds: a budget of time makes the choice hang on the machine; take loop.iterations or "
          "loop.gradient_evaluations");
  const auto& metric = experiment.loop.early_stop.metric;
  require(metric.find("test") == std::string::npos,
          "loop.early_stop_metric: {} looks at the test points, which a search must not; take {}", metric,
          experiment.tuning.metric);
}

/// One trial on all rungs.
std::vector<Experiment> on_rungs(const Json& configuration, const TuningTrial& trial,
                                 const std::vector<TuningRung>& rungs, const Catalogue& catalogue) {
  const auto full = with(configuration, trial.set);
  std::vector<Experiment> experiments;
  try {
    const auto whole = read_experiment(full, catalogue);
    require_fair(whole);
    for (const auto& rung : rungs) {
      experiments.push_back(
          rung.share == 1 ? whole : read_experiment(shortened(full, whole.loop.fit, rung.share), catalogue));
    }
  } catch (const UserError& error) {
    fail("tune, {} ({}): {}", trial.label, printable(trial.set.dump(), 200), error.what());
  }
  return experiments;
}

void require_possible(const TuningOptions& tuning, const std::vector<ParameterRange>& ranges) {
  require(
      tuning.metric.find("validation") != std::string::npos,
      "tune.metric: {} is no metric of the validation points; those have \"validation\" in their names, e.g. "
      "nll_validation",
      printable(tuning.metric));
  if (tuning.search != "halving") return;
  for (const auto& range : ranges) {
    require(
        range.path != "loop" && range.path != "loop.iterations" && range.path != "loop.gradient_evaluations",
        "tune.ranges.{}: halving chooses the length of the runs itself; search random, or leave the range "
        "out",
        range.path);
  }
}

}  // namespace

TuningPlan plan_tuning(const Json& configuration, const Catalogue& catalogue) {
  TuningPlan plan{.base = read_experiment(configuration, catalogue),
                  .ranges = {},
                  .trials = {},
                  .rungs = {},
                  .trainings = {}};
  const auto& tuning = plan.base.tuning;
  plan.ranges = read_ranges(tuning.ranges);
  registry::chosen_name({{"name", tuning.metric}}, "tune.metric", "metric", catalogue.metrics.names());
  require_possible(tuning, plan.ranges);
  plan.rungs = tuning.ladder();
  check_ranges(configuration, plan.ranges, catalogue);
  require_enough(plan.ranges, tuning.trials);
  std::set<std::string> known;
  std::vector<std::vector<Experiment>> experiments;
  for (std::int64_t i = 0; i < tuning.trials; ++i) {
    TuningTrial trial{.label = fmt::format("trial{:03}", i + 1), .set = {}};
    trial.set = drawn(plan.ranges, trial.label, static_cast<std::uint64_t>(tuning.seed), known);
    experiments.push_back(on_rungs(configuration, trial, plan.rungs, catalogue));
    const auto& all = experiments.back();
    trial.goes_on = std::all_of(all.begin(), all.end() - 1,
                                [&](const Experiment& one) { return begins_like(one, all.back()); });
    plan.trials.push_back(std::move(trial));
  }
  for (std::size_t rung = 0; rung < plan.rungs.size(); ++rung) {
    for (std::size_t i = 0; i < plan.trials.size(); ++i) {
      const auto& trial = plan.trials[i];
      const auto label = trial.goes_on ? trial.label : fmt::format("{}-rung{}", trial.label, rung + 1);
      plan.trainings.push_back({{.label = label, .set = trial.set, .value = {}}, experiments[i][rung]});
    }
  }
  return plan;
}

}  // namespace ebm
