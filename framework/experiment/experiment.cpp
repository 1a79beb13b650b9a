#include "dualebm/framework/experiment/experiment.hpp"

#include <filesystem>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/settings/config_file.hpp"

namespace ebm {
namespace {

constexpr const char* sections[] = {"domain",
                                    "dataset",
                                    "transforms",
                                    "energy",
                                    "trainer",
                                    "optimizer",
                                    "optimizer_schedule",
                                    "particle_schedule",
                                    "callbacks",
                                    "sampler",
                                    "loop",
                                    "metrics",
                                    "compare",
                                    "tune"};

/// A section of a configuration, or what it is when left out.
Json section_or(const Json& configuration, const char* name, Json fallback) {
  return configuration.contains(name) ? configuration[name] : std::move(fallback);
}

GeneralOptions read_general(const Json& configuration) {
  GeneralOptions options;
  FieldReader reader(configuration, "");
  options.describe(reader);
  for (const char* name : sections) {
    Json ignored;
    reader.section(name, ignored, "");
  }
  reader.finish();
  return options;
}

template <class Options>
Json written(Options options) {
  Json section = Json::object();
  FieldWriter writer(section);
  options.describe(writer);
  return section;
}

/// An array of sections, each one choice of a registry.
template <class Product, class Context>
std::vector<Choice<Product, Context>> read_list(const Registry<Product, Context>& registry,
                                                const Json& configuration, const char* name) {
  const auto list = section_or(configuration, name, Json::array());
  require(list.is_array(), "{}: expected an array of sections, found {}", name, list.dump());
  std::vector<Choice<Product, Context>> choices;
  for (std::size_t i = 0; i < list.size(); ++i) {
    choices.push_back(registry.read(list[i], fmt::format("{}[{}]", name, i)));
  }
  return choices;
}

template <class Product, class Context>
Json resolved_of(const std::vector<Choice<Product, Context>>& choices) {
  Json list = Json::array();
  for (const auto& choice : choices) list.push_back(choice.resolved());
  return list;
}

/// Every metric of the catalogue, with the options of the configuration where it gives some.
std::vector<Choice<Metric, MetricContext>> read_metrics(const Registry<Metric, MetricContext>& metrics,
                                                        const Json& options) {
  require(options.is_object(), "metrics.options: expected an object of name: options, found {}",
          options.dump());
  for (const auto& [name, section] : options.items()) {
    registry::chosen_name({{"name", name}}, "metrics.options", "metric", metrics.names());
  }
  std::vector<Choice<Metric, MetricContext>> choices;
  for (const auto& entry : metrics.entries()) {
    const auto given = options.contains(entry.name) ? options[entry.name] : Json::object();
    choices.push_back(entry.read(given, "metrics.options." + entry.name));
  }
  return choices;
}

/// h_x of plain Langevin dynamics, from wherever it is given; null: nowhere.
Json particle_step_of(const Json& trainer, const Json& sampler) {
  const auto given = trainer.value("particle_step", Json(nullptr));
  if (!given.is_null() || !sampler.is_object() || sampler["name"] != "langevin") return given;
  return sampler["step_size"];
}

/// α = h_z / h_x as one number: the neuron step follows from the particle step, the weight step keeps its
/// proportion.
Json with_time_scale_ratio(Json optimizer, const Json& particle_step, const std::optional<double>& ratio) {
  if (!ratio) return optimizer;
  require(
      optimizer.contains("neuron_step") && !particle_step.is_null(),
      "time_scale_ratio: needs a trainer with a particle_step, or the sampler langevin, and the optimizer "
      "wasserstein_fisher_rao");
  const double old_step = optimizer["neuron_step"].get<double>();
  require(old_step > 0,
          "time_scale_ratio: optimizer.neuron_step must be positive to keep the weight step's proportion");
  const double step = *ratio * particle_step.get<double>();
  optimizer["weight_step"] = optimizer["weight_step"].get<double>() * step / old_step;
  optimizer["neuron_step"] = step;
  return optimizer;
}

Json resolved_of(const Experiment& e) {
  Json resolved = written(e.general);
  resolved["domain"] = e.domain.resolved();
  resolved["dataset"] = e.dataset.resolved();
  if (e.teacher) resolved["dataset"]["teacher"] = e.teacher->resolved();
  resolved["transforms"] = resolved_of(e.transforms);
  resolved["energy"] = e.energy.resolved();
  resolved["trainer"] = e.trainer.resolved();
  resolved["sampler"] = e.sampler ? e.sampler->resolved() : Json(nullptr);
  resolved["optimizer"] = e.optimizer.resolved();
  resolved["optimizer_schedule"] = e.optimizer_schedule.resolved();
  resolved["particle_schedule"] = e.particle_schedule.resolved();
  resolved["callbacks"] = resolved_of(e.callbacks);
  resolved["loop"] = written(e.loop);
  resolved["metrics"] = written(e.evaluation);
  resolved["compare"] = written(e.comparison);
  resolved["tune"] = written(e.tuning);
  return resolved;
}

}  // namespace

void GeneralOptions::describe(Fields& fields) {
  fields.text("title", title, "name of the experiment; the file's stem if empty");
  fields.integer("seed", seed, Range::at_least(0),
                 "of everything random: data, parameters, particles, batches");
  fields.integer("data_seed", data_seed, Range::at_least(0), "of the data alone; null: the seed");
  fields.choice("dtype", dtype, {"float32", "float64"}, "of data, particles and parameters");
  fields.number("time_scale_ratio", time_scale_ratio, Range::positive(),
                "α = neuron_step / particle_step; sets neuron_step, weight_step keeps its proportion to it; "
                "null: as given");
}

void LoopOptions::describe(Fields& fields) {
  fit.describe(fields);
  fields.integer("checkpoint_every", checkpoint_every, Range::at_least(0),
                 "iterations between checkpoints; 0: at the end only");
  fields.number(
      "stop_at_gap", stop_at_gap, Range::at_least(0),
      "a run of a shallow energy ends when its duality gap is as small as this, in nats: no other of its "
      "ball is better by more; 0: never");
  early_stop.describe(fields);
  training.describe(fields);
}

void MetricsOptions::describe(Fields& fields) {
  fields.integer("every", every, Range::at_least(0),
                 "iterations between evaluations; 0: only at start and end");
  evaluator.describe(fields);
  fields.section("options", options,
                 "object of name: options for metrics that have some; see `dualebm list metric`");
}

namespace {

/// Also of the parts of a sum, at whatever depth.
void set_trust(Json& section, bool trust) {
  if (!section.is_object()) return;
  if (section.contains("name") && section["name"] == "script") section["trust"] = trust;
  if (!section.contains("parts") || !section["parts"].is_object()) return;
  for (auto& [name, part] : section["parts"].items()) set_trust(part, trust);
}

}  // namespace

Json with_trust(Json configuration, bool trust) {
  for (const char* place : {"/energy", "/dataset/teacher"}) {
    const Json::json_pointer pointer(place);
    if (configuration.contains(pointer)) set_trust(configuration[pointer], trust);
  }
  return configuration;
}

Experiment read_experiment(const Json& given, const Catalogue& catalogue) {
  const auto configuration = catalogue.trust_scripts ? with_trust(given, true) : given;
  Experiment e;
  e.general = read_general(configuration);
  e.domain = catalogue.domains.read(section_or(configuration, "domain", {{"name", "sphere"}}), "domain");
  e.dataset = catalogue.datasets.read(section_or(configuration, "dataset", Json::object()), "dataset");
  if (e.dataset.resolved().contains("teacher")) {
    e.teacher = catalogue.energies.read(e.dataset.resolved()["teacher"], "dataset.teacher");
  }
  e.transforms = read_list(catalogue.transforms, configuration, "transforms");
  e.energy = catalogue.energies.read(section_or(configuration, "energy", {{"name", "shallow"}}), "energy");
  e.trainer =
      catalogue.trainers.read(section_or(configuration, "trainer", {{"name", "dual_gda"}}), "trainer");
  const auto sampler = section_or(configuration, "sampler", nullptr);
  if (!sampler.is_null()) e.sampler = catalogue.samplers.read(sampler, "sampler");
  const Json flow = {{"name", "wasserstein_fisher_rao"}};
  const auto& optimizers = catalogue.optimizers;
  const auto optimizer = optimizers.read(section_or(configuration, "optimizer", flow), "optimizer");
  e.optimizer = optimizers.read(
      with_time_scale_ratio(
          optimizer.resolved(),
          particle_step_of(e.trainer.resolved(), e.sampler ? e.sampler->resolved() : Json(nullptr)),
          e.general.time_scale_ratio),
      "optimizer");
  const auto schedule = [&](const char* name) {
    return catalogue.schedules.read(section_or(configuration, name, {{"name", "constant"}}), name);
  };
  e.optimizer_schedule = schedule("optimizer_schedule");
  e.particle_schedule = schedule("particle_schedule");
  e.callbacks = read_list(catalogue.callbacks, configuration, "callbacks");
  e.loop = read_options<LoopOptions>(section_or(configuration, "loop", Json::object()), "loop");
  e.evaluation =
      read_options<MetricsOptions>(section_or(configuration, "metrics", Json::object()), "metrics");
  if (e.loop.stop_at_gap > 0) e.evaluation.evaluator.duality_gap = true;
  e.metrics = read_metrics(catalogue.metrics, e.evaluation.options);
  e.comparison =
      read_options<ComparisonOptions>(section_or(configuration, "compare", Json::object()), "compare");
  e.tuning = read_options<TuningOptions>(section_or(configuration, "tune", Json::object()), "tune");
  e.resolved = resolved_of(e);
  return e;
}

Json load_configuration(const std::string& path, const std::vector<std::string>& overrides, bool from_a_run) {
  Json configuration = read_json_file(path);
  require(configuration.is_object(), "{}: expected an object at the top", path);
  if (from_a_run) configuration = with_trust(std::move(configuration), false);
  for (const auto& assignment : overrides) apply_override(configuration, assignment);
  if (configuration.value("title", Json("")) == "")
    configuration["title"] = std::filesystem::path(path).stem().string();
  return configuration;
}

}  // namespace ebm
