#include <ATen/ATen.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/device.hpp"
#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/framework/training/executor/captured_iteration.hpp"
#include "tests/benchmarks/setup.hpp"

namespace ebm::benchmarks {
namespace {

struct Arguments {
  std::string energy = "perceptron", device = "cpu", dtype = "float32", trace;
  std::int64_t particles = 1024, dimension = 2;
  int threads = 1;
  double seconds = 1;
  bool serve = false, graph = false;
};

Json configuration_of(const Arguments& a) {
  const Json perceptron = {
      {"name", "mlp"}, {"hidden", {128, 128}}, {"activation", "silu"}, {"confinement", 4}};
  return {{"domain", {{"name", "euclidean"}, {"dimension", a.dimension}}},
          {"dataset", {{"name", "base_measure"}, {"train", a.particles}}},
          {"energy", a.energy == "perceptron" ? perceptron : Json{{"name", "gaussian"}}},
          {"trainer", {{"name", "dual_gda"}, {"particle_step", 0.01}}},
          {"optimizer", {{"name", "adam"}}},
          {"dtype", a.dtype},
          {"metrics", {{"every", 0}}}};
}

/// Particles of the base measure that follow unadjusted Langevin steps of a fixed energy.
class Chain {
 public:
  explicit Chain(const Arguments& a)
      : experiment_(read_experiment(configuration_of(a), catalogue())),
        prepared_(make_problem(experiment_, torch::kCPU)),
        device_(parse_device(a.device)),
        energy_(make_energy(experiment_, prepared_.problem->shared_domain(), device_)),
        random_(1, "langevin_chain", device_),
        sampler_({.step_size = 0.01, .antithetic = false}),
        state_(sampler_.init(prepared_.problem->data().train.to(device_))),
        graph_(a.graph) {
    for (auto& parameter : energy_->parameters()) parameter.set_requires_grad(false);
  }

  void step() {
    const auto work = [this](const torch::Tensor&) {
      sampler_.step(*energy_, prepared_.problem->domain(), state_, random_, 1);
      return std::int64_t{0};
    };
    if (graph_) {
      captured_.run({.generator = random_.generator()}, torch::empty({0}, state_.positions.options()),
                    {&state_.positions}, *energy_, work);
    } else {
      work({});
    }
  }

  void finish() const {
    wait_for(device_);
    require(!graph_ || captured_.replays() > 0, "no step was replayed by a graph: {}", captured_.why_not());
  }

  Energy& energy() { return *energy_; }
  const torch::Tensor& positions() const { return state_.positions; }

 private:
  Experiment experiment_;
  PreparedProblem prepared_;
  torch::Device device_;
  std::shared_ptr<Energy> energy_;
  Random random_;
  Langevin sampler_;
  Sampler::State state_;
  bool graph_;
  cuda::CapturedIteration captured_;
};

/// Parameters, positions and the gradient of the energy there, in double: what a peer must agree with.
void write_trace(Arguments arguments) {
  arguments.dtype = "float64";
  Chain chain(arguments);
  Json trace = {{"positions", json_of(chain.positions())},
                {"gradient", json_of(chain.energy().gradient(chain.positions()))},
                {"parameters", parameters_of(chain.energy())}};
  std::ofstream file(arguments.trace);
  file << trace.dump();
  require(file.good(), "--trace {}: cannot be written", arguments.trace);
}

int run(int argc, char** argv) {
  Arguments a;
  CLI::App app("Times one unadjusted Langevin step of many particles, noise included.");
  app.add_option("--energy", a.energy, "perceptron: d-128-128-1 with SiLU and |x|²/32; quadratic: |x|²/2")
      ->check(CLI::IsMember({"perceptron", "quadratic"}));
  app.add_option("--dimension", a.dimension)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--particles", a.particles)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--device", a.device, "cpu or cuda")->capture_default_str();
  app.add_flag("--graph", a.graph, "steps by a CUDA graph");
  app.add_option("--threads", a.threads)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", a.seconds, "to measure for")->capture_default_str();
  app.add_flag("--serve", a.serve, "measure for as long as each line of the standard input says");
  app.add_option("--trace", a.trace,
                 "write parameters, positions and gradients in double to this file instead");
  CLI11_PARSE(app, argc, argv);

  set_threads(a.threads);
  if (!a.trace.empty()) {
    write_trace(a);
    return 0;
  }
  Chain chain(a);
  serve_times(a.graph ? "dualebm, CUDA graph" : "dualebm", a.threads, a.serve, a.seconds,
              {[&] { chain.step(); }, [&] { chain.finish(); }});
  return 0;
}

}  // namespace
}  // namespace ebm::benchmarks

int main(int argc, char** argv) {
  using namespace ebm::benchmarks;
  return run_program("langevin_chain", [&] { return run(argc, argv); });
}
