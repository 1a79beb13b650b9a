#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dualebm/framework/base/error.hpp"
#include "dualebm/framework/compute/random.hpp"
#include "dualebm/framework/problem/atlas.hpp"
#include "dualebm/framework/problem/quadrature.hpp"
#include "dualebm/framework/problem/rows.hpp"

namespace ebm {

/// How densities on a domain are drawn.
enum class Picture {
  none,
  globe,  ///< points of S² in R³
  plane,  ///< two coordinates side by side
};

/// One of the numbers that a point is written in.
struct Coordinate {
  double low = -std::numeric_limits<double>::infinity();  ///< least value, in its unit
  double high = std::numeric_limits<double>::infinity();  ///< greatest value
  bool wraps =
      false;  ///< whether `low` and `high` are the same place, and every other number is one in between
  std::string unit = {};  ///< "°", "rad"; empty: none that is known

  /// Whether there are numbers beyond it that are no points.
  bool walled() const { return !wraps && high < std::numeric_limits<double>::infinity(); }
};

/// Points and velocities after a time along geodesics; the flow keeps the volume dτ dv and the speed.
struct Flow {
  torch::Tensor positions, velocities;  ///< [N, d]
  /// [N], bool: whether the way back leads back, which a step of a reversible chain
  /// has to do; undefined: all.
  torch::Tensor reversible = {};
};

/// The space X that samples live in, embedded in R^d, with its base measure τ.
///
/// A domain knows nothing of energies. Points are rows of tensors [N, d] in ambient coordinates, which
/// energies see and chains move in: those of S^1 are pairs of length 1, so that every energy on a torus has
/// its period without doing anything for it. What files, axes and people have are the `coordinates`: angles
/// there. Who asks nothing else of a domain has one with coordinates that are the ambient ones.
class Domain {
 public:
  virtual ~Domain() = default;

  /// As in configurations: "sphere", "euclidean".
  virtual std::string name() const = 0;

  /// Number of ambient coordinates d: 3 for the two-dimensional sphere S².
  virtual std::int64_t dimension() const = 0;

  /// Whether a point is one of this space, to what rounding of coordinates in a file leaves, 1e-3: by
  /// default, whether `retract` leaves it where it is.
  /// @param x [N, d]
  /// @return [N], bool
  virtual torch::Tensor contains(const torch::Tensor& x) const;

  /// Whether it is R^d with its straight lines, so that a point and a vector may be added.
  virtual bool is_flat() const { return false; }

  /// How a report draws densities on it: two coordinates side by side where these are all.
  virtual Picture picture() const;

  /// The numbers that a point is written in; by default the d ambient ones, from -∞ to ∞.
  virtual std::vector<Coordinate> coordinates() const;

  /// Whether they are other numbers than the ambient ones.
  virtual bool has_own_coordinates() const { return false; }

  /// Whether a volume of coordinates is a volume of the domain, so that a density may be drawn over them.
  virtual bool has_volume_of_coordinates() const { return false; }

  /// The point of coordinates, differentiable; numbers beyond a range that wraps are those that
  /// they are modulo the range.
  /// @param coordinates [N, coordinates().size()]
  /// @return [N, d]
  virtual torch::Tensor points_at(const torch::Tensor& coordinates) const { return coordinates; }

  /// The way back, into the ranges. @param x [N, d] @return [N, coordinates().size()]
  virtual torch::Tensor coordinates_of(const torch::Tensor& x) const { return x; }

  /// Whether it ends at walls. Integration by parts, which score matching by a Laplacian comes from, leaves a
  /// term there that is not zero where a density is not.
  virtual bool has_walls() const { return false; }

  /// What it is a product of, in the order of their ambient coordinates; empty where it is one piece.
  virtual std::vector<std::shared_ptr<const Domain>> factors() const { return {}; }

  /// The base measure in words, for labels: "τ, uniform on S^2".
  virtual std::string base_measure() const = 0;

  /// Whether τ is a probability measure, and so what `sample_base` draws from.
  virtual bool has_probability_base() const = 0;

  /// `count` independent points from τ (or, where τ is no probability, from a stated reference): [count, d].
  virtual torch::Tensor sample_base(std::int64_t count, Random& random,
                                    const torch::TensorOptions& options) const = 0;

  /// Orthogonal projection of ambient vectors v at the points x to the tangent space; both [N, d].
  virtual torch::Tensor to_tangent(const torch::Tensor& x, const torch::Tensor& v) const = 0;

  /// The point of the domain that an ambient point is taken back to after a step: [N, d] -> [N, d].
  virtual torch::Tensor retract(const torch::Tensor& y) const = 0;

  /// The same in place, for rows in plain memory and from several threads at once.
  virtual void retract_rows(Rows rows) const;

  /// Points and velocities after a time along geodesics, for kernels that are exact. By default straight
  /// lines that `retract` takes back, where `to_tangent` leaves every vector as it is: a retraction that only
  /// shifts pieces keeps their volume; the way back is checked.
  /// @param velocity  [N, d], tangent
  /// @param time  any shape that goes with [N, d], one number for all coordinates
  /// @throws UserError  by default, on a curved domain: a retraction says neither its
  ///   geodesics nor its Jacobian
  virtual Flow geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                        const torch::Tensor& time) const;

  /// The variances that velocities may have where the coordinates of the points have these: N(0, diag)
  /// projected to the tangent spaces has to be a law that geodesics keep. By default ones.
  /// @param variances  > 0, [d]
  virtual torch::Tensor velocity_variances(const torch::Tensor& variances) const;

