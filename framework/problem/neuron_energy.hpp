#pragma once

#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// The neurons of a shallow energy E(x) = (1/m) Σ_j ε_j w_j φ(x, z_j), seen as a measure on neuron space.
///
/// The tensors are the live parameters, not copies.
struct Neurons {
  torch::Tensor positions;  ///< z_j on the unit sphere, [m, d], or [m, d + 1] with a bias
  torch::Tensor weights;    ///< w_j >= 0 if `signs` is defined; otherwise real coefficients a_j, [m]
  torch::Tensor signs;      ///< ε_j = ±1, [m]; undefined in the lazy regime (F2)
};

/// A shallow network: the energies whose neurons the Wasserstein-Fisher-Rao flow moves, in a ball of their
/// space of functions. Source: Domingo-Enrich et al. 2022, §2.
class NeuronEnergy : public Energy {
 public:
  /// The parameters as they are now: writing to the tensors moves the energy.
  virtual Neurons neurons() const = 0;

  /// The norm that the admissible ball bounds, in nats: TV = (1/m) Σ_j w_j (F1), ((1/m) Σ_j a_j²)^½ (F2).
  virtual double norm() const = 0;
};

/// The same energy where it is a shallow network, else null: for what asks more of it than an energy gives.
inline const NeuronEnergy* as_neuron_energy(const Energy& energy) {
  return dynamic_cast<const NeuronEnergy*>(&energy);
}

}  // namespace ebm
