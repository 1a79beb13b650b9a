#include "dualebm/framework/experiment/tuning_options.hpp"

#include <cmath>

#include "dualebm/framework/base/error.hpp"

namespace ebm {

void TuningOptions::describe(Fields& fields) {
  fields.section("ranges", ranges,
                 "object of path: range, e.g. {\"optimizer.learning_rate\": {\"from\": 1e-4, \"to\": 1e-1, "
                 "\"scale\": \"log\"}, \"energy.neurons\": {\"values\": [32, 64]}}");
  fields.integer("trials", trials, Range::at_least(1), "configurations that are drawn from the ranges");
  fields.choice(
      "search", search, {"random", "halving"},
      "random: every trial is trained to the end; halving: all to a small share of it, the best of them "
      "on to a larger one, and so on");
  fields.integer("seed", seed, Range::at_least(0),
                 "of the draws; trainings have the seed of the configuration");
  fields.text("metric", metric,
              "what decides: a metric of the validation points, with \"validation\" in its name; never the "
              "test points");
  fields.integer("reduction", reduction, Range::at_least(2),
                 "halving: one trial in so many goes on, to so many times the length");
  fields.integer("rungs", rungs, Range::at_least(0),
                 "halving: rounds, the last of whole runs; 0: as many as leave it one trial");
}

std::vector<TuningRung> TuningOptions::ladder() const {
  const TuningOptions defaults;
  require(search != "random" || (rungs == defaults.rungs && reduction == defaults.reduction),
          "tune: rungs and reduction are of halving; leave them out, or set tune.search=halving");
  if (search == "random") return {{.trials = trials, .share = 1}};
  std::vector<std::int64_t> counts;
  for (auto left = trials; left > 0; left /= reduction) counts.push_back(left);
  const auto most = static_cast<std::int64_t>(counts.size());
  require(rungs <= most, "tune.rungs: {} rungs leave none of {} trials for the last one; at most {}", rungs,
          trials, most);
  if (rungs > 0) counts.resize(static_cast<std::size_t>(rungs));
  std::vector<TuningRung> ladder;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    const auto above = static_cast<double>(counts.size() - 1 - k);
    ladder.push_back({.trials = counts[k], .share = std::pow(static_cast<double>(reduction), -above)});
  }
  return ladder;
}

}  // namespace ebm
