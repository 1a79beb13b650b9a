#pragma once

#include <torch/types.h>
#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// log Z of an energy that moves, in nats, from two sources: increments log (Z'/Z), which are precise and whose
/// small errors add up, and importance samples of Z itself, which are noisy and right on the average. Z is carried
/// on by the increments and drawn towards the samples,
///
///     Z <- (1 - g) Z + g mean_j exp(-E(y_j)) / q(y_j),     y_j ~ q,   g = max(1/t, gain),
///
/// in logarithms all the time. Works on tensors alone: nothing waits for a device but who reads.
class LogNormalizerTrack final {
 public:
  /// @param gain  least weight of new samples, in (0, 1]
  explicit LogNormalizerTrack(double gain) : gain_(gain) {}

  /// A value that is known. Later samples refine it with the least gain.
  void set(double value);
  /// @param increment  log (Z'/Z), 0-dim, double
  void carry_on(const torch::Tensor& increment);
  /// @param log_importance  log [exp(-E(y_j)) / q(y_j)], [M], double, at the present energy
  void observe(const torch::Tensor& log_importance);

  /// NaN where nothing is known.
  double value() const;
  /// Standard error of the value as the scatter of the samples about it tells, in nats: sqrt(g s² / (2 - g)).
  /// NaN before the second sample. It knows nothing of a region that q never proposes.
  double standard_error() const;

  /// Value, scatter and number of observations; nothing where nothing is known.
  void save(ebm::State& saved) const;
  /// What `save` wrote, to the bit.
  void load(const ebm::State& saved);

 private:
  double gain_;
  torch::Tensor value_, scatter_, observations_;  // 0-dim, double; undefined where nothing is known
};

}  // namespace ebm
