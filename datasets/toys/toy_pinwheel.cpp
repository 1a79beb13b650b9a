#include "dualebm/datasets/toys/toy_pinwheel.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ebm {
namespace {

constexpr std::int64_t arms = 5;
constexpr double arm_radius = 2.1, arm_deviation = 0.5, full_twist = 2.4, twist_radius = 2.5;

/// R(angle) x. @param x [N, 2] @param angle [N]
torch::Tensor rotated(const torch::Tensor& x, const torch::Tensor& angle) {
  const auto cosine = angle.cos(), sine = angle.sin();
  const auto first = x.select(1, 0), second = x.select(1, 1);
  return torch::stack({cosine * first - sine * second, sine * first + cosine * second}, 1);
}

/// φ(|x|)
torch::Tensor twist_at(const torch::Tensor& x) {
  const auto square = x.square().sum(1);
  return full_twist * square / (twist_radius * twist_radius + square);
}

}  // namespace

torch::Tensor ToyPinwheel::log_density(const torch::Tensor& x) const {
  const auto straight = rotated(x, -twist_at(x));
  std::vector<torch::Tensor> terms;
  for (std::int64_t arm = 0; arm < arms; ++arm) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(arm) / arms;
    const auto along = std::cos(angle) * straight.select(1, 0) + std::sin(angle) * straight.select(1, 1);
    const auto across = std::cos(angle) * straight.select(1, 1) - std::sin(angle) * straight.select(1, 0);
    terms.push_back(-0.5 * ((along - arm_radius) / arm_deviation).square() -
                    0.5 * (across / deviation_).square());
  }
  return torch::stack(terms, 1).logsumexp(1) -
         std::log(arms * 2 * std::numbers::pi * arm_deviation * deviation_);
}

torch::Tensor ToyPinwheel::sample(std::int64_t count, Random& random) const {
  const auto arm = random.integers(arms, count).to(torch::kDouble);
  const auto spread = torch::tensor({arm_deviation, deviation_}, torch::kDouble);
  const auto straight =
      torch::tensor({arm_radius, 0.}, torch::kDouble) + spread * random.normal({count, 2}, torch::kDouble);
  return rotated(straight, arm * (2 * std::numbers::pi / arms) + twist_at(straight));
}

ToyDensity::Grid ToyPinwheel::grid() const {
  // The twist shears an arm, and so makes it thinner than σ.
  return {.half_width = arm_radius + 8 * std::max(arm_deviation, deviation_),
          .spacing = std::min(arm_deviation, deviation_) / 5};
}

}  // namespace ebm
