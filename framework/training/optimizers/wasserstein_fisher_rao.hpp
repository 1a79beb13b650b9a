#pragma once

#include <torch/optim/optimizer.h>

#include "dualebm/framework/problem/neuron_energy.hpp"

namespace ebm {

/// Options of one group of the Wasserstein-Fisher-Rao flow; the learning rate is a time step of the flow.
struct FlowGroupOptions : public torch::optim::OptimizerCloneableOptions<FlowGroupOptions> {
  /// @param lr  time step of the flow
  explicit FlowGroupOptions(double lr = 0.0) : lr_(lr) {}
  /// Time step of the flow.
  TORCH_ARG(double, lr);

 public:
  /// Time step of the flow.
  double get_lr() const override { return lr(); }
  /// Sets it.
  void set_lr(double rate) override { lr(rate); }
};

/// Gradient descent of a loss over measures of neurons in the Wasserstein-Fisher-Rao metric: transport of the
/// neurons and birth-death of their mass (Domingo-Enrich et al. 2022, Algorithm 1):
///
///     z_j <- normalise(z_j - h_z P_{z_j} ∂L/∂z_j / (w_j/m)),    w_j <- w_j exp(-h_w m ∂L/∂w_j),
///
/// where P_z projects on the tangent space of the sphere at z. Both read the gradients taken at the old
/// neurons. The flow divides by the mass w_j/m; a neuron whose mass is too small to divide by stays where it
/// is, and a weight never falls below the smallest normal number, so that it can grow back.
///
/// In the lazy regime (Neurons::signs undefined) the coefficients a_j are signed and the metric is that of
/// L²(π): a_j <- a_j - h_w m ∂L/∂a_j, with the neurons frozen.
///
/// A torch::optim::Optimizer with two groups, positions (learning rate h_z) and weights (learning rate h_w),
/// so that learning-rate schedules act on it. Norm caps are the energy's own business:
/// Energy::project_parameters.
class WassersteinFisherRao final : public torch::optim::Optimizer {
 public:
  /// Time steps of the flow.
  struct Options {
    double neuron_step = 0.04;  ///< h_z >= 0
    double weight_step = 0.02;  ///< h_w >= 0
  };

  /// @throws UserError if a step is negative.
  WassersteinFisherRao(Neurons neurons, Options options);

  /// One step of the flow; a closure is evaluated first, as in every torch::optim optimizer.
  torch::Tensor step(LossClosure closure = nullptr) override;

 private:
  void move_positions(double rate);
  void move_weights(double rate);

  Neurons neurons_;
};

}  // namespace ebm
