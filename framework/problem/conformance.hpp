#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/transform.hpp"

namespace ebm {

/// What a check of a user's own class found: whether it keeps the promises that training, sampling and export
/// rely on, and where not, what to change.
struct Conformance {
  /// One broken promise.
  struct Failure {
    std::string what;    ///< what was found: "forward gives [13, 1] for 13 points"
    std::string advice;  ///< the line to change: "end it with .squeeze(1)"
  };
  std::string subject;            ///< the name of the class that was checked: "Bumps"
  std::vector<Failure> failures;  ///< in the order they were found; empty: all promises are kept

  bool holds() const { return failures.empty(); }  ///< whether nothing was found
  std::string message() const;                     ///< "Bumps: what; advice", of all failures
};

/// Calls an energy on some points of its domain, in evaluation mode and in training mode, and looks for what
/// goes wrong silently: energies that are not one number of the dtype of x a point; that differ from call to
/// call, with the other points of the batch, or when two threads call `forward` at once; a gradient that is
/// not the slope of E, in x or in the parameters; parameters that E does not depend on, and weights that
/// nobody registered; overridden gradients that are not those of `forward`. Slopes are compared with central
/// differences, by a rule that kinks do not upset: more than a quarter of the points must be off.
///
/// An energy whose `row_parallel()` is false is not asked to be the same alone and in a batch, nor twice.
/// Parameters, buffers, gradients, modes and LibTorch's generator are as before afterwards. It takes some
/// hundred passes of a few points.
Conformance check(Energy& energy, const Domain& domain, Random& random);

/// Whether `retract` stays on the domain and is the identity there, agrees with `retract_rows`, and
/// takes away what `to_tangent` does; whether `points_at` undoes `coordinates_of`, and geodesics
/// lead back at the same speed.
Conformance check(const Domain& domain, Random& random);

/// Whether `inverse` leads back, and `log_determinant` is that of autograd's Jacobian.
/// @param points [n, d] raw points, which the transform was fitted to; a few are used
Conformance check(Transform& transform, const torch::Tensor& points);

/// @throws UserError  with the message, if something was found
void require_conformance(const Conformance& conformance);

}  // namespace ebm
