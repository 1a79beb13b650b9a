#pragma once

#include <torch/types.h>

#include <cstdint>

namespace ebm {

/// Coordinates of a domain for integration: cubes [-1, 1]^k, called charts, each taken to a part of the
/// domain by a smooth map; together they cover it once.
class Atlas {
 public:
  virtual ~Atlas() = default;
  virtual std::int64_t charts() const = 0;       ///< number of cubes
  virtual std::int64_t coordinates() const = 0;  ///< k, the intrinsic dimension

  /// Whether coordinates a little outside a cube lead on into the next chart, as on closed surfaces; else its
  /// faces are the end of the domain.
  virtual bool goes_on() const { return false; }

  /// Where coordinates lead.
  struct Image {
    torch::Tensor points;   ///< [Q, d]
    torch::Tensor density;  ///< dτ/du, [Q], positive
  };
  /// @param chart [Q], int64 @param u [Q, k], double, inside the cube
  virtual Image image(const torch::Tensor& chart, const torch::Tensor& u) const = 0;

  /// Coordinates of points.
  struct Place {
    torch::Tensor chart;  ///< [N], int64
    torch::Tensor u;      ///< [N, k]
  };
  /// The way back. @param points [N, d], double
  virtual Place place(const torch::Tensor& points) const = 0;
};

/// The cubed sphere: S^{d-1} from the 2d faces of a cube by x = q/|q|, q = (±1, tan(π u_1/4), ...), the
/// equiangular map, whose density varies by no more than a factor d^{1/2} 2 (Ronchi, Iacono, Paolucci 1996,
/// J. Comput. Phys. 124). With d = 2 it is the circle by its angle. τ is uniform.
class SphereAtlas final : public Atlas {
 public:
  explicit SphereAtlas(std::int64_t dimension) : dimension_(dimension) {}
  std::int64_t charts() const override { return 2 * dimension_; }
  std::int64_t coordinates() const override { return dimension_ - 1; }
  bool goes_on() const override { return true; }
  Image image(const torch::Tensor& chart, const torch::Tensor& u) const override;
  Place place(const torch::Tensor& points) const override;

 private:
  std::int64_t dimension_;
};

/// All of R^d by x = m + A v, v_k = 3 u_k / (1 - u_k²): half of the cube is the core of the data, the faces
/// are at infinity. m is the mean of the data, A their principal axes times the standard deviations along
/// them: no window has to be chosen, and badly scaled or correlated data cost no more than round ones.
class SpaceAtlas final : public Atlas {
 public:
  /// @param points  [n, d], of which ten thousand are looked at
  /// @param scale  of a direction in which they are one
  SpaceAtlas(const torch::Tensor& points, double scale);
  std::int64_t charts() const override { return 1; }
  std::int64_t coordinates() const override { return centre_.size(0); }
  Image image(const torch::Tensor& chart, const torch::Tensor& u) const override;
  Place place(const torch::Tensor& points) const override;

 private:
  torch::Tensor centre_, axes_, scales_;  ///< m [d]; directions as columns [d, d]; deviations [d]
};

/// The box Π [lower_k, upper_k] of R^d with Lebesgue's measure times a constant.
class BoxAtlas final : public Atlas {
 public:
  /// @param lower, upper  [d], double @param total  the mass of τ on the box; 0: its volume
  BoxAtlas(torch::Tensor lower, torch::Tensor upper, double total = 0);
  std::int64_t charts() const override { return 1; }
  std::int64_t coordinates() const override { return lower_.size(0); }
  Image image(const torch::Tensor& chart, const torch::Tensor& u) const override;
  Place place(const torch::Tensor& points) const override;

 private:
  torch::Tensor lower_, upper_;
  double density_;  ///< dτ/du
};

}  // namespace ebm
