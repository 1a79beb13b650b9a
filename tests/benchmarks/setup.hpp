#pragma once

#include <cstdint>
#include <functional>

#include "dualebm/apps/standard_catalogue.hpp"
#include "dualebm/framework/experiment/making.hpp"

namespace ebm::benchmarks {

/// The main of a benchmark: what the program does before it trains (freed memory is kept; one thread until
/// somebody asks for more), a dataset "base_measure" besides those of the library, and one line for what is
/// wrong with the arguments. The dataset is `train` points drawn from the base measure of the domain: data of
/// any dimension, without a file; how long an iteration takes does not depend on where the points lie.
/// @return what `run` returns, or 2
int run_program(const char* name, const std::function<int()>& run);

/// What the library has, and the dataset "base_measure".
const Catalogue& catalogue();

/// A configuration that was read, its data and a training, kept together.
struct Bench {
  Experiment experiment;
  PreparedProblem prepared;
  std::unique_ptr<Training> training;
  torch::Tensor batch;  ///< the first rows of the data, as many as loop.batch_size says

  /// @param graph  whether iterations on a CUDA device are captured as a graph
  /// @throws UserError if the configuration is wrong or its trainer refuses its energy
  explicit Bench(const Json& configuration, torch::Device device = torch::kCPU, bool graph = true);

  /// One iteration; a device may still be at work on it when this returns.
  void step() { training->step(batch); }
};

/// What is timed: a step, and what waits until all steps have been taken.
struct Timed {
  std::function<void()> step, finish;
};

/// Steps in blocks, so that waiting for a device costs little, over `seconds` at least: {"seconds": of one by
/// the clock on the wall, "processor_seconds": of all threads together}.
Json measure(const Timed& timed, double seconds);

/// Waits until a device has done what it was handed; nothing to wait for on the CPU.
void wait_for(torch::Device device);

/// What a program that is asked for times says: after a warm-up that it is ready, then what it measures in
/// `seconds`; with `serve` again for every line of the standard input, which is how long to measure for. See
/// compare_peers.py.
void serve_times(const std::string& name, int threads, bool serve, double seconds, const Timed& timed);

/// The numbers of a tensor as nested lists.
Json json_of(const torch::Tensor& tensor);

/// Every parameter of an energy by its name.
Json parameters_of(const Energy& energy);

/// Dual GDA with the shallow ReLU energy on the sphere: the iteration of the published experiments.
Json shallow_dual_gda(std::int64_t dimension, std::int64_t points, std::int64_t particles,
                      std::int64_t neurons);

/// Dual GDA with the perceptron 2-128-128-1 in the plane and Adam: the loop for any energy.
Json perceptron_dual_gda(std::int64_t points, std::int64_t particles);

/// Numbers in the parameter matrices of an energy, or none if it has other large parameters (convolutions).
std::int64_t weights_of(const Energy& energy);

}  // namespace ebm::benchmarks
