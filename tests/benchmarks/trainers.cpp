#include <fmt/format.h>

#include <optional>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "tests/benchmarks/report.hpp"
#include "tests/benchmarks/setup.hpp"

namespace ebm::benchmarks {
namespace {

/// A published experiment, or one like it for the trainers that those do not fit.
struct Setting {
  std::string name, file;  ///< file in apps/configs
  Json changes;            ///< dotted path -> value
};

std::vector<Setting> settings() {
  const Json few = {{"dataset.test", 10}, {"metrics.every", 0}};
  auto smooth = few, digits = Json{{"dataset", {{"name", "base_measure"}, {"train", 256}}}};
  smooth["energy.activation"] = "softplus";
  smooth["dataset.train"] = 1000;
  digits["transforms"] = Json::array();
  return {{"sphere3", "sphere3_bimodal.json", few},
          {"sphere15", "sphere15_old.json", few},
          {"sphere15_softplus", "sphere15_old.json", smooth},
          {"plane", "toys.json", few},
          {"digits", "digits.json", digits}};
}

/// The section of a trainer: that of the experiment if it is the same one, else its defaults with what it
/// shares.
Json trainer_section(const Registry<Trainer, TrainerContext>::Entry& entry, const Json& given) {
  if (given["name"] == entry.name) return given;
  Json section = {{"name", entry.name}};
  for (const auto& field : entry.list()) {
    if (field.name != "name" && given.contains(field.name)) section[field.name] = given[field.name];
  }
  return section;
}

Json configuration_of(const Setting& setting, const Registry<Trainer, TrainerContext>::Entry& entry) {
  auto configuration =
      load_configuration(fmt::format("{}/apps/configs/{}", EBM_SOURCE_DIR, setting.file), {});
  for (const auto& [path, value] : setting.changes.items()) set_path(configuration, path, value);
  configuration["trainer"] = trainer_section(entry, configuration["trainer"]);
  return configuration;
}

/// Why a trainer does not take a setting, tried on a few points; none if it does.
std::optional<std::string> refusal(Json configuration) {
  configuration["dataset"]["train"] = 16;
  try {
    const Bench bench(configuration);
    return std::nullopt;
  } catch (const UserError& error) {
    return error.what();
  }
}

/// Steps of a trainer; how many points and gradients an iteration takes it reports itself.
void run(benchmark::State& state, const Json& configuration, int threads) {
  set_threads(threads);
  Bench bench(configuration);
  auto& training = *bench.training;
  const auto evaluations = training.step(bench.batch).gradients();
  const double seconds = repeat(state, threads, [&] { training.step(bench.batch); });
  state.counters["evaluations"] = static_cast<double>(evaluations);
  const Pass pass{.points = evaluations,
                  .dimension = bench.prepared.problem->domain().dimension(),
                  .weights = weights_of(training.energy())};
  if (pass.weights > 0) report(state, pass.gradient(), threads, seconds);
}

void add(const std::string& name, const Json& configuration, int threads) {
  add_row(fmt::format("{}/threads:{}", name, threads), threads, [=](benchmark::State& state) {
    try {
      run(state, configuration, threads);
    } catch (const UserError& error) {  // numbers that run away, too
      state.SkipWithError(error.what());
    }
  });
}

}  // namespace

void add_trainers() {
  for (const auto& entry : catalogue().trainers.entries()) {
    std::string reasons;
    bool added = false;
    for (const auto& setting : settings()) {
      const auto configuration = configuration_of(setting, entry);
      if (const auto reason = refusal(configuration)) {
        reasons += *reason + "; ";
        continue;
      }
      for (const int threads : {1, 2})
        add(fmt::format("trainer/{}/{}", entry.name, setting.name), configuration, threads);
      added = true;
    }
    require(added, "benchmarks: no setting suits the trainer {}: {}", entry.name, reasons);
  }
}

}  // namespace ebm::benchmarks
