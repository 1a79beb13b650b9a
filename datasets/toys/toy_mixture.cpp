#include "dualebm/datasets/toys/toy_mixture.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>

namespace ebm {
namespace {

/// (k + ½) / count for k = 0 ... count - 1
torch::Tensor midpoints(double count) { return (torch::arange(count, torch::kDouble) + 0.5) / count; }

/// Points radius · (cos, sin)(angle)
torch::Tensor on_circle(const torch::Tensor& radius, const torch::Tensor& angle) {
  return torch::stack({radius * angle.cos(), radius * angle.sin()}, 1);
}

}  // namespace

ToyMixture::ToyMixture(torch::Tensor centres, double deviation)
    : centres_(register_buffer("centres", std::move(centres))), deviation_(deviation) {}

torch::Tensor ToyMixture::log_density(const torch::Tensor& x) const {
  const auto centres = centres_.to(x.options());
  // Differences before squares: far from the data nothing cancels.
  const auto square = (x.select(1, 0).unsqueeze(1) - centres.select(1, 0)).square() +
                      (x.select(1, 1).unsqueeze(1) - centres.select(1, 1)).square();
  const double variance = deviation_ * deviation_, count = static_cast<double>(centres.size(0));
  return (square / (-2 * variance)).logsumexp(1) - std::log(2 * std::numbers::pi * variance * count);
}

torch::Tensor ToyMixture::sample(std::int64_t count, Random& random) const {
  const auto centres = centres_.to(torch::TensorOptions(torch::kDouble).device(torch::kCPU));
  return centres.index_select(0, random.integers(centres.size(0), count)) +
         deviation_ * random.normal({count, 2}, torch::kDouble);
}

ToyDensity::Grid ToyMixture::grid() const {
  return {.half_width = 4 + 8 * deviation_, .spacing = deviation_ / 2};
}

torch::Tensor eight_centres() {
  return on_circle(torch::full({8}, 3., torch::kDouble),
                   torch::arange(8, torch::kDouble) * (std::numbers::pi / 4));
}

torch::Tensor moon_centres(double deviation) {
  const auto angle = std::numbers::pi * midpoints(std::ceil(2 * std::numbers::pi / deviation));
  const auto upper =
      on_circle(torch::full_like(angle, 2), angle) + torch::tensor({-1., -0.5}, torch::kDouble);
  return torch::cat({upper, -upper});
}

torch::Tensor spiral_centres(double deviation) {
  constexpr double last_angle = 3 * std::numbers::pi, last_radius = 3.6;
  const double length = last_radius * last_angle / 2;  // up to the bend at the origin
  const auto share = midpoints(std::ceil(length / deviation)).sqrt();
  const auto arm = on_circle(last_radius * share, last_angle * share);
  return torch::cat({arm, -arm});
}

}  // namespace ebm
