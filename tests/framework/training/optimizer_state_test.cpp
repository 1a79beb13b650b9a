#include "dualebm/framework/training/optimizers/optimizer_state.hpp"

#include <ATen/ATen.h>
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <functional>

#include "dualebm/framework/storage/state_file.hpp"
#include "dualebm/framework/training/optimizers/limited_memory_bfgs.hpp"
#include "tests/support/support.hpp"

namespace ebm::testing {
namespace {

using Parameters = std::vector<torch::Tensor>;
using MakeOptimizer = std::function<std::shared_ptr<torch::optim::Optimizer>(const Parameters&)>;

/// An optimizer of a kind and its options.
template <class Optimizer, class Options>
MakeOptimizer of_kind(Options options) {
  return [options](const Parameters& parameters) { return std::make_shared<Optimizer>(parameters, options); };
}

/// All that remember something, and one that does not.
std::vector<std::pair<std::string, MakeOptimizer>> kinds() {
  using namespace torch::optim;
  return {{"adam", of_kind<Adam>(torch::optim::AdamOptions(0.1))},
          {"amsgrad", of_kind<Adam>(torch::optim::AdamOptions(0.1).amsgrad(true))},
          {"adamw", of_kind<AdamW>(AdamWOptions(0.1).weight_decay(0.5))},
          {"sgd", of_kind<SGD>(SGDOptions(0.1))},
          {"momentum", of_kind<SGD>(SGDOptions(0.1).momentum(0.9))},
          {"rmsprop", of_kind<RMSprop>(RMSpropOptions(0.1))},
          {"centred rmsprop", of_kind<RMSprop>(RMSpropOptions(0.1).momentum(0.9).centered(true))},
          {"limited_memory_bfgs", of_kind<LimitedMemoryBfgs>(LimitedMemoryBfgs::Options{.memory = 2})},
          {"limited_memory_bfgs_path", of_kind<LimitedMemoryBfgs>(LimitedMemoryBfgs::Options{
                                           .memory = 2, .weight_decay_path = {3, 2, 1}, .steps_each = 3})},
          {"adagrad", of_kind<Adagrad>(AdagradOptions(0.1))}};
}

/// Three parameters, of which the second has no gradient before the fourth step.
struct Descending {
  explicit Descending(const MakeOptimizer& make, const Parameters& start = {}) {
    for (std::int64_t k = 0; k < 3; ++k) {
      parameters.push_back((start.empty() ? torch::arange(1, k + 3, torch::kDouble)
                                          : start[static_cast<std::size_t>(k)].detach().clone())
                               .requires_grad_(true));
    }
    optimizer = make(parameters);
  }
  void step(int first, int last) {
    for (int t = first; t <= last; ++t) {
      for (std::size_t k = 0; k < parameters.size(); ++k) {
        const bool absent = k == 1 && t < 4;
        parameters[k].mutable_grad() =
            absent ? torch::Tensor() : (parameters[k].detach() * std::cos(t) + 0.3 * t);
      }
      optimizer->step();
    }
  }
  Parameters parameters;
  std::shared_ptr<torch::optim::Optimizer> optimizer;
};

void expect_equal_parameters(const Descending& a, const Descending& b, const std::string& name) {
  for (std::size_t k = 0; k < a.parameters.size(); ++k) {
    EXPECT_TRUE(torch::equal(a.parameters[k], b.parameters[k])) << name << ", parameter " << k;
  }
}

TEST(OptimizerState, GoesThroughAFileBitForBit) {
  const TemporaryFolder folder;
  for (const auto& [name, make] : kinds()) {
    Descending whole(make), first(make);
    whole.step(1, 6);
    first.step(1, 3);
    write_state(folder / "o.ebm", state_of(*first.optimizer));
    Descending second(make, first.parameters), forgetful(make, first.parameters);
    second.step(1, 2);  // what it remembers of these must be gone
    for (std::size_t k = 0; k < 3; ++k) second.parameters[k].detach().copy_(first.parameters[k].detach());
    restore(*second.optimizer, read_state(folder / "o.ebm"));
    second.step(4, 6);
    expect_equal_parameters(whole, second, name);
    forgetful.step(4, 6);
    if (name != "sgd") {
      EXPECT_FALSE(torch::equal(whole.parameters[0], forgetful.parameters[0]))
          << name << " remembers nothing";
    }
  }
}

TEST(OptimizerState, OfAnotherKindIsRefused) {
  const auto all = kinds();
  Descending adam(all[0].second), sgd(all[4].second);
  adam.step(1, 1);
  sgd.step(1, 1);
  expect_contains(user_error([&] { restore(*adam.optimizer, state_of(*sgd.optimizer)); }),
                  "another optimizer");
  expect_contains(user_error([&] { restore(*sgd.optimizer, state_of(*adam.optimizer)); }),
                  "another optimizer");
}

TEST(OptimizerState, OfOtherShapesIsRefused) {
  const auto make = kinds()[0].second;
  Descending first(make), other(make, {torch::ones({7}, torch::kDouble), torch::ones({3}, torch::kDouble),
                                       torch::ones({4}, torch::kDouble)});
  first.step(1, 1);
  expect_contains(user_error([&] { restore(*other.optimizer, state_of(*first.optimizer)); }),
                  "instead of [7]");
}

}  // namespace
}  // namespace ebm::testing
