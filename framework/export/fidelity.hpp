#pragma once

#include "dualebm/framework/export/trace_hints.hpp"
#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/energy.hpp"
#include "dualebm/framework/problem/transform.hpp"

namespace torch::jit {
struct Module;
}

namespace ebm {

/// How far a file was found from the live model: the greatest differences in units of the greatest energy
/// (one nat at least) or score among the points compared.
struct Fidelity {
  std::int64_t points = 0;        ///< compared, in batches of 1, 2, 5 and more
  double energy_error = 0;        ///< in the live model's own precision
  double score_error = 0;         ///< likewise
  double converted_error = 0;     ///< of a copy whose energy is in the other precision, float64 or float32
  std::int64_t known_points = 0;  ///< points at which somebody had an energy before, see Exportable
  double known_error = 0;         ///< greatest difference of energies there, in the same units
};

/// Compares a copy of the exported module, read back from its bytes, with the live model on points from the
/// domain, close in, as `sample_base` draws them, and far out; then converts the copy (of one with a
/// transform, which stays in double, the part "energy") to the other precision and compares again. The copy
/// is no longer usable afterwards, the live model is untouched.
///
/// The arithmetic of both is the same operators in the same order, so that they mostly agree to the last bit;
/// what a compiler may reorder costs some units of rounding, hence 1e-5 (float32, 84 ε) and 1e-12 (float64).
/// @param traced  the points that the trace saw
/// @param hints   what the trace showed, for the reason
/// @throws UserError  with the reason, as well as it can be told, if the copy is another function
Fidelity verify_fidelity(torch::jit::Module& copy, Energy& energy, TransformChain& transform,
                         const Domain& domain, const torch::Tensor& traced, const TraceHints& hints = {});

/// Compares a copy with energies that somebody had before, such as those that `evaluate` averages.
/// @param points  raw, [n, d], double @param energies  [n] @param result  takes their number and the error
/// @throws UserError  with the greatest difference, if the copy gives other energies
void verify_known(torch::jit::Module& copy, const torch::Tensor& points, const torch::Tensor& energies,
                  Fidelity& result);

}  // namespace ebm
