#include <ATen/ATen.h>
#include <fmt/format.h>

#include <set>
#include <vector>

#include "dualebm/framework/compute/parallel.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"
#include "dualebm/framework/sampling/langevin.hpp"
#include "dualebm/models/models.hpp"
#include "dualebm/models/ridge/device_sums.hpp"
#include "tests/benchmarks/report.hpp"
#include "tests/benchmarks/setup.hpp"

namespace ebm::benchmarks {
namespace {

/// The energy, the points and the thread count of one row.
struct Case {
  std::string energy = "relu";  ///< activation of a shallow energy, or "mlp"
  torch::ScalarType dtype = torch::kFloat;
  std::int64_t dimension = 15, points = 10'000, neurons = 64;
  int threads = 1;
  std::int64_t layers = 2;          ///< hidden ones of a perceptron, of `neurons` each
  std::string activation = "silu";  ///< of a perceptron

  bool deep() const { return energy == "mlp"; }
  std::string name(const char* kernel) const {
    const auto depth = deep() && layers != 2 ? fmt::format("/layers:{}/{}", layers, activation) : "";
    return fmt::format("{}/{}/{}/d:{}/N:{}/m:{}{}/threads:{}", kernel, energy,
                       dtype == torch::kDouble ? "double" : "float", dimension, points, neurons, depth,
                       threads);
  }
};

/// A case brought to life.
struct Kernel {
  explicit Kernel(const Case& item) : random(0, "benchmark") {
    const std::string place = item.deep() ? "euclidean" : "sphere";
    domain = catalogue().domains.read({{"name", place}, {"dimension", item.dimension}}, "domain").make({});
    const Json section =
        item.deep() ? Json{{"name", "mlp"},
                           {"hidden", std::vector<std::int64_t>(std::size_t(item.layers), item.neurons)},
                           {"activation", item.activation}}
                    : Json{{"name", "shallow"}, {"neurons", item.neurons}, {"activation", item.energy}};
    const DefaultGenerator layers(random);
    energy =
        catalogue().energies.read(section, "energy").make({domain, torch::TensorOptions(item.dtype), random});
    x = domain->sample_base(item.points, random, item.dtype);
    weight = torch::full({item.points}, 1.0 / static_cast<double>(item.points), item.dtype);
    pass = {.points = item.points,
            .dimension = item.dimension,
            .weights = weights_of(*energy),
            .in_double = item.dtype == torch::kDouble};
    set_threads(item.threads);
  }
  std::shared_ptr<Domain> domain;
  Random random;
  std::shared_ptr<Energy> energy;
  torch::Tensor x, weight;
  Pass pass;
};

/// @param run  (Kernel&) does it once @param work  (const Kernel&) -> Work of that
template <class Run, class WorkOf>
void add(const char* name, const Case& item, Run run, WorkOf work) {
  add_row(item.name(name), item.threads, [=](benchmark::State& state) {
    Kernel kernel(item);
    const double seconds = repeat(state, item.threads, [&] { run(kernel); });
    report(state, work(kernel), item.threads, seconds);
  });
}

void add_passes(const Case& item) {
  const auto energy = [](Kernel& k) {
    const torch::NoGradGuard no_grad;
    benchmark::DoNotOptimize(k.energy->forward(k.x));
  };
  const auto gradient = [](Kernel& k) { benchmark::DoNotOptimize(k.energy->gradient(k.x)); };
  const auto both = [](Kernel& k) { benchmark::DoNotOptimize(k.energy->value_and_gradient(k.x)); };
  const auto accumulate = [](Kernel& k) { k.energy->accumulate_gradient(k.x, k.weight); };
  const bool deep = item.deep();
  add("energy", item, energy, [](const Kernel& k) { return k.pass.energy(); });
  add("gradient", item, gradient, [](const Kernel& k) { return k.pass.gradient(); });
  if (deep) add("both", item, both, [](const Kernel& k) { return k.pass.gradient(); });
  add("accumulate", item, accumulate,
      [deep](const Kernel& k) { return deep ? k.pass.accumulate_deep() : k.pass.accumulate(); });
}

void add_langevin(const Case& item) {
  add_row(item.name("langevin"), item.threads, [=](benchmark::State& state) {
    Kernel kernel(item);
    const Langevin sampler({.step_size = 0.02});
    auto chains = sampler.init(kernel.x);
    const auto step = [&] { sampler.step(*kernel.energy, *kernel.domain, chains, kernel.random, 1); };
    report(state, kernel.pass.langevin(), item.threads, repeat(state, item.threads, step));
  });
}

/// What the fused kernel stands in for: the gradient by the BLAS, through a matrix of pre-activations.
void add_products(const Case& item) {
  const auto products = [](Kernel& k) {
    const auto neurons = as_neuron_energy(*k.energy)->neurons();
    benchmark::DoNotOptimize(ridge::on_device::by_products::gradient(
        k.x, neurons.positions.detach(), neurons.weights.detach(), Activation("relu")));
  };
  add("products", item, products, [](const Kernel& k) { return k.pass.gradient(); });
}

void add_normals(torch::ScalarType dtype, std::int64_t points, std::int64_t dimension, int threads) {
  const bool in_double = dtype == torch::kDouble;
  const auto name = fmt::format("normal/{}/d:{}/N:{}/threads:{}", in_double ? "double" : "float", dimension,
                                points, threads);
  add_row(name, threads, [=](benchmark::State& state) {
    set_threads(threads);
    Random random(0, "benchmark");
    const auto draw = [&] { benchmark::DoNotOptimize(random.normal({points, dimension}, dtype)); };
    const double seconds = repeat(state, threads, draw);
    state.SetItemsProcessed(state.iterations() * points * dimension);
    report(state, Pass{.points = points, .dimension = dimension, .in_double = in_double}.normals(), threads,
           seconds);
  });
}

/// One line of sizes through each of d, N and m; every activation and precision at three dimensions; two
/// threads where they matter. No row twice.
std::vector<Case> shallow_cases() {
  std::vector<Case> all;
  for (const std::int64_t d : {2, 3, 8, 15, 32, 100, 300}) all.push_back({.dimension = d});
  for (const std::int64_t n : {1'000, 20'000, 100'000}) all.push_back({.points = n});
  for (const std::int64_t m : {16, 256, 1024}) all.push_back({.neurons = m});
  for (const std::int64_t d : {15, 32, 100, 300, 1'000})
    all.push_back({.dimension = d, .points = 2'000, .neurons = 1'024});
  all.push_back({.dimension = 1'000});
  for (const std::int64_t d : {3, 15, 100}) {
    for (const auto* activation : {"relu", "squared_relu", "softplus"}) {
      for (const auto dtype : {torch::kFloat, torch::kDouble})
        all.push_back({.energy = activation, .dtype = dtype, .dimension = d});
    }
  }
  for (const std::int64_t d : {3, 15, 300}) all.push_back({.dimension = d, .points = 20'000, .threads = 2});
  all.push_back({.points = 100'000, .threads = 2});
  all.push_back({.dimension = 3, .points = 20'000});
  all.push_back({.dimension = 300, .points = 20'000});
  std::vector<Case> once;
  std::set<std::string> seen;
  for (const auto& item : all) {
    if (seen.insert(item.name("")).second) once.push_back(item);
  }
  return once;
}

/// What the kernel of perceptrons stands in for: the same `forward`, differentiated by autograd.
class ByAutograd final : public Energy {
 public:
  explicit ByAutograd(std::shared_ptr<Energy> energy) : energy_(register_module("energy", energy)) {}
  torch::Tensor forward(const torch::Tensor& x) override { return energy_->forward(x); }

 private:
  std::shared_ptr<Energy> energy_;
};

void add_autograd(const Case& item) {
  const auto both = [](Kernel& k) { benchmark::DoNotOptimize(ByAutograd(k.energy).value_and_gradient(k.x)); };
  const auto accumulate = [](Kernel& k) { ByAutograd(k.energy).accumulate_gradient(k.x, k.weight); };
  add("autograd/both", item, both, [](const Kernel& k) { return k.pass.gradient(); });
  add("autograd/accumulate", item, accumulate, [](const Kernel& k) { return k.pass.accumulate_deep(); });
}

/// The perceptron of the plane, 2-64-64-64-1, by particles, activation and precision; then by width.
void add_perceptrons() {
  const Case plane{.energy = "mlp", .dimension = 2, .layers = 3};
  for (const auto dtype : {torch::kFloat, torch::kDouble}) {
    for (const std::int64_t points : {500, 1'000, 10'000}) {
      auto item = plane;
      item.dtype = dtype;
      item.points = points;
      add_passes(item);
      add_autograd(item);
    }
    for (const auto* activation : {"softplus", "tanh", "gelu"}) {
      auto item = plane;
      item.dtype = dtype;
      item.activation = activation;
      add_passes(item);
      add_autograd(item);
    }
    for (const std::int64_t width : {8, 16, 32, 128, 256, 512}) {
      auto item = plane;
      item.dtype = dtype;
      item.neurons = width;
      item.points = 2'000;
      add_passes(item);
      add_autograd(item);
    }
  }
}

}  // namespace

void add_kernels() {
  for (const auto& item : shallow_cases()) {
    add_passes(item);
    add_langevin(item);
  }
  for (const std::int64_t d : {15, 32, 100, 300, 1'000}) {
    add_products({.dimension = d});
    add_products({.dimension = d, .points = 2'000, .neurons = 1'024});
  }
  add_perceptrons();
  for (const int threads : {1, 2}) {
    for (const std::int64_t points : {1'000, 10'000, 100'000}) {
      const Case item{.energy = "mlp", .dimension = 2, .points = points, .neurons = 128, .threads = threads};
      add_passes(item);
      add_langevin(item);
    }
  }
  for (const auto dtype : {torch::kFloat, torch::kDouble}) {
    for (const std::int64_t points : {1'000, 10'000, 1'000'000}) add_normals(dtype, points, 15, 1);
  }
  add_normals(torch::kFloat, 1'000'000, 15, 2);
}

}  // namespace ebm::benchmarks
