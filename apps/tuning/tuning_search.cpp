#include "dualebm/apps/tuning/tuning_search.hpp"

#include <algorithm>
#include <numeric>

namespace ebm {

bool TuningSearch::better(const TrialOutcome& one, const TrialOutcome& other) const {
  return lower_ ? *one.value < *other.value : *one.value > *other.value;
}

std::vector<std::size_t> TuningSearch::contenders(std::size_t rung) const {
  std::vector<std::size_t> trials(plan_.trials.size());
  std::iota(trials.begin(), trials.end(), 0);
  for (std::size_t below = 0; below < rung; ++below) {
    if (!std::all_of(trials.begin(), trials.end(), [&](std::size_t trial) { return knows(below, trial); }))
      return {};
    const auto at = [&](std::size_t trial) -> const TrialOutcome& { return outcomes_.at({below, trial}); };
    std::erase_if(trials, [&](std::size_t trial) { return !at(trial).value; });
    std::stable_sort(trials.begin(), trials.end(),
                     [&](std::size_t a, std::size_t b) { return better(at(a), at(b)); });
    const auto most = static_cast<std::size_t>(plan_.rungs[below + 1].trials);
    trials.resize(std::min(trials.size(), most));
    std::sort(trials.begin(), trials.end());
  }
  return trials;
}

bool TuningSearch::complete() const {
  for (std::size_t rung = 0; rung < plan_.rungs.size(); ++rung) {
    const auto trials = contenders(rung);
    if (!std::all_of(trials.begin(), trials.end(), [&](std::size_t trial) { return knows(rung, trial); }))
      return false;
  }
  return true;
}

std::vector<RankedTrial> TuningSearch::ranking() const {
  std::map<std::size_t, RankedTrial> furthest;
  for (const auto& [place, outcome] : outcomes_)
    furthest[place.second] = {.trial = place.second, .rung = place.first, .outcome = outcome};
  std::vector<RankedTrial> ranked;
  for (const auto& [trial, where] : furthest) ranked.push_back(where);
  std::stable_sort(ranked.begin(), ranked.end(), [&](const RankedTrial& a, const RankedTrial& b) {
    const bool first = a.outcome.value.has_value(), second = b.outcome.value.has_value();
    if (first != second) return first;
    if (a.rung != b.rung) return a.rung > b.rung;
    return first && better(a.outcome, b.outcome);
  });
  return ranked;
}

std::optional<RankedTrial> TuningSearch::winner() const {
  if (!complete()) return std::nullopt;
  const auto last = plan_.rungs.size() - 1;
  const auto finalists = contenders(last);
  for (const auto& one : ranking()) {
    const bool finalist = std::find(finalists.begin(), finalists.end(), one.trial) != finalists.end();
    if (finalist && one.rung == last && one.outcome.value) return one;
  }
  return std::nullopt;
}

void gather(TuningSearch& search, const TuningPlan& plan, const TuningFolder& folder, std::size_t rung,
            CurrentProblem& problem, torch::Device device) {
  for (const auto trial : search.contenders(rung)) {
    if (search.knows(rung, trial)) continue;
    const auto& planned = plan.training(rung, trial);
    const auto path = folder.runs.of(planned);
    const auto standing = standing_of(path);
    const bool failed = standing.end == RunEnd::failed;
    // A trial that goes on stands as the rung below has left it until it is taken up.
    if (!failed && !folder.runs.is_done(planned)) continue;
    TrialOutcome outcome{.end = RunEnd::failed, .reason = standing.reason, .value = {}, .error = {}};
    if (!failed) {
      const auto run = load_run(path, planned.experiment, problem.of(planned), device, planned.entry.label);
      outcome = outcome_of(run, plan.base.tuning.metric);
    }
    search.note(rung, trial, std::move(outcome));
  }
}

}  // namespace ebm
