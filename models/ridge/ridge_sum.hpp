#pragma once

#include <cstdint>
#include <vector>

#include "dualebm/models/ridge/activation_kind.hpp"

namespace ebm::ridge {

/// h(z) = Σ_i ω_i σ(<x_i, z>) and what is known about it near one z: what a search over neurons asks for. It
/// knows no LibTorch: its sums are the compiler's to reorder.
class RidgeSum final {
 public:
  /// What is known near z.
  struct Jet {
    double value = 0;           ///< h(z)
    std::vector<double> slope;  ///< g = Σ_i ω_i σ'(<x_i, z>) x_i, [k]
    double above = 0;           ///< Σ over ω_i > 0 of ω_i r(<x_i, z>, |x_i| ρ), see `supremum`
    double below = 0;           ///< the same of |ω_i| over ω_i < 0
  };

  /// @param columns  the points x, column by column, [k, N] @param weights  ω, [N]
  RidgeSum(std::vector<double> columns, std::vector<double> weights, ActivationKind kind);

  std::int64_t dimension() const { return dimension_; }  ///< k
  std::int64_t terms() const { return terms_; }          ///< N

  /// @param z  of unit length, [k] @param radius  ρ of the ball that the remainder is for; 0: none
  Jet at(const double* z, double radius) const;

 private:
  std::int64_t terms_, dimension_;
  ActivationKind kind_;
  std::vector<double> columns_;  ///< x, column by column, [k, N]
  std::vector<double> weights_, lengths_;
};

}  // namespace ebm::ridge
