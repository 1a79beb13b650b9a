#pragma once

#include <torch/types.h>
#include "dualebm/framework/compute/state.hpp"

namespace ebm {

/// log Z of an energy that moves, in nats, from two sources: increments log (Z'/Z), which are precise and
/// whose small errors add up, and importance samples of Z itself, which are noisy and right on the average. Z
/// is carried on by the increments and drawn towards the samples,
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
  /// Standard error of the value in nats, as the residuals r_t = Z_t / Z - 1 of the samples about the
  /// value carried on tell it.
  ///
  /// Noise of the samples alone makes it sqrt(g γ_0 / (2 - g)) with γ_0 = E[r²]. The increments' errors add
  /// up on the way, and an energy that moves leaves a lag: both make successive residuals alike. If P is the
  /// mean square error before a sample and γ_1 = E[r_t r_{t+1}], then γ_1 = (1 - g) P - g (γ_0 - P), so P =
  /// γ_1 + g γ_0, with any drift in it. The estimate is the root of g γ_0 + max(0, P), on the safe side,
  /// since P itself is uncertain. Means are moving ones over 4 / gain samples. NaN before the first 10 / gain
  /// samples: until then a drift is not seen in full, and what would be said too small. It knows nothing of a
  /// region that q never proposes.
  double standard_error() const;

  /// Value, moments of the residuals and number of observations; nothing where nothing is known.
  void save(ebm::State& saved) const;
  /// What `save` wrote, to the bit.
  void load(const ebm::State& saved);

 private:
  double gain_;
  // 0-dim, double; undefined where nothing is known
  torch::Tensor value_, square_, product_, residual_, observations_;
};

}  // namespace ebm
