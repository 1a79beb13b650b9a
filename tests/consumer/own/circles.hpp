#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <dualebm/framework/problem/domains.hpp>

/// A product of circles: circle k is the pair (x_{2k}, x_{2k+1}) of length 1; τ is uniform.
struct Circles final : ebm::Domain {
  struct Options {
    std::int64_t circles = 2;
    void describe(ebm::Fields& fields) {
      fields.integer("circles", circles, ebm::Range::at_least(1), "number of angles");
    }
  };
  explicit Circles(const Options& options) : circles(ebm::checked(options, "circles").circles) {}

  std::string name() const override { return "circles"; }
  std::int64_t dimension() const override { return 2 * circles; }
  std::string base_measure() const override { return fmt::format("τ, uniform on {} circles", circles); }
  bool has_probability_base() const override { return true; }
  double log_area() const override { return static_cast<double>(circles) * std::log(2 * std::numbers::pi); }

  torch::Tensor contains(const torch::Tensor& x) const override {
    return ((pairs(x).norm(2, 2) - 1).abs() <= 1e-3).all(1);
  }
  torch::Tensor sample_base(std::int64_t count, ebm::Random& random,
                            const torch::TensorOptions& options) const override {
    return retract(random.normal({count, dimension()}, options));
  }
  torch::Tensor retract(const torch::Tensor& y) const override {
    return (pairs(y) / pairs(y).norm(2, 2, true)).flatten(1);
  }
  torch::Tensor to_tangent(const torch::Tensor& x, const torch::Tensor& v) const override {
    return (pairs(v) - (pairs(v) * pairs(x)).sum(2, true) * pairs(x)).flatten(1);
  }
  /// On each circle d²f/dφ² = t·H t - x·∇f with the unit tangent t = (-x_1, x_0).
  torch::Tensor laplacian(const torch::Tensor& x, const torch::Tensor& gradient,
                          const torch::Tensor& hessian) const override {
    auto sum = -(x * gradient).sum(1);
    for (std::int64_t k = 0; k < circles; ++k) {
      const auto pair = x.narrow(1, 2 * k, 2);
      const auto t = at::stack({-pair.select(1, 1), pair.select(1, 0)}, 1).unsqueeze(2);
      const auto block = hessian.narrow(1, 2 * k, 2).narrow(2, 2 * k, 2);
      sum = sum + (t * block.matmul(t)).sum({1, 2});
    }
    return sum;
  }
  /// Equal steps of both angles: spectrally accurate for smooth functions.
  std::optional<ebm::Quadrature> quadrature(std::int64_t resolution) const override {
    if (circles != 2) return std::nullopt;
    const auto count = 2 * resolution;
    const auto angle =
        at::arange(count, torch::kDouble) * (2 * std::numbers::pi / static_cast<double>(count));
    const auto circle = at::stack({angle.cos(), angle.sin()}, 1);
    const auto points = at::cat({circle.repeat_interleave(count, 0), circle.repeat({count, 1})}, 1);
    return ebm::Quadrature{
        points, at::full({count * count}, 1.0 / static_cast<double>(count * count), torch::kDouble)};
  }

 private:
  torch::Tensor pairs(const torch::Tensor& x) const { return x.reshape({-1, circles, 2}); }
  std::int64_t circles;
};
