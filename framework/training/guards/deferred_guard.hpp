#pragma once

#include <torch/types.h>

#include <limits>
#include <vector>

#include "dualebm/framework/training/guards/finite_guard.hpp"

namespace ebm {

/// For a CUDA device, where to read a number is to wait for the device: the first bad iteration and parameter
/// are kept in one number there, and from that iteration on the parameters stay what they were before it,
/// whatever the optimizer does; nothing waits. `report` reads the number and throws then. Until it is called,
/// iterations go on in vain; particles and the optimizer's own state are not kept.
///
/// All of an iteration is work on the device alone, so that a CUDA graph can hold it: the device counts
/// iterations itself.
class DeferredGuard final : public FiniteGuard {
 public:
  /// Looks after the parameters that the energy has now.
  explicit DeferredGuard(const Energy& energy);
  bool deferred() const override { return true; }
  void resume_at(std::int64_t iteration) override;
  void check_gradients(const Energy& energy, std::int64_t iteration,
                       const LikelyCause& likely_cause) override;
  void check_parameters(Energy& energy, std::int64_t iteration, const LikelyCause& likely_cause) override;
  void report(const Energy& energy, const LikelyCause& likely_cause) const override;

 private:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  enum Stage : std::int64_t { of_gradients, of_parameters };
  void note(const Energy& energy, Stage stage);

  torch::Tensor iteration_;  ///< [], int64, on the device
  torch::Tensor first_;      ///< [2, P], int64: by stage and parameter the first bad iteration, or `never`
  std::vector<torch::Tensor> kept_;  ///< the parameters before the optimizer's step
};

}  // namespace ebm
