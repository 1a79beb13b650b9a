#pragma once

#include <torch/types.h>

#include <optional>

#include "dualebm/framework/evaluation/weighted_points.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"
#include "dualebm/framework/problem/problem.hpp"

namespace ebm {

/// How far an energy E is from the best of its ball on the training points, in nats:
///
///     G(E) = E_data[E] - E_p[E] + s(data - p) >= L(E) - min L >= 0,   p = exp(-E) / Z,
///
/// with s the support function of the ball (NeuronEnergy::support) and L the negative log-likelihood of the
/// training points: L is convex and its derivative at E towards E' is E_data[E' - E] - E_p[E' - E], so L(E')
/// >= L(E) - G(E) for every E' of the ball. It is a certificate: no other run, with however many neurons,
/// ends lower by more. Source: Domingo-Enrich et al. 2022, §3, whose dual problem has the same value at p.
struct DualityGap {
  double value = 0;  ///< G; never too low by more than the error of E_p where it is proven
  double error = 0;  ///< by how much `value` may be too high: the search over neurons ended there
  /// What the sign of the weights costs: the gap of the ball with both signs, minus this one.
  double restriction = 0;
  bool proven =
      true;  ///< else an estimate: the neuron was found by a local search, or E_p is a mean over a sample
  std::optional<double> standard_error;  ///< of an estimate
  /// The neuron whose growth lowers L fastest, and the sign of its weight: where the model errs most.
  torch::Tensor neuron;
  double sign = 0;
};

/// By a quadrature rule's nodes: proven, up to the rule's error.
/// @return none for an energy without a ball
std::optional<DualityGap> duality_gap(const NeuronEnergy& energy, const torch::Tensor& train,
                                      const torch::Tensor& train_energy, const WeightedPoints& model);

/// By a weighted sample of the model: the neuron is searched for with one half of it and of the data, the gap
/// is taken on the other, so that it does not profit from what it searched.
std::optional<DualityGap> duality_gap_estimate(const NeuronEnergy& energy, const torch::Tensor& train,
                                               const torch::Tensor& train_energy,
                                               const WeightedPoints& sample);

}  // namespace ebm
