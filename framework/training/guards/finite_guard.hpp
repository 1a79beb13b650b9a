#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// What is most likely to have gone wrong, for a message; asked for only when something has.
using LikelyCause = std::function<std::string()>;

/// Sees to it that a gradient or a parameter that is not finite ends the run before it harms the parameters.
///
/// One iteration calls `check_gradients`, then the optimizer's step and the projection, then
/// `check_parameters`.
class FiniteGuard {
 public:
  virtual ~FiniteGuard() = default;

  /// Whether what is found is only told by `report`.
  virtual bool deferred() const = 0;

  /// Forgets what was found; the number of the last iteration done, where a run goes on from.
  virtual void resume_at(std::int64_t iteration) = 0;

  /// @throws NonFiniteError naming the iteration, the first such parameter and the cause, unless deferred
  virtual void check_gradients(const Energy& energy, std::int64_t iteration,
                               const LikelyCause& likely_cause) = 0;
  /// The same for the parameters. @throws NonFiniteError likewise
  virtual void check_parameters(Energy& energy, std::int64_t iteration, const LikelyCause& likely_cause) = 0;

  /// Throws what has been found and not told yet. @throws NonFiniteError
  virtual void report(const Energy& energy, const LikelyCause& likely_cause) const = 0;
};

/// Deferred where to read a number is to wait for the device.
std::unique_ptr<FiniteGuard> make_finite_guard(const Energy& energy, bool deferred);

/// @throws NonFiniteError in the words that all guards use
[[noreturn]] void throw_non_finite(std::int64_t iteration, bool gradient, const std::string& parameter,
                                   const LikelyCause& likely_cause);

}  // namespace ebm
