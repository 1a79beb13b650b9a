#include "tests/benchmarks/setup.hpp"

#include <fmt/format.h>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/memory.hpp"
#include "dualebm/framework/compute/parallel.hpp"

namespace ebm::benchmarks {
namespace {

struct BaseMeasureOptions {
  std::int64_t train = 1000;
  void describe(Fields& fields) { fields.integer("train", train, Range::at_least(1), "number of points"); }
};

Dataset draw_base_measure(const DatasetContext& context, const BaseMeasureOptions& options) {
  Dataset parts;
  parts.train = context.domain->sample_base(options.train, context.random, torch::kDouble);
  parts.test = parts.train.narrow(0, 0, 1);
  return parts;
}

}  // namespace

const Catalogue& catalogue() {
  static const auto all = [] {
    auto standard = standard_catalogue();
    standard.datasets.add<BaseMeasureOptions>(
        "base_measure", "points of the domain's base measure, for benchmarks", draw_base_measure);
    return standard;
  }();
  return all;
}

int run_program(const char* name, const std::function<int()>& run) {
  try {
    keep_freed_memory();
    set_threads(1);
    return run();
  } catch (const UserError& error) {
    fmt::print(stderr, "{}: {}\n", name, error.what());
    return 2;
  }
}

Bench::Bench(const Json& configuration)
    : experiment(read_experiment(configuration, catalogue())),
      prepared(make_problem(experiment, torch::kCPU)),
      training(make_training(experiment, prepared, torch::kCPU)),
      batch(prepared.problem->data().train) {
  if (const auto rows = experiment.loop.fit.batch_size; rows > 0 && rows < batch.size(0))
    batch = batch.narrow(0, 0, rows);
}

Json shallow_dual_gda(std::int64_t dimension, std::int64_t points, std::int64_t particles,
                      std::int64_t neurons) {
  return {{"domain", {{"name", "sphere"}, {"dimension", dimension}}},
          {"dataset", {{"name", "base_measure"}, {"train", points}}},
          {"energy", {{"name", "shallow"}, {"neurons", neurons}, {"signs", "balanced"}}},
          {"trainer", {{"name", "dual_gda"}, {"particle_step", 0.02}, {"particles", particles}}},
          {"optimizer", {{"name", "wasserstein_fisher_rao"}, {"neuron_step", 0.2}, {"weight_step", 0.2}}},
          {"metrics", {{"every", 0}}}};
}

Json perceptron_dual_gda(std::int64_t points, std::int64_t particles) {
  return {{"domain", {{"name", "euclidean"}, {"dimension", 2}}},
          {"dataset", {{"name", "base_measure"}, {"train", points}}},
          {"energy", {{"name", "mlp"}, {"hidden", {128, 128}}, {"activation", "silu"}, {"confinement", 4}}},
          {"trainer", {{"name", "dual_gda"}, {"particle_step", 0.02}, {"particles", particles}}},
          {"optimizer", {{"name", "adam"}, {"learning_rate", 0.001}}},
          {"metrics", {{"every", 0}}}};
}

std::int64_t weights_of(const Energy& energy) {
  std::int64_t count = 0;
  for (const auto& parameter : energy.parameters()) {
    if (parameter.dim() > 2) return 0;
    if (parameter.dim() == 2) count += parameter.numel();
  }
  return count;
}

}  // namespace ebm::benchmarks
