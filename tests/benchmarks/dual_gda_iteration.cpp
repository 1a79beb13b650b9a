#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/settings/config_file.hpp"
#include "tests/benchmarks/setup.hpp"

namespace ebm::benchmarks {
namespace {

struct Arguments {
  std::string energy = "shallow";
  std::int64_t dimension = 15, points = 10'000, particles = 20'000, neurons = 64;
  int threads = 1;
  double seconds = 1;
  bool serve = false, weights = false, eager = false;
  std::string device = "cpu", trace;
};

Timed iteration_of(Bench& bench) {
  return {[&] { bench.step(); }, [&] { wait_for(bench.batch.device()); }};
}

/// A stream of draws in double, all of one shape, that it remembers.
class Recorder final : public Random {
 public:
  using Random::Random;
  Normals normals() override {
    draws.push_back(torch::empty(shape, torch::kDouble));
    Random::normals().fill(0, draws.back().numel(), draws.back().data_ptr<double>());
    return Normals(draws.back());
  }
  std::vector<std::int64_t> shape{0};
  std::vector<torch::Tensor> draws;
};

/// Five iterations in double with their noise, in the manner of tests/golden: what a peer must reproduce.
void write_trace(Json configuration, const std::string& path) {
  configuration["dtype"] = "float64";
  Bench bench(configuration);
  const auto recorder = std::make_shared<Recorder>(1, "particles");
  auto& energy = bench.training->energy();
  const auto trainer = bench.experiment.trainer.make({.energy = bench.training->trainer().shared_energy(),
                                                      .problem = bench.prepared.problem,
                                                      .random = recorder});
  Training training(trainer, bench.experiment.optimizer.make({energy}));
  Json trace = {{"particle_step", bench.experiment.trainer.resolved()["particle_step"]},
                {"learning_rate", bench.experiment.optimizer.resolved().value("learning_rate", Json())},
                {"data", json_of(bench.batch)},
                {"initial_particles", json_of(trainer->particles())},
                {"initial_parameters", parameters_of(energy)}};
  recorder->draws.clear();
  recorder->shape = {trainer->particles().size(0) / 2, trainer->particles().size(1)};
  for (int t = 0; t < 5; ++t) training.step(bench.batch);
  for (const auto& draw : recorder->draws) trace["noise"].push_back(json_of(draw));
  trace["final_particles"] = json_of(trainer->particles());
  trace["final_parameters"] = parameters_of(energy);
  std::ofstream file(path);
  file << trace.dump();
  require(file.good(), "--trace {}: cannot be written", path);
}

/// What weights and an exact kernel cost: as many particles with MALA, beside the plain iteration in turns.
/// {"plain", "weighted": processor seconds of an iteration, "ratio": medians of five turns}
Json cost_of_weights(const Json& plain, double seconds) {
  auto changed = plain;
  changed["trainer"].erase("particle_step");
  changed["sampler"] = {{"name", "mala"}};
  Bench without(plain), with(changed);
  const auto of = [&](Bench& bench) {
    return measure(iteration_of(bench), seconds / 5)["processor_seconds"].get<double>();
  };
  of(without), of(with);
  std::vector<double> a, b, ratios;
  for (int turn = 0; turn < 5; ++turn) {
    a.push_back(of(without));
    b.push_back(of(with));
    ratios.push_back(b.back() / a.back());
  }
  const auto median = [](std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + 2, values.end());
    return values[2];
  };
  return {{"plain", median(a)}, {"weighted", median(b)}, {"ratio", median(ratios)}};
}

int run(int argc, char** argv) {
  Arguments a;
  CLI::App app("Times one iteration of dual GDA, data, noise and the update of the energy included.");
  app.add_option("--energy", a.energy, "shallow: ReLU on the sphere; mlp: 2-128-128-1 in the plane, Adam")
      ->check(CLI::IsMember({"shallow", "mlp"}));
  app.add_option("--dimension", a.dimension, "d of the sphere")->capture_default_str();
  app.add_option("--points", a.points, "n")->capture_default_str();
  app.add_option("--particles", a.particles, "N")->capture_default_str();
  app.add_option("--neurons", a.neurons, "m")->capture_default_str();
  app.add_option("--device", a.device, "cpu or cuda")->capture_default_str();
  app.add_flag("--eager", a.eager, "on a CUDA device: operator by operator, not by a graph");
  app.add_option("--threads", a.threads)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", a.seconds, "to measure for")->capture_default_str();
  app.add_flag("--serve", a.serve, "measure for as long as each line of the standard input says");
  app.add_flag("--weights", a.weights, "measure what weights and MALA cost beside the plain iteration");
  app.add_option("--trace", a.trace, "write five iterations in double to this file instead");
  CLI11_PARSE(app, argc, argv);

  set_threads(a.threads);
  const auto configuration = a.energy == "mlp"
                                 ? perceptron_dual_gda(a.points, a.particles)
                                 : shallow_dual_gda(a.dimension, a.points, a.particles, a.neurons);
  if (!a.trace.empty()) {
    write_trace(configuration, a.trace);
    return 0;
  }
  if (a.weights) {
    fmt::print("{}\n", cost_of_weights(configuration, a.seconds).dump());
    return 0;
  }
  const auto device = parse_device(a.device);
  const bool graph = device.is_cuda() && !a.eager;
  Bench bench(configuration, device, graph);
  auto timed = iteration_of(bench);
  timed.finish = [&] {
    wait_for(device);
    require(!graph || bench.training->executor().replays() > 0, "no iteration was replayed by a graph: {}",
            bench.training->executor().why_not());
  };
  serve_times(graph ? "dualebm, CUDA graph" : "dualebm", a.threads, a.serve, a.seconds, timed);
  return 0;
}

}  // namespace
}  // namespace ebm::benchmarks

int main(int argc, char** argv) {
  using namespace ebm::benchmarks;
  return run_program("dual_gda_iteration", [&] { return run(argc, argv); });
}
