#pragma once

#include "dualebm/framework/evaluation/annealing.hpp"
#include "dualebm/framework/evaluation/metric.hpp"

namespace ebm {

/// The negative log-likelihood of the validation points where log Z is out of reach of quadrature:
/// what an early stop goes by in many dimensions. log Z is the estimate of sequential_log_normalizer
/// from a base about the training part, a quarter wider than it. The same random numbers at every
/// look, so that the difference of two is quieter than either. Off by default, for each look costs
/// walkers times levels gradients.
class AnnealedLikelihood final : public Metric {
 public:
  struct Options {
    std::int64_t walkers = 0;  ///< of the annealing; 0: the metric is not computed
    void describe(Fields& fields);
  };

  explicit AnnealedLikelihood(const Options& options)
      : options_(checked(options, "nll_validation_annealed")) {}
  MetricDescription description() const override;
  /// Nothing where it is off, without validation points, and where log Z takes too many levels.
  std::optional<double> value(const Evaluation& at) const override;

 private:
  Options options_;
};

}  // namespace ebm
