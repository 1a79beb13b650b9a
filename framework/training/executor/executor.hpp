#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "dualebm/framework/training/trainer.hpp"

namespace ebm {

/// How the work of an iteration gets done: at once, or as a CUDA graph that was captured once. Training
/// chooses one; a strategy knows nothing of it.
class Executor {
 public:
  /// One iteration: the gradients of the strategy, then the update of the parameters.
  struct Work {
    Trainer& trainer;            ///< whose promises decide what may be replayed
    const Iteration& iteration;  ///< its number and scale
    torch::Tensor batch;         ///< [b, d], on the device
    bool batch_is_constant;      ///< the same memory with the same content in every iteration
    double optimizer_scale;      ///< factor of a schedule on the learning rates
    bool update_is_on_device;    ///< whether the optimizer's step is work of the device alone
    std::function<Cost(const torch::Tensor& batch)> take_gradients;  ///< the strategy's part
    std::function<void()> update;  ///< the rest: clip, optimizer, projection, checks
  };

  virtual ~Executor() = default;
  /// Does one iteration. @return what its gradients cost, of a replay too
  virtual Cost run(const Work& work) = 0;

  /// Forgets whatever refers to tensors of before; called when parameters or states have been loaded.
  virtual void forget() {}

  /// Iterations that were replayed so far.
  virtual std::int64_t replays() const { return 0; }

  /// Why iterations are no longer captured, in one line; empty if nothing speaks against it.
  virtual std::string why_not() const { return {}; }
};

/// A CUDA graph where `graph` says so and the device is one of CUDA; else at once.
std::unique_ptr<Executor> make_executor(bool graph);

}  // namespace ebm
