#pragma once

#include <vector>

#include "dualebm/framework/problem/dataset.hpp"
#include "dualebm/framework/problem/torus.hpp"

namespace ebm {

/// A mixture of products of von Mises densities on T^k, with respect to its uniform probability τ:
///
///     p(φ) = Σ_j w_j Π_i exp(κ_ji cos(φ_i - μ_ji)) / I_0(κ_ji).
///
/// Buffers "directions" [J, 2k], κ_ji (cos μ_ji, sin μ_ji), and "offsets" [J].
class VonMisesMixture final : public Energy {
 public:
  /// One product.
  struct Component {
    std::vector<double> mean;           ///< μ_i, in coordinates of the torus
    std::vector<double> concentration;  ///< κ_i >= 0
    double weight = 1;                  ///< > 0; the weights are divided by their sum
  };
  /// @throws UserError if there is no component, or one has not a number for each angle
  VonMisesMixture(const Torus& torus, const std::vector<Component>& components);

  torch::Tensor forward(const torch::Tensor& x) override;
  std::optional<double> log_normalizer() const override { return 0.0; }

  /// Independent draws, ambient: [count, 2k], double.
  torch::Tensor sample(std::int64_t count, Random& random) const;

 private:
  torch::Tensor directions_, offsets_;
  std::vector<Component> components_;
  torch::Tensor means_;  ///< [J, 2k], unit vectors side by side, double
};

/// What draw_toy_torus draws.
struct ToyTorusOptions {
  /// Mean angles, in coordinates of the domain; empty: the three of a Ramachandran plot,
  /// on two angles in degrees.
  std::vector<std::vector<double>> means;
  std::vector<double> concentrations = {8};  ///< κ of each component in all its angles; one for all
  std::vector<double> weights;               ///< empty: equal
  std::int64_t train = 10000;                ///< points to draw
  std::int64_t validation = 0;               ///< likewise
  std::int64_t test = 10000;                 ///< likewise
  void describe(Fields& fields);
};

/// Draws of a mixture of von Mises densities on the torus, three independent sets of angles, with
/// the mixture as the teacher.
/// @throws UserError on any domain but the torus
Dataset draw_toy_torus(const DatasetContext& context, const ToyTorusOptions& options);

}  // namespace ebm
