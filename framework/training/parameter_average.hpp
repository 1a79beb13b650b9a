#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "dualebm/framework/compute/state.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/training/model_snapshot.hpp"

namespace ebm {

/// Exponential moving average of the parameters of an energy:
///
///     a <- μ a + (1 - μ) θ,   μ = min(decay, (1 + t) / (10 + t)),   t the number of updates before this one,
///
/// where the second argument lets go of the start in a few updates, however close to 1 the decay is. Noise
/// that training with particles or minibatches leaves in θ averages out in a. Buffers (running statistics)
/// are not averaged. Source: Polyak & Juditsky 1992 for averaging; TensorFlow's ExponentialMovingAverage for
/// the warm-up.
class ParameterAverage final {
 public:
  /// Starts at the parameters as they are.
  /// @param decay  in [0, 1); 0: the latest parameters @throws UserError outside of it
  ParameterAverage(const Energy& energy, double decay);

  /// Takes the parameters of one more iteration in.
  void update(const Energy& energy);

  /// Makes the averages the parameters of an energy, moved to the nearest admissible ones: the average of
  /// unit vectors is none.
  void write_to(Energy& energy) const;

  /// The averages and the number of updates.
  void save(State& state) const;
  /// @throws UserError if shapes or dtypes are others
  void load(const State& state);

 private:
  double decay_;
  std::int64_t updates_ = 0;
  std::vector<torch::Tensor> averages_;  ///< in the order of Module::parameters
};

/// While one lives, an energy has the averaged parameters; then it has its own parameters and
/// buffers again, to the bit.
class AveragedParameters final {
 public:
  /// @param average  null: the energy stays as it is
  AveragedParameters(Energy& energy, const ParameterAverage* average);
  ~AveragedParameters();
  AveragedParameters(const AveragedParameters&) = delete;
  AveragedParameters& operator=(const AveragedParameters&) = delete;

 private:
  Energy& energy_;
  std::optional<ModelSnapshot> live_;
};

}  // namespace ebm
