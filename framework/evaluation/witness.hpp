#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/evaluation/weighted_points.hpp"

namespace ebm {

/// Where a model p and the points differ most: among Gaussian bumps φ(x) = exp(-|x - c|² / 2s²) the
/// one that would lower the negative log-likelihood L of the training points most, were E replaced by
/// E - a φ with the best a.
///
/// That a lowers L by a E_data[φ] - log E_p[exp(a φ)], exactly: log Z moves along. As 0 <= φ <= 1 it is at
/// least KL(Bernoulli(E_data[φ]) ‖ Bernoulli(E_p[φ])), which ranks the candidates; a is then found by
/// Newton's method. Distances are those of the space that the domain lies in: chords on a sphere.
struct Witness {
  torch::Tensor centre;    ///< c [d], double, on the CPU
  double width = 0;        ///< s, in units of x
  double data_mean = 0;    ///< E_data[φ] over the training points
  double model_mean = 0;   ///< E_p[φ]
  double coefficient = 0;  ///< a, in nats: positive where the model has too little mass
  double gain =
      0;  ///< nats a training point that a φ would bring; too much by what the search found in noise

  /// The same judged by points that the search has not seen; only where there are some.
  struct HeldOut {
    std::int64_t points = 0;    ///< how many, ten thousand at most
    double mean = 0;            ///< of φ over them
    double gain = 0;            ///< nats a point with the same a: what to expect
    double standard_error = 0;  ///< of that gain; 0 for a single point
    /// Share of sets of as many points drawn from the model whose mean of φ is as far from E_p[φ],
    /// or farther, by a parametric bootstrap of 1999 sets: uniform in (0, 1) where the model is
    /// right, small where it errs.
    double p_value = 1;
  };
  std::optional<HeldOut> held_out;  ///< none without such points
};

/// Looks at some hundred centres, half of them training points and half places of the model, and at six
/// widths from the spread of the points down to a thirty-second of it; a bump that fewer than thirty nodes of
/// the model share, or that would hold fewer than five points, is no candidate.
/// @param model  what stands for p @param train [n, d] @param held_out [m, d], or undefined
/// @return none where no bump is a candidate. Same result for every number of threads.
std::optional<Witness> find_witness(const WeightedPoints& model, const torch::Tensor& train,
                                    const torch::Tensor& held_out, Random& random);

}  // namespace ebm
