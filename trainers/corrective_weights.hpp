#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ebm {

/// The likelihood of an energy E = Σ_j w_j ψ_j in the weights of its features alone, as a convex problem:
///
///     f(w) = <b, w> + log Σ_q u_q exp(-(Ψ w)_q)   over   w >= 0, Σ_j w_j <= radius.
///
/// All in double, on the CPU.
struct CorrectiveProblem {
  torch::Tensor on_data;   ///< b, the means of the features over the data, [K]
  torch::Tensor on_nodes;  ///< Ψ, the features at the nodes of a quadrature, [Q, K]
  torch::Tensor weights;   ///< u of the nodes, [Q]
  double radius = 1;       ///< β

  double value(const torch::Tensor& energy_on_nodes,
               double energy_on_data) const;  ///< f, from Ψ w and <b, w>
};

/// Where a minimisation ended.
struct CorrectiveOptimum {
  torch::Tensor weights;  ///< w [K]
  double value = 0;       ///< f(w)
  double gap = 0;         ///< <∇f, w> - min_v <∇f, v> over the admissible v: f(w) - min f is not larger
  std::int64_t evaluations = 0;  ///< of all exponentials at the nodes
};

/// Newton's method: each step minimises the second-order model over the admissible w, by pairwise steps
/// of Frank and Wolfe from the worst vertex in use to the best one, each to its minimum, then f along
/// the way there, by safeguarded Newton steps on the slope. Vertices are 0 and radius e_j, so that
/// their shares are w_j / radius and the rest. Ends at gap <= tolerance, or where rounding allows no
/// more. Source: Lacoste-Julien & Jaggi 2015, Algorithm 2 (pairwise steps); Bertsekas 1982, §2 (Newton
/// steps over simple sets).
CorrectiveOptimum minimise(const CorrectiveProblem& problem, const torch::Tensor& start, double tolerance);

}  // namespace ebm
