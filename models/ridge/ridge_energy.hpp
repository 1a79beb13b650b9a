#pragma once

#include "dualebm/framework/problem/domain.hpp"
#include "dualebm/framework/problem/neuron_energy.hpp"
#include "dualebm/models/ridge/activation.hpp"

namespace ebm {

/// What all shallow energies share: E(x) = Σ_j c_j σ(<x, z_j>), or σ(<(x, 1), z_j>) with a bias, its
/// gradient and both in one pass by the kernels of features.hpp. A class derived from it says what c and z
/// are, and what of them is learnt.
class RidgeEnergy : public NeuronEnergy {
 public:
  torch::Tensor forward(const torch::Tensor& x) final;
  torch::Tensor gradient(const torch::Tensor& x) final;
  std::pair<torch::Tensor, torch::Tensor> value_and_gradient(const torch::Tensor& x) final;
  RowGradient row_gradient(const torch::Tensor& like) final;
  torch::Tensor features(const torch::Tensor& x) const final;
  bool smooth() const final { return activation_.smooth(); }

 protected:
  /// The sum of features.
  struct Expansion {
    torch::Tensor directions;    ///< z, [m, d], or [m, d + 1] with a bias
    torch::Tensor coefficients;  ///< c, [m]
  };

  explicit RidgeEnergy(Activation activation, bool bias = false) : activation_(activation), bias_(bias) {}

  /// Coordinates of a domain on which exp(-E) has an integral whatever the neurons are:
  /// τ is a probability there.
  /// @throws UserError on another, naming the energy
  static std::int64_t dimension_of(const Domain& domain, const char* energy);

  virtual Expansion expansion() const = 0;             ///< as it is now; differentiable in parameters
  torch::Tensor lifted(const torch::Tensor& x) const;  ///< (x, 1) with a bias, else x
  const Activation& activation() const { return activation_; }  ///< σ

 private:
  Activation activation_;
  bool bias_;
};

}  // namespace ebm
