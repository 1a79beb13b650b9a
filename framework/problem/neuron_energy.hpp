#pragma once

#include <functional>
#include <optional>

#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// How low a ball of energies can bring a linear functional: s(ω) = - min ∫ E' dω over the energies E' of the
/// ball, for a signed measure ω of mass zero. Data minus model gives a duality gap, see `duality_gap`.
struct Support {
  double value = 0;    ///< s(ω) in nats, or more: never less where `proven`
  double error = 0;    ///< by how much more at the most; 0 where it is a formula
  bool proven = true;  ///< else a local search found that much, and there may be more
  /// The same for the ball of energies with both signs, where this one has weights of one sign.
  double with_both_signs = 0;
  torch::Tensor neuron;  ///< the single neuron that attains it, [k], double; undefined where many do together
  double sign = 0;       ///< its ε
  /// The energy that attains value - error, while that which was asked lives: points [N, d] -> [N], double.
  std::function<torch::Tensor(const torch::Tensor&)> minimiser;
};

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

  /// The support function of its ball at ω = Σ_i weights_i δ(points_i); none without a ball.
  /// @param points [N, d]
  /// @param weights [N], double, of sum zero
  /// @param tolerance  worth stopping a search at, in nats
  virtual std::optional<Support> support(const torch::Tensor& /*points*/, const torch::Tensor& /*weights*/,
                                         double /*tolerance*/) const {
    return std::nullopt;
  }

  /// β, what the admissible ball bounds `norm` by, in nats; none without a ball.
  virtual std::optional<double> norm_cap() const { return std::nullopt; }

  /// φ(x, z_j) of every neuron as it is, without its weight and sign.
  /// @param x [N, d]
  /// @return [N, m], of the dtype of x
  virtual torch::Tensor features(const torch::Tensor& x) const = 0;
};

/// The same energy where it is a shallow network, else null: for what asks more of it than an energy gives.
inline const NeuronEnergy* as_neuron_energy(const Energy& energy) {
  return dynamic_cast<const NeuronEnergy*>(&energy);
}

}  // namespace ebm
