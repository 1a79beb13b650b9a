#pragma once

#include "dualebm/framework/training/guards/finite_guard.hpp"

namespace ebm {

/// Throws in the iteration in which the number appears, before the optimizer has seen it: for the CPU.
class ImmediateGuard final : public FiniteGuard {
 public:
  bool deferred() const override { return false; }
  void resume_at(std::int64_t) override {}
  void check_gradients(const Energy& energy, std::int64_t iteration,
                       const LikelyCause& likely_cause) override;
  void check_parameters(Energy& energy, std::int64_t iteration, const LikelyCause& likely_cause) override;
  void report(const Energy&, const LikelyCause&) const override {}
};

}  // namespace ebm
