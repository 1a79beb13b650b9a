#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// Sees to it that a gradient or a parameter that is not finite ends the run before it harms the parameters.
///
/// *At once*, as on the CPU: `check_gradients` and `check_parameters` throw in the iteration in which the
/// number appears, before the optimizer has seen it.
///
/// *Deferred*, as on a CUDA device, where to read a number is to wait for the device: the first bad iteration
/// and parameter are kept in one number on the device, and from that iteration on the parameters stay what
/// they were before it, whatever the optimizer does; nothing waits. `report` reads the number and throws
/// then. Until it is called, iterations go on in vain; particles and the optimizer's own state are not kept.
///
/// One iteration calls `check_gradients`, then the optimizer's step and the projection, then
/// `check_parameters`. Deferred, all of it is work on the device alone, so that a CUDA graph can hold it.
class FiniteGuard final {
 public:
  /// @param deferred  see above
  FiniteGuard(const Energy& energy, bool deferred);

  /// See above.
  bool deferred() const { return deferred_; }

  /// The number of the last iteration done, where a run is resumed.
  void resume_at(std::int64_t iteration);

  /// Begins an iteration. Deferred: the device counts iterations itself.
  /// @throws NonFiniteError naming the iteration, the first such parameter and the cause, if checks are at
  /// once
  void check_gradients(const Energy& energy, std::int64_t iteration, const std::string& likely_cause);

  /// Ends it. Deferred: takes the parameters back if this or an earlier iteration was bad. @throws likewise
  void check_parameters(Energy& energy, std::int64_t iteration, const std::string& likely_cause);

  /// Waits for the device and throws what has been deferred; does nothing if checks are at once.
  /// @throws NonFiniteError
  void report(const Energy& energy, const std::string& likely_cause) const;

 private:
  enum Stage : std::int64_t { of_gradients, of_parameters };

  void throw_at_once(const Energy& energy, Stage stage, std::int64_t iteration,
                     const std::string& likely_cause) const;
  void note(const Energy& energy, Stage stage);

  bool deferred_;
  torch::Tensor iteration_;  ///< [], int64, on the device
  torch::Tensor first_;      ///< [], int64: 0, or 1 + (2 iteration + stage) P + parameter, the first bad one
  std::vector<torch::Tensor> kept_;  ///< the parameters before the optimizer's step
};

}  // namespace ebm
