#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "dualebm/framework/problem/atlas.hpp"
#include "dualebm/framework/problem/quadrature.hpp"

namespace ebm {

/// How far `integrate` goes.
struct AdaptiveOptions {
  double tolerance = 1e-6;            ///< of the logarithm of each integral, in nats
  std::int64_t most_nodes = 1 << 20;  ///< at which the densities are computed, all rounds together
};

/// A rule that was refined for certain densities, and what it is worth.
struct AdaptiveQuadrature {
  Quadrature fine;    ///< the rule
  Quadrature coarse;  ///< that of the cells from which the last ones were made: misses more than `fine`
  double error = 0;   ///< estimate for the logarithm of each integral by `fine`, in nats; the largest of them
  bool reached = true;         ///< whether it is within the tolerance
  std::int64_t evaluated = 0;  ///< nodes that the densities were computed at
  std::int64_t needed = 0;     ///< about as many would reach the tolerance; 0 where more nodes do not help

  /// "1.2e+03 nats after 131072 nodes; about 4e+06 are needed", or why more do not help.
  std::string verdict() const;
};

/// log densities log f_j at points: [Q, d], double -> [Q, F], double; -inf is no density, NaN none either
using LogDensities = std::function<torch::Tensor(const torch::Tensor& points)>;

/// Integrates densities exp(log f_j) against τ on cells that are refined where the error is: each cell has a
/// tensor rule of Gauss and Legendre and is compared with its 2^k halves; those that differ most are
/// replaced by their halves (Dörfler's marking) until the sum of the differences, relative to the integral,
/// is within the tolerance.
///
/// The difference is the error of the *coarser* of the two, so that the estimate is on the safe side wherever
/// halving helps: by a factor 4 across a kink, by orders of magnitude where f is smooth. What no node has
/// come near is not seen: give points at which the densities are known to be large, such as data, as probes.
/// A cell in which a probe has a far larger density than all nodes counts as wrong until it is resolved.
/// @param probes  [n, d], double; undefined: none
AdaptiveQuadrature integrate(const Atlas& atlas, const LogDensities& densities,
                             const AdaptiveOptions& options, const torch::Tensor& probes = {});

}  // namespace ebm
