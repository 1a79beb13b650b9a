#include "dualebm/apps/experiment.hpp"

#include <ATen/ATen.h>

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
                                    "loop",
                                    "metrics",
                                    "compare"};

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

/// α = h_z / h_x as one number: the neuron step follows from the particle step, the weight step keeps its
/// proportion.
Json with_time_scale_ratio(Json optimizer, const Json& trainer, const std::optional<double>& ratio) {
  if (!ratio) return optimizer;
  require(optimizer.contains("neuron_step") && trainer.contains("particle_step"),
          "time_scale_ratio: needs a trainer with a particle_step and the optimizer wasserstein_fisher_rao");
  const double old_step = optimizer["neuron_step"].get<double>();
  require(old_step > 0,
          "time_scale_ratio: optimizer.neuron_step must be positive to keep the weight step's proportion");
  const double step = *ratio * trainer["particle_step"].get<double>();
  optimizer["weight_step"] = optimizer["weight_step"].get<double>() * step / old_step;
  optimizer["neuron_step"] = step;
  return optimizer;
}

/// A run must find its data from any folder.
void make_absolute(Json& section, const char* key) {
  if (!section.contains(key) || !section[key].is_string()) return;
  const auto path = section[key].get<std::string>();
  if (!path.empty()) section[key] = std::filesystem::absolute(path).lexically_normal().string();
}

/// Fits the transforms on the training part and takes every part through them, then to the device.
void prepare(Dataset& dataset, TransformChain& transform, const Domain& domain, Random& random,
             const torch::TensorOptions& options) {
  require(transform.empty() || !dataset.teacher,
          "transforms: the density that these data come from is known and would not follow; leave them out");
  transform.fit(dataset.train);
  const auto prepared = [&](const torch::Tensor& points) {
    return points.defined() ? transform.prepare(points, random).to(options) : points;
  };
  dataset.train = prepared(dataset.train);
  dataset.validation = prepared(dataset.validation);
  dataset.test = prepared(dataset.test);
  dataset.log_determinant = transform.log_determinant();
  require(dataset.train.dim() == 2 && dataset.train.size(1) == domain.dimension(),
          "domain.dimension: {}, but the data have rows of {} numbers", domain.dimension(),
          dataset.train.numel() / dataset.train.size(0));
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

void ComparisonOptions::describe(Fields& fields) {
  fields.integers("seeds", seeds, Range::at_least(0), "every entry is run once for each of these");
  fields.section("entries", entries,
                 "array of {\"label\", \"set\": {path: value}}; empty: the four trainers of the paper");
  fields.text("sweep_parameter", sweep_parameter,
              "path of a number to sweep instead of entries, e.g. time_scale_ratio");
  fields.numbers("sweep_values", sweep_values, Range::any(), "its values");
  fields.text("target_metric", target_metric,
              "metric of one more table: what it took to bring it down to target_value; empty: none");
  fields.number("target_value", target_value, Range::any(), "see target_metric");
}

std::vector<ComparisonEntry> ComparisonOptions::expanded(const Json& base) const {
  std::vector<ComparisonEntry> result;
  require(entries.is_array(), "compare.entries: expected an array, found {}", entries.dump());
  require(entries.empty() || sweep_parameter.empty(), "compare: entries and sweep_parameter are both given");
  require(sweep_parameter.empty() == sweep_values.empty(),
          "compare: sweep_parameter and sweep_values go together; one of them is empty");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto path = fmt::format("compare.entries[{}]", i);
    ComparisonEntry entry;
    FieldReader reader(entries[i], path);
    reader.text("label", entry.label, "");
    reader.section("set", entry.set, "");
    reader.finish();
    require(!entry.label.empty(), "{}.label: missing", path);
    require(entry.set.is_object(), "{}.set: expected an object of path: value, found {}", path,
            entry.set.dump());
    result.push_back(std::move(entry));
  }
  for (const double value : sweep_values) {
    result.push_back({.label = fmt::format("{}={:.4g}", sweep_parameter, value),
                      .set = {{sweep_parameter, value}},
                      .value = value});
  }
  if (!result.empty()) return result;
  for (const char* name : {"maximum_likelihood", "dual_gda", "restart_gda", "score_matching"}) {
    Json trainer = {{"name", name}};
    for (const char* shared : {"particle_step", "antithetic", "particles_per_point", "particles"}) {
      if (base["trainer"].contains(shared)) trainer[shared] = base["trainer"][shared];
    }
    result.push_back({.label = name, .set = {{"trainer", trainer}}, .value = {}});
  }
  return result;
}

std::uint64_t Experiment::data_seed() const {
  return static_cast<std::uint64_t>(general.data_seed.value_or(general.seed));
}

