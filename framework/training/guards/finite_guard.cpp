#include "dualebm/framework/training/guards/finite_guard.hpp"

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/training/guards/deferred_guard.hpp"
#include "dualebm/framework/training/guards/immediate_guard.hpp"

namespace ebm {

std::unique_ptr<FiniteGuard> make_finite_guard(const Energy& energy, bool deferred) {
  if (deferred && !energy.parameters().empty()) return std::make_unique<DeferredGuard>(energy);
  return std::make_unique<ImmediateGuard>();
}

void throw_non_finite(std::int64_t iteration, bool gradient, const std::string& parameter,
                      const LikelyCause& likely_cause) {
  throw NonFiniteError(fmt::format("iteration {}: the {} \"{}\" is not finite; likely cause: {}", iteration,
                                   gradient ? "gradient of" : "parameter", parameter, likely_cause()));
}

}  // namespace ebm
