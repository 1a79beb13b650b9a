#include "dualebm/framework/experiment/run_identity.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/base/printable.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

/// Below these everything may change.
constexpr const char* free_sections[] = {
    "/title",           "/loop", "/metrics", "/compare", "/tune", "/optimizer_schedule", "/particle_schedule",
    "/time_scale_ratio"};

/// Sizes of steps, by their names in the sections of optimizer, trainer and sampler.
constexpr const char* step_keys[] = {"/optimizer/learning_rate", "/optimizer/neuron_step",
                                     "/optimizer/weight_step", "/trainer/particle_step",
                                     "/sampler/step_size"};

bool may_change(const std::string& path, const Json& from, const Json& to) {
  for (const std::string allowed : free_sections) {
    if (path == allowed || path.starts_with(allowed + "/")) return true;
  }
  // A step that is given in place of none, or none in place of one, is another algorithm.
  return from.is_number() && to.is_number() &&
         std::find(std::begin(step_keys), std::end(step_keys), path) != std::end(step_keys);
}

}  // namespace

std::string new_run_name() {
  std::array<std::uint64_t, 2> bits{};
  require(::getrandom(bits.data(), sizeof bits, 0) == sizeof bits,
          "the system has no random numbers to give");
  return fmt::format("{:016x}{:016x}", bits[0], bits[1]);
}

Json fixed_part(const Json& resolved) {
  Json fixed = with_trust(resolved, false);
  const auto remove = [&](const char* path) {
    const Json::json_pointer place(path);
    if (!fixed.contains(place)) return;
    fixed[place.parent_pointer()].erase(place.back());
  };
  for (const char* path : free_sections) remove(path);
  for (const char* path : step_keys) remove(path);
  return fixed;
}

Json changes_of(const RunDirectory& directory, const Experiment& experiment) {
  // Whether a script is trusted is said anew each time.
  const auto before = with_trust(read_json_file(directory.config().string()), false),
             now = with_trust(experiment.resolved, false);
  Json changes = Json::array();
  for (const auto& change : Json::diff(before, now)) {
    const auto path = change["path"].get<std::string>();
    const Json::json_pointer place(path);
    const auto at = [&](const Json& all) { return all.contains(place) ? all[place] : Json(nullptr); };
    require(may_change(path, at(before), at(now)),
            "--resume {}: {} differs from the run's config.json; only loop, metrics, compare, tune, "
            "title, schedules and sizes of steps may change",
            directory.path().string(), printable(path.substr(path.empty() ? 0 : 1)));
    changes.push_back({{"key", path.substr(1)}, {"from", at(before)}, {"to", at(now)}});
  }
  return changes;
}

}  // namespace ebm
