#pragma once

#include <memory>
#include <vector>

#include "dualebm/framework/sampling/sampler.hpp"

namespace ebm {

/// Kernels one after the other, each with a memory of its own: MALA, which knows its mode, and then a jump,
/// which knows the others. What leaves the measure as it is piece by piece leaves it so as a whole. E and ∇E
/// that one kernel has computed serve the next.
class Composition final : public Sampler {
 public:
  /// @throws UserError if there are none
  explicit Composition(std::vector<std::shared_ptr<const Sampler>> parts);

  State init(const torch::Tensor& positions) const override;
  /// Counts of all parts together, acceptance of the first that has one, log_importance of the last;
  /// each part's own in `parts`.
  Info step(Energy& energy, const Domain& domain, State& state, Random& random, double scale) const override;
  bool exact() const override;  ///< if all parts are
  /// Of the first part that has one.
  std::optional<double> step_size(const State& state) const override;

 private:
  std::vector<std::shared_ptr<const Sampler>> parts_;
};

}  // namespace ebm