Experiment read_experiment(const Json& configuration) {
  Experiment e;
  e.general = read_general(configuration);
  e.domain = domains().read(section_or(configuration, "domain", {{"name", "sphere"}}), "domain");
  e.dataset = datasets().read(section_or(configuration, "dataset", Json::object()), "dataset");
  for (const char* file : {"path", "split", "validation_path", "test_path", "images", "labels"})
    make_absolute(e.dataset.resolved, file);
  if (e.dataset.resolved.contains("teacher")) {
    e.teacher = energies().read(e.dataset.resolved["teacher"], "dataset.teacher");
    make_absolute(e.teacher->resolved, "path");
    e.dataset.resolved["teacher"] = e.teacher->resolved;
  }
  const auto transforms_section = section_or(configuration, "transforms", Json::array());
  require(transforms_section.is_array(), "transforms: expected an array of sections, found {}",
          transforms_section.dump());
  for (std::size_t i = 0; i < transforms_section.size(); ++i) {
    e.transforms.push_back(transforms().read(transforms_section[i], fmt::format("transforms[{}]", i)));
  }
  e.energy = energies().read(section_or(configuration, "energy", {{"name", "shallow"}}), "energy");
  make_absolute(e.energy.resolved, "path");
  e.trainer = trainers().read(section_or(configuration, "trainer", {{"name", "dual_gda"}}), "trainer");
  const Json flow = {{"name", "wasserstein_fisher_rao"}};
  const auto optimizer = optimizers().read(section_or(configuration, "optimizer", flow), "optimizer");
  e.optimizer = optimizers().read(
      with_time_scale_ratio(optimizer.resolved, e.trainer.resolved, e.general.time_scale_ratio), "optimizer");
  const Json constant = {{"name", "constant"}};
  e.optimizer_schedule =
      schedules().read(section_or(configuration, "optimizer_schedule", constant), "optimizer_schedule");
  e.particle_schedule =
      schedules().read(section_or(configuration, "particle_schedule", constant), "particle_schedule");
  e.loop = read_options<LoopOptions>(section_or(configuration, "loop", Json::object()), "loop");
  if (!e.loop.early_stop_metric.empty()) metric(e.loop.early_stop_metric);
  e.metrics =
      read_options<Evaluator::Options>(section_or(configuration, "metrics", Json::object()), "metrics");
  e.comparison =
      read_options<ComparisonOptions>(section_or(configuration, "compare", Json::object()), "compare");

  e.resolved = written(e.general);
  e.resolved["domain"] = e.domain.resolved;
  e.resolved["dataset"] = e.dataset.resolved;
  e.resolved["transforms"] = Json::array();
  for (const auto& transform : e.transforms) e.resolved["transforms"].push_back(transform.resolved);
  e.resolved["energy"] = e.energy.resolved;
  e.resolved["trainer"] = e.trainer.resolved;
  e.resolved["optimizer"] = e.optimizer.resolved;
  e.resolved["optimizer_schedule"] = e.optimizer_schedule.resolved;
  e.resolved["particle_schedule"] = e.particle_schedule.resolved;
  e.resolved["loop"] = written(e.loop);
  e.resolved["metrics"] = written(e.metrics);
  e.resolved["compare"] = written(e.comparison);
  return e;
}

Json load_configuration(const std::string& path, const std::vector<std::string>& overrides) {
  Json configuration = read_json_file(path);
  require(configuration.is_object(), "{}: expected an object at the top", path);
  for (const auto& assignment : overrides) apply_override(configuration, assignment);
  if (configuration.value("title", Json("")) == "")
    configuration["title"] = std::filesystem::path(path).stem().string();
  return configuration;
}

std::shared_ptr<TransformChain> make_transform(const Experiment& experiment, std::shared_ptr<Domain> domain) {
  std::vector<std::shared_ptr<Transform>> parts;
  for (const auto& choice : experiment.transforms) parts.push_back(choice.make({domain, torch::kDouble}));
  return std::make_shared<TransformChain>(std::move(parts));
}

Problem make_problem(const Experiment& experiment, torch::Device device) {
  Problem problem;
  problem.domain = experiment.domain.make({});
  problem.transform = make_transform(experiment, problem.domain);
  Random random(experiment.data_seed(), "data"), dither(experiment.data_seed(), "transforms");
  std::shared_ptr<Energy> teacher;
  if (experiment.teacher) teacher = experiment.teacher->make({problem.domain, torch::kDouble, random});
  problem.dataset = *experiment.dataset.make({problem.domain, teacher, random});
  if (problem.dataset.teacher) problem.dataset.teacher->to(device);
  prepare(problem.dataset, *problem.transform, *problem.domain, dither,
          torch::TensorOptions(experiment.dtype()).device(device));
  problem.evaluator = std::make_shared<Evaluator>(problem.domain, problem.dataset, experiment.metrics);
  return problem;
}

std::shared_ptr<Energy> make_energy(const Experiment& experiment, std::shared_ptr<Domain> domain,
                                    torch::Device device) {
  Random random(static_cast<std::uint64_t>(experiment.general.seed), "parameters");
  Random layers(static_cast<std::uint64_t>(experiment.general.seed), "layers");
  const DefaultGenerator initial(layers);  // for an energy whose layers do not draw from `random`
  auto energy = experiment.energy.make({std::move(domain), torch::TensorOptions(experiment.dtype()), random});
  energy->to(device, experiment.dtype());
  return energy;
}

Training make_training(const Experiment& experiment, const Problem& problem, torch::Device device) {
  const auto seed = static_cast<std::uint64_t>(experiment.general.seed);
  Training training;
  training.energy = make_energy(experiment, problem.domain, device);
  training.optimizer = experiment.optimizer.make({*training.energy});
  const ScheduleContext schedule{.iterations = experiment.loop.iterations};
  training.trainer = experiment.trainer.make({
      .energy = training.energy,
      .domain = problem.domain,
      .optimizer = training.optimizer,
      .data = problem.dataset.train,
      .random = std::make_shared<Random>(seed, "particles", device),
      .optimizer_schedule = experiment.optimizer_schedule.make(schedule),
      .particle_schedule = experiment.particle_schedule.make(schedule),
      .gradient_clip = experiment.loop.gradient_clip,
      .average_decay = experiment.loop.average_decay,
  });
  training.batches = std::make_shared<Random>(seed, "batches", device);
  return training;
}

}  // namespace ebm
