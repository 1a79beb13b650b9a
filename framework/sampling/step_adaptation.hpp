#pragma once

#include <torch/types.h>

#include <cstdint>

#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {

/// A step size that finds the acceptance which theory asks for, by Robbins and Monro's rule:
///
///     log h <- log h + g max(0.02, 20 / (100 + t)) (acceptance - a),     g = 0.2445 / (a (1 - a)),
///
/// whose gain never dies out, so that h follows an energy that is being trained; g is one at a = 0.574 and
/// keeps a high target from a slow climb. Once adapting stops, h is a mean of its logarithms with weights
/// that favour the late ones (t^-0.75, Nesterov's as in Hoffman & Gelman 2014, §3.2), which is quieter than
/// the last. Works on tensors alone: nothing waits for a device. Source: Andrieu & Thoms 2008, Algorithm 4;
/// Garthwaite, Fan & Sisson 2016, §3, for g.
class StepAdaptation final {
 public:
  /// @param count  of the step sizes, one for each temperature, say
  StepAdaptation(double initial, double target, std::int64_t count = 1)
      : initial_(initial), target_(target), count_(count) {}

  /// The step sizes as they are to be used now, making the memory where there is none: [count], double.
  torch::Tensor step(Sampler::State& state, KernelMemory& memory) const;

  /// Takes the acceptance of a step, unless the state adapts no more. @param acceptance  [count], double
  void learn(const Sampler::State& state, KernelMemory& memory, const torch::Tensor& acceptance) const;

  /// The first of the step sizes as a number; the initial one before the first step.
  double value(const Sampler::State& state, const KernelMemory& memory) const;

 private:
  double initial_, target_;
  std::int64_t count_;
};

}  // namespace ebm
