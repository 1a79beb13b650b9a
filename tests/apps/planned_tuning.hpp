#pragma once

#include <nlohmann/json.hpp>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/tuning_plan.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {

/// The small configuration with validation points and a section tune of these ranges.
inline Json with_ranges(const Json& ranges, Json tune = Json::object()) {
  auto configuration = Json::parse(small_configuration);
  configuration["dataset"]["validation"] = 100;
  tune["ranges"] = ranges;
  configuration["tune"] = tune;
  return configuration;
}

inline TuningPlan planned(const Json& configuration) {
  return plan_tuning(configuration, standard_catalogue());
}

/// Of a step of the particles.
inline const Json step_range = {{"from", 0.001}, {"to", 0.1}};

}  // namespace ebm::testing
