#pragma once

#include <nlohmann/json.hpp>

#include "dualebm/framework/settings/config_file.hpp"
#include "tests/apps/program.hpp"

namespace ebm::testing {

/// Nine trials by successive halving to 100, 300 and 900 iterations; where the optimizer is sgd with its huge
/// step they diverge.
inline Json halving_configuration() {
  auto configuration = Json::parse(small_configuration);
  configuration["dataset"]["validation"] = 100;
  configuration["trainer"]["particle_step"] = 0.02;
  configuration["loop"] = {{"iterations", 900}, {"checkpoint_every", 50}, {"recoveries", 0}};
  const Json flow = {{"name", "wasserstein_fisher_rao"}};
  configuration["tune"] = {
      {"search", "halving"},
      {"trials", 9},
      {"ranges",
       {{"energy.neurons", {{"from", 4}, {"to", 32}, {"scale", "log"}}},
        {"optimizer",
         {{"values", {flow, {{"name", "sgd"}, {"learning_rate", 1e30}}, {{"name", "adam"}}}}}}}}};
  return configuration;
}

inline std::string halving_file(const TemporaryFolder& folder) {
  return folder.write("c.json", halving_configuration().dump()).string();
}

inline Json trials_of(const std::filesystem::path& out) {
  return read_json_file((out / "trials.json").string());
}

/// What does not hang on the clock.
inline Json outcomes_of(const std::filesystem::path& out) {
  auto outcomes = trials_of(out)["outcomes"];
  for (auto& one : outcomes) one.erase("seconds");
  return outcomes;
}

inline std::string label_of(std::size_t trial) { return fmt::format("trial{:03}", trial); }

inline std::string model_of(const std::filesystem::path& out, const std::string& label) {
  return read_file(out / label / "seed0" / "model.ebm");
}

}  // namespace ebm::testing