  /// Σ over the intrinsic directions of the second derivative of a function f: the Laplace-Beltrami operator,
  /// from the ambient gradient and Hessian of any smooth extension. @param x, gradient [N, d], hessian [N, d,
  /// d] @return [N]
  virtual torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                                  const torch::Tensor& hessian) const = 0;

  /// log of the total area (volume, in units of the coordinates), so that a negative log-likelihood per area
  /// is the one per τ plus this number. Zero where τ is the area measure itself, as on R^d.
  virtual double log_area() const = 0;

  /// A rule that integrates against τ, if there is a good one in this dimension.
  /// @param resolution  nodes along the shorter side; the error falls with it.
  virtual std::optional<Quadrature> quadrature(std::int64_t resolution) const = 0;

  /// A rougher rule that misses what the one of this resolution misses, and more: their difference estimates
  /// the error.
  virtual std::optional<Quadrature> rough_quadrature(std::int64_t resolution) const {
    return quadrature(resolution / 2);
  }

  /// Coordinates to integrate in by cells that are refined, see adaptive_quadrature.hpp; none by default.
  /// @param points  rows of data, which say where to look on a domain without bounds
  virtual std::shared_ptr<const Atlas> atlas(const torch::Tensor& /*points*/) const { return nullptr; }
};

/// The unit sphere S^{d-1} in R^d; τ is the uniform probability measure.
class Sphere final : public Domain {
 public:
  /// @param dimension  d of the ambient space R^d
  explicit Sphere(std::int64_t dimension);
  static constexpr const char* kind = "sphere";  ///< the name, for messages and configurations
  std::string name() const override { return kind; }
  Picture picture() const override { return dimension_ == 3 ? Picture::globe : Picture::none; }
  /// Length 1, to 1e-3.
  torch::Tensor contains(const torch::Tensor& x) const override;
  std::int64_t dimension() const override { return dimension_; }
  std::string base_measure() const override;
  bool has_probability_base() const override { return true; }
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override;
  torch::Tensor to_tangent(const torch::Tensor& x, const torch::Tensor& v) const override;
  torch::Tensor retract(const torch::Tensor& y) const override;
  void retract_rows(Rows rows) const override;
  /// Great circles: x cos(|v| t) + (v / |v|) sin(|v| t), with v turned along (Byrne & Girolami 2013, §3).
  Flow geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                const torch::Tensor& time) const override;
  /// Δ_S f = tr H - x·Hx - (d - 1) x·∇f.
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                          const torch::Tensor& hessian) const override;
  /// log(2 π^{d/2} / Γ(d/2)); log 4π for S².
  double log_area() const override;
  /// For d = 3 the product rule of quadrature.hpp; none otherwise.
  std::optional<Quadrature> quadrature(std::int64_t resolution) const override;
  /// The cubed sphere for d <= 4: the circle, S² and S³.
  std::shared_ptr<const Atlas> atlas(const torch::Tensor& points) const override;

 private:
  std::int64_t dimension_;
};

/// R^d; the base measure is Lebesgue's, and `sample_base` draws from N(0, scale² I), which is only a start.
class Euclidean final : public Domain {
 public:
  /// @param half_width  L of the square [-L, L]² that integrals are taken over where d <= 2
  explicit Euclidean(std::int64_t dimension, double scale = 1.0, double half_width = 10.0);
  static constexpr const char* kind = "euclidean";  ///< the name, for messages and configurations
  std::string name() const override { return kind; }
  bool has_volume_of_coordinates() const override { return true; }
  /// All finite points.
  torch::Tensor contains(const torch::Tensor& x) const override;
  bool is_flat() const override { return true; }
  std::int64_t dimension() const override { return dimension_; }
  std::string base_measure() const override;
  bool has_probability_base() const override { return false; }
  torch::Tensor sample_base(std::int64_t count, Random& random,
                            const torch::TensorOptions& options) const override;
  torch::Tensor to_tangent(const torch::Tensor&, const torch::Tensor& v) const override { return v; }
  torch::Tensor retract(const torch::Tensor& y) const override { return y; }
  void retract_rows(Rows) const override {}
  Flow geodesic(const torch::Tensor& x, const torch::Tensor& velocity,
                const torch::Tensor& time) const override {
    return {x + time * velocity, velocity};
  }
  /// As they are.
  torch::Tensor velocity_variances(const torch::Tensor& variances) const override { return variances; }
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                          const torch::Tensor& hessian) const override;
  double log_area() const override { return 0.0; }
  /// For d <= 2 the midpoint rule on [-L, L]^d with twice `resolution` nodes a side; none otherwise.
  std::optional<Quadrature> quadrature(std::int64_t resolution) const override;
  /// Twice the spacing on twice the side: also sees what a density has outside the square.
  std::optional<Quadrature> rough_quadrature(std::int64_t resolution) const override;
  /// For d <= 3 all of R^d, laid by the data.
  std::shared_ptr<const Atlas> atlas(const torch::Tensor& points) const override;

 private:
  std::int64_t dimension_;
  double scale_, half_width_;
};

/// The domain as the one that something needs. @tparam Expected  a Domain with a `kind`, its name
/// @param who  needs it, for the message @throws UserError naming both domains
template <class Expected>
const Expected& expect_domain(const Domain& domain, std::string_view who) {
  const auto* expected = dynamic_cast<const Expected*>(&domain);
  require(expected != nullptr, "{} lives on the domain {}, not on {}", who, Expected::kind, domain.name());
  return *expected;
}

}  // namespace ebm
