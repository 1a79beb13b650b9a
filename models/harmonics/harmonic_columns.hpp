#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ebm {

/// Sums of real spherical harmonics and their gradients at points of R³, by columns of one order m.
///
/// With the normalisation ∫ Y² dτ = 1 on the sphere, and l >= |m|,
///
///     Y_{l,m} = Q_l^m(z) Re (x + iy)^m, Y_{l,-m} = Q_l^m(z) Im (x + iy)^m, Q_m^m = √((2m+1)/(2m))
///     Q_{m-1}^{m-1} with Q_0^0 = 1, Q_1^1 = √3, Q_l^m = a z Q_{l-1}^m - b Q_{l-2}^m, a² = (4l²-1)/(l²-m²),
///     b² = (2l+1)((l-1)²-m²) / ((2l-3)(l²-m²)):
///
/// polynomials in x, y, z, so that gradients have no poles. Q is the associated Legendre function without
/// its factor sin^m θ, which alone would underflow; going up in l at one m is stable to degrees beyond
/// 2000. Source: Holmes & Featherstone 2002, "A unified approach to the Clenshaw summation", §2.1, the
/// modified forward column method.
///
/// It knows no LibTorch. Same bits for every instruction set.
class HarmonicColumns final {
 public:
  static constexpr std::size_t width = 32;  ///< points that are computed together
  using Lanes = std::array<double, width>;  ///< one number of each
  struct Points {
    Lanes x, y, z;
  };

  explicit HarmonicColumns(std::int64_t degree);  ///< L >= 1

  std::int64_t degree() const { return degree_; }  ///< L
  /// Harmonics of degrees 1 to L: (L + 1)² - 1.
  std::int64_t count() const { return degree_ * (degree_ + 2); }
  /// Where Y_{l,m} stands in a vector of all.
  static std::int64_t place(std::int64_t l, std::int64_t m) { return l * l - 1 + l + m; }

  /// Σ c Y at every point. @param c [count]
  void values(const Points& points, const double* c, Lanes& values) const;
  /// The same with the gradient in R³ of these polynomials.
  void values_and_gradients(const Points& points, const double* c, Lanes& values, Points& gradients) const;
  /// Adds Σ_i weights_i Y(x_i) to the sums of all harmonics. @param sums [count]
  void add_sums(const Points& points, const Lanes& weights, double* sums) const;

 private:
  std::int64_t degree_;
  std::vector<double> first_;           ///< Q_m^m, by m
  std::vector<double> ahead_, behind_;  ///< a and b, (L + 1) numbers an order: l stands at m (L + 1) + l
};

}  // namespace ebm
