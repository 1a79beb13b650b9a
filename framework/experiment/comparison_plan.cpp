#include "dualebm/framework/experiment/comparison_plan.hpp"

#include <cctype>
#include <cstring>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "dualebm/framework/storage/run_lock.hpp"

namespace ebm {
namespace {

/// FNV-1a, 32 bits.
std::uint32_t hash_of(const std::string& text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

/// Names that a comparison's own files have.
bool is_taken(const std::string& name) {
  return name == "report.html" || name == "comparison.json" || name == "plan.json" ||
         name == RunLock::file_name;
}

}  // namespace

std::string folder_name(const std::string& label) {
  constexpr std::size_t longest = 100;
  auto name = label.substr(0, longest);
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && !std::strchr("._=-", c)) c = '_';
  }
  const bool hidden = name.empty() || name.front() == '.' || is_taken(name);
  const bool readable = std::all_of(label.begin(), label.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && (std::isprint(static_cast<unsigned char>(c)) != 0);
  });
  if (hidden) name = "entry" + name;
  return readable && !hidden && label.size() <= longest ? name
                                                        : fmt::format("{}-{:08x}", name, hash_of(label));
}

std::string PlannedTraining::folder() const {
  return fmt::format("{}/seed{}", folder_name(entry.label), experiment.general.seed);
}

std::string PlannedTraining::problem_key() const {
  const auto& resolved = experiment.resolved;
  return Json({resolved["domain"], resolved["dataset"], resolved["transforms"], resolved["dtype"],
               resolved["metrics"], experiment.data_seed()})
      .dump();
}

ComparisonPlan plan_comparison(const Json& configuration, const Catalogue& catalogue) {
  ComparisonPlan plan{.base = read_experiment(configuration, catalogue), .entries = {}, .trainings = {}};
  const auto& comparison = plan.base.comparison;
  plan.entries = comparison.expanded(plan.base.resolved);
  require(!comparison.seeds.empty(), "compare.seeds: at least one seed is needed");
  if (!comparison.target_metric.empty()) {
    registry::chosen_name({{"name", comparison.target_metric}}, "compare.target_metric", "metric",
                          catalogue.metrics.names());
  }
  std::map<std::string, std::string> labels;  // by folder
  for (const auto seed : comparison.seeds) {
    for (const auto& entry : plan.entries) {
      Json changed = configuration;
      changed["seed"] = seed;
      for (const auto& [path, value] : entry.set.items()) set_path(changed, path, value);
      try {
        plan.trainings.push_back({entry, read_experiment(changed, catalogue)});
      } catch (const UserError& error) {
        fail("compare entry \"{}\": {}", entry.label, error.what());
      }
      const auto [same, fresh] = labels.emplace(plan.trainings.back().folder(), entry.label);
      require(fresh, "compare: labels \"{}\" and \"{}\" with seed {} would share the folder {}", same->second,
              entry.label, seed, same->first);
    }
  }
  return plan;
}

}  // namespace ebm
