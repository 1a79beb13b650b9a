#pragma once

#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/energy.hpp"

namespace ebm {

/// A density on R² that is known exactly: E = -log p with respect to Lebesgue measure, so that Z = 1, and
/// exact samples of it. All live in about [-4, 4]².
class ToyDensity : public Energy {
 public:
  /// -log p(x) in nats, finite far from the data too. @param x [N, 2] @return [N], of the dtype of x
  torch::Tensor forward(const torch::Tensor& x) final;
  std::optional<double> log_normalizer() const final { return 0.0; }

  /// Independent draws: [count, 2], double.
  virtual torch::Tensor sample(std::int64_t count, Random& random) const = 0;

  /// H = -∫ p log p dx in nats, by the trapezium rule on `grid()`.
  double entropy();

  /// A square grid centred on the origin that resolves p: the square leaves out a mass below 1e-13, and the
  /// trapezium rule, which converges faster than any power of the spacing, is exact to rounding on it.
  struct Grid {
    double half_width;             ///< of the square, in units of x
    double spacing;                ///< between points, likewise
    torch::Tensor points() const;  ///< [Q, 2], double
    double cell() const;           ///< area that a point stands for, so that Σ f(points) cell ≈ ∫ f dx
  };
  /// The grid of this density.
  virtual Grid grid() const = 0;

 protected:
  /// log p(x): [N, 2] -> [N]. Called with no more rows at once than fit in a cache.
  virtual torch::Tensor log_density(const torch::Tensor& x) const = 0;
};

}  // namespace ebm
