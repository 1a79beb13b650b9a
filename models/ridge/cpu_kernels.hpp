#pragma once

#include <cstdint>

#include "dualebm/models/ridge/activation_kind.hpp"

namespace ebm::ridge {

/// Sums of ridge features over `count` directions b_j, all of them held in memory by the caller:
///
///     values_i  = Σ_j c_j σ(<a_i, b_j>),
///     vectors_i = Σ_j c_j σ'(<a_i, b_j>) b_j.
///
/// Both passes of training are such sums. With particles a_i and neurons b_j they are the energy and its
/// gradient in x; with neurons a_i and samples b_j, weighted by c_j, what the gradients of neurons and
/// weights are made of. Pre-activations live in registers or in the first-level cache: no [rows, count]
/// matrix exists.
template <class Real>
struct Sums {
  const Real* directions;    ///< b_j, [count, dimension], row after row
  const Real* coefficients;  ///< c_j, [count]
  std::int64_t count;
  std::int64_t dimension;
  ActivationKind activation;  ///< σ; the slope of the ReLU at its kink is 0
  bool lifted = false;        ///< a_i = (x_i, 1): points and vectors are without that last coordinate

  /// One thread's work, with the best instructions that the processor has. Results depend on the instruction
  /// set in their last bits, and on nothing else but the arguments.
  /// @param points   a_i, [rows, dimension], or x_i, [rows, dimension - 1]
  /// @param vectors  of the shape of points, or null where they are not wanted
  /// @param values   [rows], or null likewise
  void operator()(const Real* points, std::int64_t rows, Real* vectors, Real* values) const;
};

}  // namespace ebm::ridge
