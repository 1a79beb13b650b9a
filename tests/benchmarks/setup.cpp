#include "tests/benchmarks/setup.hpp"

#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>

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

Experiment experiment_of(const Json& configuration, bool graph) {
  auto experiment = read_experiment(configuration, catalogue());
  experiment.loop.training.cuda_graph = graph;
  return experiment;
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

Bench::Bench(const Json& configuration, torch::Device device, bool graph)
    : experiment(experiment_of(configuration, graph)),
      prepared(make_problem(experiment, device)),
      training(make_training(experiment, prepared, device)),
      batch(prepared.problem->data().train) {
  if (const auto rows = experiment.loop.fit.batch_size; rows > 0 && rows < batch.size(0))
    batch = batch.narrow(0, 0, rows);
}

Json measure(const Timed& timed, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) timed.step();
    timed.finish();
  };
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const auto first = Clock::now();
  run(1);
  const int block = std::clamp(static_cast<int>(0.05 / std::max(since(first), 1e-7)), 1, 10'000);
  const auto start = Clock::now();
  const auto processor_start = std::clock();
  double count = 0;
  for (; count == 0 || since(start) < seconds; count += block) run(block);
  const double processor = static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC;
  return {{"seconds", since(start) / count}, {"processor_seconds", processor / count}};
}

void wait_for(torch::Device device) {
  if (device.is_cuda()) torch::cuda::synchronize(device.has_index() ? device.index() : -1);
}

void serve_times(const std::string& name, int threads, bool serve, double seconds, const Timed& timed) {
  const auto say = [](const Json& line) {
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
  };
  for (int i = 0; i < 6; ++i) timed.step();  // the fourth of a kind is captured as a graph
  measure(timed, 0.2);
  say({{"ready", name}, {"threads", threads}});
  if (!serve) return say(measure(timed, seconds));
  for (double asked; std::cin >> asked;) say(measure(timed, asked));
}

Json json_of(const torch::Tensor& tensor) {
  if (tensor.dim() == 0) return tensor.item<double>();
  Json result = Json::array();
  for (const auto& part : tensor.unbind()) result.push_back(json_of(part));
  return result;
}

Json parameters_of(const Energy& energy) {
  Json result = Json::object();
  for (const auto& item : energy.named_parameters()) result[item.key()] = json_of(item.value().detach());
  return result;
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
